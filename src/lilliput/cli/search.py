"""`lilliput search`: queries in, ids and scores out."""

import click

from lilliput.cli import options, output
from lilliput.cli.verb import Verb

EXAMPLES = [
    "lilliput search index queries.npy -k 10",
    "lilliput search index queries.npy -k 10 --recall 0.99 --json",
]


@click.command("search", cls=Verb, examples=EXAMPLES)
@click.argument("folder")
@click.argument("queries")
@click.option("-k", "k", type=int, default=10, show_default=True, help="How many rows a query.")
@click.option("--recall", type=float, help="The share of true neighbours to find. Default: 0.95.")
@click.option("--exact", is_flag=True, help="Score every row with the finest codes held.")
@options.threads
@options.as_json
def command(
    folder: str,
    queries: str,
    k: int,
    recall: float | None,
    exact: bool,
    as_json: bool,
) -> None:
    """Find the nearest rows of the index in FOLDER for each vector of QUERIES.

    Prints one line a hit: the query's number, the rank, the id and the score, with tabs between. With fewer
    rows than k, fewer lines.
    """
    import lilliput as lp

    with lp.Index.open(folder) as index:
        hits = index.search(queries, k=k, recall=recall, exact=exact)
    if as_json:
        output.emit_json(
            {
                "ids": hits.ids,
                "scores": hits.scores,
                "counts": hits.counts,
                "metric": hits.metric,
                "larger_is_better": hits.larger_is_better,
                "expected_recall": hits.expected_recall,
            }
        )
        return
    lines = ["query\trank\tid\tscore"]
    for query, (ids, scores, count) in enumerate(zip(hits.ids, hits.scores, hits.counts, strict=True)):
        lines += [f"{query}\t{rank + 1}\t{ids[rank]}\t{scores[rank]:.6g}" for rank in range(count)]
    click.echo("\n".join(lines))
