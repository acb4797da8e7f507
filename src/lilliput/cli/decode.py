"""`lilliput decode`: a file of codes in, vectors out."""

import click

from lilliput.cli import options, output
from lilliput.cli.verb import Verb

EXAMPLES = [
    "lilliput decode codes.safetensors --out vectors.npy",
]


@click.command("decode", cls=Verb, examples=EXAMPLES)
@click.argument("codes")
@click.option("--out", required=True, help="The file of vectors to write; its suffix tells the format.")
@options.common
def command(codes: str, out: str, as_json: bool, progress: options.Progress) -> None:
    """Turn a file of CODES back into the vectors that they stand for.

    Under cosine the vectors come back with unit length. --out may have the suffix of any
    format that `lilliput convert` writes.
    """
    from lilliput.codecs.stored import open_codes
    from lilliput.io.write import write_vectors

    stored = open_codes(codes)
    rows = write_vectors(out, stored, progress=progress)
    report = {"spec": stored.codec.spec, "rows": rows, "dim": stored.dim, "file": out}
    if as_json:
        output.emit_json(report)
    else:
        output.facts(report)
