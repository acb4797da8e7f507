"""`lilliput advise`: vectors and a budget in, a measured plan out."""

import re
from collections.abc import Mapping
from typing import Any

import click

from lilliput.cli import options, output, texts
from lilliput.cli.verb import Verb

EXAMPLES = [
    "lilliput advise vectors.npy --budget 96B",
    "lilliput advise vectors.npy --queries queries.npy --floor recall@10=0.95 --out report.html",
    "lilliput advise vectors.npy --budget 0.1 --for-n 10000000 --resume advice.jsonl",
    "lilliput advise corpus.jsonl --encoder all-MiniLM-L6-v2 --budget 96B",
]


@click.command("advise", cls=Verb, examples=EXAMPLES)
@click.argument("vectors")
@click.option(
    "--queries", help="A file of real queries. Default: rows of VECTORS, each searched without itself."
)
@click.option(
    "--qrels", help="Judgments: lines of query, row and grade; by number, or by id where both are texts."
)
@click.option("--budget", help='"96B" a vector, "2GB" in all, or a fraction such as 0.25.')
@click.option("--floor", help='The quality to keep, such as "recall@10=0.95" or "ndcg@10=0.4".')
@click.option("--for-n", type=int, help="How many vectors there will be. Default: as many as VECTORS has.")
@click.option("--out", help="Write the report to this .html, .md or .json file too.")
@texts.options
@click.option("--resume", help="Keep each measurement in this file, and go on where a stopped run was.")
@click.option(
    "--diagnose/--no-diagnose",
    default=True,
    show_default=True,
    help="Say in the report what the vectors are like.",
)
@options.metric
@options.seed
@options.common
def command(
    vectors: str,
    queries: str | None,
    qrels: str | None,
    budget: str | None,
    floor: str | None,
    for_n: int | None,
    out: str | None,
    reading: texts.Reading,
    resume: str | None,
    diagnose: bool,
    metric: str,
    seed: int,
    as_json: bool,
    progress: options.Progress,
) -> None:
    """Measure codecs on VECTORS and recommend an index.

    With a budget alone: the best quality within it. With a floor alone: the fewest bytes that keep it. With
    both: the fastest that keeps both. Every figure comes from queries that had no part in the choice.
    """
    import lilliput as lp

    asked = reading.asked(vectors, queries, qrels, progress)
    plan = lp.advise(
        reading.vectors(vectors, "document", progress),
        asked.queries,
        asked.grades,
        budget=None if budget is None else parsed(budget),
        floor=floor,
        for_n=for_n,
        metric=metric,
        seed=seed,
        resume=resume,
        texts=asked.texts,
        diagnose=diagnose,
        progress=progress,
    )
    if out is not None:
        plan.report(out)
    if as_json:
        output.emit_json(plan.to_dict())
    else:
        show(plan.to_dict())


def parsed(budget: str) -> str | int | float:
    """Give a budget the type that it would have in Python, so that both doors say the same of it."""
    if re.fullmatch(r"[+-]?\d+", budget):
        return int(budget)
    try:
        return float(budget)
    except ValueError:
        return budget


def show(plan: Mapping[str, Any]) -> None:
    """Print a plan for people: what, how good, why, and what else was measured."""
    facts: dict[str, Any] = {"plan": plan["spec"], "bytes per vector": plan["bytes_per_vector"]}
    facts["bytes in all"] = output.size(plan["cost"]["bytes"])
    for measure, found in plan["forecast"].items():
        facts[measure] = interval(found)
    output.facts(facts)
    click.echo()
    output.paragraph(plan["reason"])
    click.echo()
    for family in plan["families"]:
        if family["why_not"]:
            output.paragraph(family["why_not"])
    rows = [
        [
            row["spec"] if row["refine"] is None else f"{row['spec']} (refine={row['refine']})",
            row["bytes_per_vector"],
            interval(row["recall@10"]),
            interval(row["ndcg@10"]),
            row["queries_per_second"],
            row["rows"],
            "the plan" if row["chosen"] else row["why_not"],
        ]
        for row in plan["table"]
        if row["chosen"] or not row["why_not"].startswith("let go")
    ]
    columns = ["index", "bytes a vector", "recall@10", "nDCG@10", "queries/s", "among rows", ""]
    output.table(columns, rows)
    left = len(plan["table"]) - len(rows)
    if left:
        click.echo(f"{left} more were let go on smaller samples; --json and --out list them.")


def interval(found: Mapping[str, float] | None) -> str:
    """Write a mean with the interval that a mean over fresh queries will lie in."""
    return "-" if found is None else f"{found['mean']:.3f} ({found['low']:.3f} to {found['high']:.3f})"
