"""`lilliput convert`: vectors from one format to another."""

import click

from lilliput.cli import options, output
from lilliput.cli.info import size_of
from lilliput.cli.verb import Verb

EXAMPLES = [
    "lilliput convert docs.parquet::embedding vectors.npy",
    "lilliput convert vectors.npy vectors.safetensors --dtype f16",
    "lilliput convert glove-100-angular.hdf5 train.fbin --column train",
]


@click.command("convert", cls=Verb, examples=EXAMPLES)
@click.argument("source", metavar="IN")
@click.argument("target", metavar="OUT")
@click.option("--column", help="Which column, array, tensor, field or data set of IN. Default: the only one.")
@click.option("--name", help="What the vectors are called in OUT. Default: what the format calls them.")
@click.option("--dtype", help="f16, bf16, f32, f64, i8 or u8. Default: that of IN; no number changes.")
@click.option("--base64", is_flag=True, help="In jsonl, write base64 in place of arrays of numbers.")
@options.common
def command(
    source: str,
    target: str,
    column: str | None,
    name: str | None,
    dtype: str | None,
    base64: bool,
    as_json: bool,
    progress: options.Progress,
) -> None:
    """Write the vectors of IN to OUT, in the format that its suffix tells.

    The formats are npy, npz, fvecs, bvecs, ivecs, fbin, u8bin, i8bin, parquet, arrow, feather, arrows (a
    stream), h5, hdf5, safetensors, jsonl and ndjson, and folders that Hugging Face `datasets` saved: an OUT
    that ends in a slash becomes one. IN is read block by block. `file::name` says which part of a file.
    """
    from lilliput.io.elements import element_of
    from lilliput.io.open import open_vectors, split_name
    from lilliput.io.write import write_vectors

    vectors = open_vectors(source, column=column)
    rows = write_vectors(target, vectors, dtype=dtype, column=name, base64=base64, progress=progress)
    written, _ = split_name(target)
    read = getattr(vectors, "name", source)
    report = {"rows": rows, "dim": vectors.dim, "dtype": element_of(vectors), "read": read}
    report |= {"file": written, "file_bytes": size_of(written)}
    if as_json:
        output.emit_json(report)
    else:
        output.facts(report)
