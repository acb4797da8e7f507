"""`lilliput demo`: the whole path on text that every machine has, without a network."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from lilliput.cli import options, output, texts
from lilliput.cli.advise import interval, parsed
from lilliput.cli.verb import Verb

if TYPE_CHECKING:
    from lilliput.evaluate import Passage
    from lilliput.learn.sentence_model import Kind

QUESTIONS = (
    "How can I copy a whole directory tree?",
    "Send an email message over SMTP.",
    "How do I parse an XML document?",
)
HITS = 3
BUDGET = "0.25"
READ, ENCODED = 20_000, 2_000
EXAMPLES = ["lilliput demo", "lilliput demo --budget 96B", "lilliput demo --encoder all-MiniLM-L6-v2"]


@click.command("demo", cls=Verb, examples=EXAMPLES)
@click.option(
    "--budget", default=BUDGET, show_default=True, help="As for advise; 0.25 is a quarter of float32."
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    help=f"The most passages to embed. Default: {READ:,}; with an encoder {ENCODED:,}, drawn from all, which "
    "take a small model a minute or two on two cores. Vectors are kept for the next time.",
)
@texts.options
@options.seed
@options.common
def command(
    budget: str,
    limit: int | None,
    reading: texts.Reading,
    seed: int,
    as_json: bool,
    progress: options.Progress,
) -> None:
    """Go the whole path on real text: read, embed, ask for a plan, build, search.

    The text is the documentation of your own Python. Its summary lines are the questions with known answers:
    each must find the passage that it was taken from.
    """
    result = run(budget, limit, reading, seed, progress)
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


def run(
    budget: str, limit: int | None, reading: texts.Reading, seed: int, progress: options.Progress
) -> dict[str, Any]:
    """Walk the path.

    Parameters
    ----------
    budget, seed:
        As for `lilliput.advise`.
    limit:
        The most passages to embed; None is what takes seconds, or minutes with an encoder.
    reading:
        Holds the encoder, if any.
    progress:
        None, False or a callable.

    Returns
    -------
    What there was, what was planned and why, what it costs, three answered questions, and seconds by step.
    """
    import lilliput as lp
    from lilliput.evaluate import known_items, passages

    clock = Clock()
    with clock.step("read documentation strings"):
        found = passages(READ if reading.model else limit or READ, progress=progress)
        if reading.model:
            found = _drawn(found, limit or ENCODED, seed)
        items = known_items(found, seed=seed)
    embed = _encoder(reading, progress) if reading.model else _static(items.texts, seed, clock, progress)
    with clock.step("embed passages and questions"):
        vectors, queries = embed(items.texts, "document"), embed(items.queries, "query")
    with clock.step("measure candidates and plan"):
        plan = lp.advise(vectors, queries, items.qrels, budget=parsed(budget), seed=seed, progress=progress)
    with clock.step("build the index"):
        index = plan.build(vectors, progress=progress)
    with clock.step("answer three questions"):
        reachable = plan.forecast["recall@10"]["low"]
        hits = index.search(embed(QUESTIONS, "query"), k=HITS, recall=reachable)
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


Embed = Callable[[Sequence[str], "Kind"], Any]


def _static(passages: Sequence[str], seed: int, clock: Clock, progress: options.Progress) -> Embed:
    """Fit the embedder that needs no model."""
    from lilliput.learn import StaticEmbedder

    with clock.step("fit the text embedder"):
        embedder = StaticEmbedder(seed=seed).fit(passages, progress=progress)
    return lambda given, kind: embedder.encode(given, progress)


def _encoder(reading: texts.Reading, progress: options.Progress) -> Embed:
    return lambda given, kind: reading.encode(given, kind, progress)


def _drawn(found: list["Passage"], count: int, seed: int) -> list["Passage"]:
    """Draw passages from all over, in their order."""
    rows = np.random.default_rng(seed).permutation(len(found))[:count]
    return [found[row] for row in sorted(rows.tolist())]


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
            click.echo(f"    {passage['title']}: {output.shortened(passage['summary'], 88)}")
    steps = [*result["seconds"].items(), ("all", sum(result["seconds"].values()))]
    click.echo()
    output.facts({name: f"{seconds:6.1f} s" for name, seconds in steps})
