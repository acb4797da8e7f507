"""`lilliput demo`: the whole path on text that every machine has, without a network."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from lilliput.cli import options, output
from lilliput.cli.advise import interval, parsed
from lilliput.cli.verb import Verb

QUESTIONS = (
    "How can I copy a whole directory tree?",
    "Send an email message over SMTP.",
    "How do I parse an XML document?",
)
HITS = 3
BUDGET = "0.25"


@click.command("demo", cls=Verb, examples=["lilliput demo", "lilliput demo --budget 96B"])
@click.option(
    "--budget", default=BUDGET, show_default=True, help="As for advise; 0.25 is a quarter of float32."
)
@click.option("--limit", type=int, default=20_000, show_default=True, help="The most passages to read.")
@options.seed
@options.common
def command(budget: str, limit: int, seed: int, as_json: bool, progress: options.Progress) -> None:
    """Go the whole path on real text: read, embed, ask for a plan, build, search.

    The text is the documentation of your own Python. Its summary lines are the questions with known answers:
    each must find the passage that it was taken from.
    """
    result = run(budget, limit, seed, progress)
    if as_json:
        output.emit_json(result)
    else:
        show(result)


class Clock:
    """How long each step took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step."""
        started = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - started


def run(budget: str, limit: int, seed: int, progress: options.Progress) -> dict[str, Any]:
    """Walk the path.

    Parameters
    ----------
    budget, seed:
        As for `lilliput.advise`.
    limit:
        The most passages to read.
    progress:
        None, False or a callable.

    Returns
    -------
    What there was, what was planned and why, what it costs, three answered questions, and seconds by step.
    """
    import lilliput as lp
    from lilliput.evaluate import known_items, passages
    from lilliput.learn.static import StaticEmbedder

    clock = Clock()
    with clock.step("read documentation strings"):
        found = passages(limit, progress=progress)
        items = known_items(found, seed=seed)
    with clock.step("fit the text embedder"):
        embedder = StaticEmbedder(seed=seed).fit(items.texts, progress=progress)
    with clock.step("embed passages and questions"):
        vectors, queries = embedder.encode(items.texts, progress), embedder.encode(items.queries, False)
    with clock.step("measure candidates and plan"):
        plan = lp.advise(vectors, queries, items.qrels, budget=parsed(budget), seed=seed, progress=progress)
    with clock.step("build the index"):
        index = plan.build(vectors, progress=progress)
    with clock.step("answer three questions"):
        reachable = plan.forecast["recall@10"]["low"]
        hits = index.search(embedder.encode(QUESTIONS), k=HITS, recall=reachable)
    answers = [
        {"question": question, "passages": [_told(found[row].title, found[row].summary) for row in rows]}
        for question, rows in zip(QUESTIONS, hits.ids.tolist(), strict=True)
    ]
    return {
        "passages": len(found),
        "queries": len(items.queries),
        "dim": vectors.shape[1],
        "float32_bytes": vectors.nbytes,
        "index_bytes": index.nbytes,
        "bytes_per_vector": index.bytes_per_vector,
        "plan": plan.to_dict(),
        "answers": answers,
        "seconds": clock.seconds,
    }


def _told(title: str, summary: str) -> dict[str, str]:
    return {"title": title, "summary": summary}


def show(result: dict[str, Any]) -> None:
    """Print what the walk gave."""
    plan, before, after = result["plan"], result["float32_bytes"], result["index_bytes"]
    click.echo(
        f"{result['passages']:,} passages of your Python's documentation, {result['dim']} numbers each.\n"
    )
    facts: dict[str, Any] = {
        "plan": plan["spec"],
        "as float32": output.size(before),
        "as planned": f"{output.size(after)}, {before / after:.1f} times smaller",
        "bytes a vector": f"{result['bytes_per_vector']:.1f}",
    }
    for measure, mean in plan["forecast"].items():
        facts[measure] = interval(mean)
    output.facts(facts)
    click.echo()
    output.paragraph(f"Why: {plan['reason']}")
    output.paragraph(
        "Recall is against exact search of the floats, nDCG against "
        f"{result['queries']:,} summary lines that must find the passage they were taken from."
    )
    click.echo()
    for answer in result["answers"]:
        click.echo(answer["question"])
        for passage in answer["passages"]:
            click.echo(f"    {passage['title']}: {_short(passage['summary'])}")
    steps = [*result["seconds"].items(), ("all", sum(result["seconds"].values()))]
    click.echo()
    output.facts({name: f"{seconds:6.1f} s" for name, seconds in steps})


def _short(text: str, most: int = 88) -> str:
    return text if len(text) <= most else f"{text[:most].rsplit(' ', 1)[0]} ..."
