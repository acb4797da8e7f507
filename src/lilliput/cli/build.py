"""`lilliput build`: vectors in, an index folder out."""

import click

from lilliput.cli import options, output, texts
from lilliput.cli.verb import Verb

EXAMPLES = [
    'lilliput build vectors.npy --spec "flat | int8 | f16" --out index',
    'lilliput build vectors.npy --queries queries.npy --spec "flat | int8" --out index',
    'lilliput build corpus.jsonl --encoder all-MiniLM-L6-v2 --spec "flat | int8" --out index',
]


@click.command("build", cls=Verb, examples=EXAMPLES)
@click.argument("vectors")
@click.option("--spec", required=True, help='The index, such as "flat | int8 | f16".')
@click.option("--out", required=True, help="The folder to write.")
@click.option(
    "--queries", help="A file of real queries, to learn from and calibrate with. Default: rows of VECTORS."
)
@click.option("--ids", help="A file of int64 ids, one a row. Default: 0, 1, 2 and so on.")
@texts.options
@options.metric
@options.seed
@options.common
def command(
    vectors: str,
    spec: str,
    out: str,
    queries: str | None,
    ids: str | None,
    reading: texts.Reading,
    metric: str,
    seed: int,
    as_json: bool,
    progress: options.Progress,
) -> None:
    """Build an index folder from VECTORS.

    A folder that is there already is replaced in one step, or left as it was when something goes wrong.
    """
    import lilliput as lp
    from lilliput.io.open import read_array

    index = lp.Index(spec, metric=metric, seed=seed)
    rows = reading.vectors(vectors, "document", progress)
    asked = reading.asked(vectors, queries, None, progress).queries
    index.fit(rows, asked, progress=progress)
    index.add(rows, None if ids is None else read_array(ids), progress=progress)
    index.save(out)
    report = {
        "spec": str(index.spec),
        "metric": metric,
        "rows": len(index),
        "bytes": index.nbytes,
        "bytes_per_vector": index.bytes_per_vector,
        "folder": out,
    }
    if as_json:
        output.emit_json(report)
    else:
        output.facts(report)
