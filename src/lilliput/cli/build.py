"""`lilliput build`: vectors in, an index folder out."""

import click

from lilliput.cli import options, output


@click.command("build")
@click.argument("vectors")
@click.option("--spec", required=True, help='The index, such as "flat | int8 | f16".')
@click.option("--out", required=True, help="The folder to write.")
@click.option("--queries", help="A file of real queries; they calibrate the search. Default: rows of VECTORS.")
@options.metric
@options.seed
@options.common
def command(
    vectors: str,
    spec: str,
    out: str,
    queries: str | None,
    metric: str,
    seed: int,
    as_json: bool,
    progress: options.Progress,
) -> None:
    r"""Build an index folder from VECTORS.

    Row i of VECTORS gets the id i. A folder that is there already is replaced in one step, or left as it was
    when something goes wrong.

    \b
    Example:
      lilliput build vectors.npy --spec "flat | int8 | f16" --out index
    """
    import lilliput as lp

    index = lp.Index(spec, metric=metric, seed=seed).fit(vectors, queries, progress=progress)
    index.add(vectors, progress=progress)
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
