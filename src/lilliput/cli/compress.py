"""`lilliput compress`: vectors in, one file of codes out."""

import os

import click

from lilliput.cli import options, output


@click.command("compress")
@click.argument("vectors")
@click.option("--spec", required=True, help='The codec, such as "int8" or "pca192,int8".')
@click.option("--out", required=True, help="The file of codes to write.")
@options.metric
@options.seed
@options.common
def command(
    vectors: str, spec: str, out: str, metric: str, seed: int, as_json: bool, progress: options.Progress
) -> None:
    r"""Train a codec on VECTORS and write their codes.

    VECTORS is an npy, npz, fvecs, bvecs, fbin, u8bin or i8bin file. It is read twice, block by block, and never
    held whole. The file of codes holds the codec too, so `lilliput decode` needs nothing else.

    \b
    Example:
      lilliput compress vectors.npy --spec pca192,int8 --out codes.safetensors
    """
    import lilliput as lp
    from lilliput.io import open_vectors

    source = open_vectors(vectors)
    codec = lp.Codec(spec, metric=metric, seed=seed).fit(source, progress=progress)
    codec.encode(source, out=out, progress=progress)
    before = 4 * source.dim
    report = {
        "spec": str(codec.spec),
        "metric": metric,
        "rows": source.rows,
        "dim": source.dim,
        "bytes_per_vector": codec.code_size,
        "overhead_bytes": codec.overhead_bytes,
        "times_smaller": before / codec.code_size,
        "file": out,
        "file_bytes": os.path.getsize(out),
    }
    if as_json:
        output.emit_json(report)
    else:
        output.facts(report)
