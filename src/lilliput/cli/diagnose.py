"""`lilliput diagnose`: what a set of vectors is like, on one page."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lilliput.cli import options, output
from lilliput.cli.verb import Verb

if TYPE_CHECKING:
    from lilliput.evaluate import Diagnosis

EXAMPLES = [
    "lilliput diagnose vectors.npy",
    "lilliput diagnose vectors.npy --queries queries.npy --out diagnosis.md",
]


@click.command("diagnose", cls=Verb, examples=EXAMPLES)
@click.argument("vectors")
@click.option("--queries", help="A file of real queries, to see whether they look like VECTORS.")
@click.option(
    "--sample", type=int, default=20_000, show_default=True, help="How many rows to look at closely."
)
@click.option("--out", help="Write the page to this .html, .md, .txt or .json file too.")
@options.metric
@options.seed
@options.common
def command(
    vectors: str,
    queries: str | None,
    sample: int,
    out: str | None,
    metric: str,
    seed: int,
    as_json: bool,
    progress: options.Progress,
) -> None:
    """Say what VECTORS are like: dimensions, crowding, outliers, duplicates, lengths.

    Each figure comes with a sentence on what to do about it; what costs quality or bytes comes first.
    """
    import lilliput as lp

    found = lp.diagnose(vectors, queries=queries, metric=metric, sample=sample, seed=seed, progress=progress)
    if out is not None:
        write(found, Path(out))
    if as_json:
        output.emit_json(found.to_dict())
    else:
        click.echo(str(found))


def write(found: "Diagnosis", target: Path) -> None:
    """Write the page; HTML is drawn by the layer above the one that measures."""
    if target.suffix.lower() not in (".html", ".htm"):
        found.report(target)
        return
    from lilliput.advisor.page import diagnosis_page
    from lilliput.io.write import new_file

    text = diagnosis_page(found.to_dict())
    with new_file(target) as file:
        file.write(text.encode())
