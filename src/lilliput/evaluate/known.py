"""Known-item search: questions that come with their answers, made from the passages themselves."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lilliput.evaluate.docstrings import Passage

_WORDS = re.compile(r"[A-Za-z]{2,}")
_SIGNATURE = re.compile(r"^[\w.]+\(|->")


@dataclass(frozen=True)
class KnownItems:
    """Passages with questions whose one right answer is known.

    Attributes
    ----------
    texts:
        One a passage; where a question was taken from it, the summary is left out.
    queries:
        The summaries that were left out.
    qrels:
        For each query, the row of its passage with grade 1.
    """

    texts: list[str]
    queries: list[str]
    qrels: list[dict[int, float]]


def known_items(found: Sequence[Passage], count: int = 1_000, seed: int = 0) -> KnownItems:
    """Make judged queries: a summary line must find the passage that it was removed from.

    Known-item search needs no assessors, which makes it a test that can be run anywhere. A passage serves
    when its summary is a sentence (4 words or more, at most 200 characters, no signature) that no other
    passage has, and its body has at least 12 words and is no other passage's body.

    Parameters
    ----------
    found:
        Passages, from `passages`.
    count:
        How many queries; fewer come back when fewer passages serve.
    seed:
        Of the choice.

    Returns
    -------
    KnownItems

    Examples
    --------
    >>> from lilliput.evaluate import Passage, known_items
    >>> body = "The separator is put between the items, one after the other, until all of them are joined."
    >>> known_items([Passage("m.join", "Join many strings into one.", body)]).queries
    ['Join many strings into one.']
    """
    summaries: dict[str, int] = {}
    bodies: dict[str, int] = {}
    for passage in found:
        summaries[passage.summary.lower()] = summaries.get(passage.summary.lower(), 0) + 1
        bodies[passage.body.lower()] = bodies.get(passage.body.lower(), 0) + 1
    serving = [
        row
        for row, passage in enumerate(found)
        if summaries[passage.summary.lower()] == 1 and bodies[passage.body.lower()] == 1 and _serves(passage)
    ]
    order = np.random.default_rng(seed).permutation(len(serving))[:count]
    rows = sorted(serving[position] for position in order)
    texts = [passage.text for passage in found]
    for row in rows:
        texts[row] = f"{found[row].title}: {found[row].body}"
    return KnownItems(texts, [found[row].summary for row in rows], [{row: 1.0} for row in rows])


def _serves(passage: Passage) -> bool:
    words = _WORDS.findall(passage.summary)
    return (
        len(words) >= 4
        and len(passage.summary) <= 200
        and not _SIGNATURE.search(passage.summary)
        and len(_WORDS.findall(passage.body)) >= 12
    )
