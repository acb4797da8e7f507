"""`lilliput decode`: a file of codes in, vectors out."""

from collections.abc import Iterator

import click

from lilliput.cli import options, output
from lilliput.cli.verb import Verb
from lilliput.io.arrays import FloatArray
from lilliput.io.blocks import Source
from lilliput.progress import Track

EXAMPLES = [
    "lilliput decode codes.safetensors --out vectors.npy",
]


@click.command("decode", cls=Verb, examples=EXAMPLES)
@click.argument("codes")
@click.option("--out", required=True, help="The file of vectors to write; its suffix tells the format.")
@options.common
def command(codes: str, out: str, as_json: bool, progress: options.Progress) -> None:
    """Turn a file of CODES back into the vectors that they stand for.

    Under cosine the vectors come back with unit length. The suffix of --out may be npy, npz, fvecs or fbin.
    """
    from lilliput.codecs.stored import open_codes
    from lilliput.io.write import write_vectors

    stored = open_codes(codes)
    rows = write_vectors(out, Told(stored, progress))
    report = {"spec": stored.codec.spec, "rows": rows, "dim": stored.dim, "file": out}
    if as_json:
        output.emit_json(report)
    else:
        output.facts(report)


class Told:
    """A source that tells how far it has been read.

    Parameters
    ----------
    source:
        What is read.
    progress:
        Who is told, as in the library.
    """

    def __init__(self, source: Source, progress: options.Progress) -> None:
        self.dim = source.dim
        self.rows = source.rows
        self._source = source
        self._progress = progress

    def batches(self, size: int | None = None) -> Iterator[FloatArray]:
        """Yield the blocks of the source."""
        done = 0
        with Track(self._progress, self.rows or 0, "decoding") as step:
            for block in self._source.batches(size):
                yield block
                done += len(block)
                step(done)
