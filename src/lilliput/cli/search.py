"""`lilliput search`: queries in, ids and scores out, or the texts that were found."""

import os
import warnings
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from lilliput.cli import options, output, texts
from lilliput.cli.verb import Verb
from lilliput.errors import InvalidInput, LilliputWarning
from lilliput.io.texts import Texts

if TYPE_CHECKING:
    from lilliput.index.hits import Hits
    from lilliput.index.index import Index

EXAMPLES = [
    "lilliput search index queries.npy -k 10",
    "lilliput search index queries.npy -k 10 --recall 0.99 --json",
    'lilliput search index "Where is it?" --encoder all-MiniLM-L6-v2 --texts corpus.jsonl -k 3',
]
CHECKED, CHECKED_AMONG = 8, 10
LONGEST_LINE = 100


@click.command("search", cls=Verb, examples=EXAMPLES)
@click.argument("folder")
@click.argument("queries")
@click.option("-k", "k", type=int, default=10, show_default=True, help="How many rows a query.")
@click.option("--recall", type=float, help="The share of true neighbours to find. Default: 0.95.")
@click.option("--exact", is_flag=True, help="Score every row with the finest codes held.")
@click.option(
    "--texts", "corpus", help="The texts that the index was built from: print those that are found."
)
@texts.options
@options.threads
@options.as_json
def command(
    folder: str,
    queries: str,
    k: int,
    recall: float | None,
    exact: bool,
    corpus: str | None,
    reading: texts.Reading,
    as_json: bool,
) -> None:
    """Find the nearest rows of the index in FOLDER for each vector of QUERIES.

    With an encoder, QUERIES is a file of texts, or one question itself. Prints one line a hit: the query's
    number, the rank, the id and the score, with tabs between; with --texts, each question with what it found.
    With fewer rows than k, fewer lines.
    """
    import lilliput as lp

    found_in = None if corpus is None else reading.texts(corpus)
    asked = _questions(queries, reading)
    vectors = queries if asked is None else reading.encode(asked, "query", None)
    with lp.Index.open(folder) as index:
        hits = index.search(vectors, k=k, recall=recall, exact=exact)
        if found_in is not None:
            _check_texts(found_in, hits)
            if asked is not None:
                _check_encoder(found_in, index, reading)
    if as_json:
        output.emit_json(_as_json(hits, asked, found_in))
    elif found_in is None:
        _show_lines(hits)
    else:
        _show_texts(hits, asked, found_in)


def _questions(queries: str, reading: texts.Reading) -> list[str] | None:
    """Give the texts to encode; None where the queries are vectors."""
    if reading.model is None:
        return None
    if reading.holds_texts(queries):
        return reading.texts(queries).texts
    return None if os.path.exists(queries) else [queries]


def _check_texts(corpus: Texts, hits: "Hits") -> None:
    highest = int(hits.ids.max(initial=-1))
    if highest >= len(corpus):
        raise InvalidInput(
            f"The index gave the id {highest} and there are {len(corpus)} texts; --texts wants those that it "
            "was built from, numbered from 0."
        )


def _check_encoder(corpus: Texts, index: "Index", reading: texts.Reading) -> None:
    """Look whether texts find themselves: under another model, or in another file, they do not."""
    rows = sorted({int(row) for row in np.linspace(0, len(corpus) - 1, CHECKED)})
    own = [corpus.texts[row] for row in rows]
    hits = index.search(reading.encode(own, "document", False), k=CHECKED_AMONG)
    found = [{corpus.texts[row] for row in ids if 0 <= row < len(corpus)} for ids in hits.ids.tolist()]
    themselves = sum(text in texts for text, texts in zip(own, found, strict=True))
    if hits.metric != "ip" and 2 * themselves < len(rows):
        warnings.warn(
            f"Of {len(rows)} texts, encoded anew, {themselves} find themselves in the index; was it built "
            "with another model, or from other texts?",
            LilliputWarning,
            stacklevel=2,
        )


def _as_json(hits: "Hits", asked: list[str] | None, corpus: Texts | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "ids": hits.ids,
        "scores": hits.scores,
        "counts": hits.counts,
        "metric": hits.metric,
        "larger_is_better": hits.larger_is_better,
        "expected_recall": hits.expected_recall,
    }
    if asked is not None:
        found["queries"] = asked
    if corpus is not None:
        rows = [ids[:count].tolist() for ids, count in zip(hits.ids, hits.counts, strict=True)]
        found["texts"] = [[{"id": corpus.ids[row], "text": corpus.texts[row]} for row in ids] for ids in rows]
    return found


def _show_lines(hits: "Hits") -> None:
    lines = ["query\trank\tid\tscore"]
    for query, (ids, scores, count) in enumerate(zip(hits.ids, hits.scores, hits.counts, strict=True)):
        lines += [f"{query}\t{rank + 1}\t{ids[rank]}\t{scores[rank]:.6g}" for rank in range(count)]
    click.echo("\n".join(lines))


def _show_texts(hits: "Hits", asked: list[str] | None, corpus: Texts) -> None:
    for query, (ids, scores, count) in enumerate(zip(hits.ids, hits.scores, hits.counts, strict=True)):
        click.echo(f"Query {query}" if asked is None else output.shortened(asked[query], LONGEST_LINE))
        for row, score in zip(ids[:count].tolist(), scores[:count].tolist(), strict=True):
            text = output.shortened(" ".join(corpus.texts[row].split()), LONGEST_LINE)
            click.echo(f"    {score:.3f}  {corpus.ids[row]}: {text}")
