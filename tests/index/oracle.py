"""What an index must answer, found without it: the reference's scores of every row, and a plain sort."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.codecs.codec import Codec
from lilliput.reference import bits, floats, int8
from lilliput.spec import parse_index

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Ids = NDArray[np.int64]


class Scores(NamedTuple):
    """Scores (m, n), larger is better, and how far a float32 sum may be away from them; 0 where exact."""

    values: Doubles
    slack: Doubles


def promised(codec: Codec, X: Floats, Q: Floats) -> Scores:
    """Give the scores that a codec promises: alpha * dot + beta + bias, by the reference."""
    rows, (queries, bias) = codec.encode_rows(X), codec.query(Q)
    kind = codec.layout.kind
    if kind in ("f32", "f16"):
        scores = floats.scores(rows.rows, kind, queries, bias, rows.beta)
        return Scores(scores.values, scores.tolerance)
    exact = (
        bits.scores(rows.rows, queries, bias)
        if kind == "bits"
        else int8.scores(rows.rows, queries, bias, rows.alpha, rows.beta)
    )
    return Scores(exact.astype(np.float64), np.zeros(exact.shape))


@dataclass
class Oracle:
    """The rows that an index holds, in the order in which they came."""

    spec: str
    metric: str
    sample: Floats
    ids: list[int] = field(default_factory=list)
    vectors: list[Floats] = field(default_factory=list)
    next_id: int = 0

    def __post_init__(self) -> None:
        """Fit the codecs that the index fits."""
        names = parse_index(self.spec, {"flat": None}, {"f32", "f16", "int8", "bin"}).codecs or ("f32",)
        self.codecs = [Codec(str(name), metric=self.metric).fit(self.sample) for name in names]

    def add(self, X: Floats, ids: list[int] | None) -> None:
        """Hold more rows."""
        given = list(range(self.next_id, self.next_id + len(X))) if ids is None else ids
        self.ids += given
        self.vectors += list(X)
        self.next_id = max([self.next_id, *(number + 1 for number in given)])

    def remove(self, ids: list[int]) -> None:
        """Hold them no longer."""
        kept = [place for place, number in enumerate(self.ids) if number not in set(ids)]
        self.ids = [self.ids[place] for place in kept]
        self.vectors = [self.vectors[place] for place in kept]

    def scores(self, Q: Floats, codec: int = -1) -> Scores:
        """Score every row; `codec` 0 searches, −1 is the finest."""
        X = np.array(self.vectors, np.float32).reshape(len(self.ids), self.sample.shape[1])
        return promised(self.codecs[codec], X, Q)

    def allowed(self, wanted: Any) -> NDArray[np.bool_]:
        """Say which rows a filter lets through."""
        if wanted is None:
            return np.ones(len(self.ids), bool)
        array = np.asarray(wanted)
        return array if array.dtype == np.bool_ else np.isin(self.ids, array)

    def candidates(self, Q: Floats, query: int, allowed: NDArray[np.bool_], count: int) -> NDArray[np.bool_]:
        """Say which rows the search codes pass on; only for codes whose scores are exact."""
        values = self.scores(Q, 0).values[query]
        places = np.flatnonzero(allowed)
        order = np.lexsort((np.array(self.ids)[places], -values[places]))
        chosen = np.zeros(len(allowed), bool)
        chosen[places[order[:count]]] = True
        return chosen


def check_hits(
    ids: Ids, scores: Floats, truth: Scores, query: int, oracle: Oracle, k: int, allowed: NDArray[np.bool_]
) -> None:
    """Make sure that hits of one query are the k best of the allowed rows, best first, ties by id."""
    count = min(k, int(allowed.sum()))
    assert (ids[:count] >= 0).all()
    assert (ids[count:] == -1).all()
    assert np.isnan(scores[count:]).all()
    ids, got = ids[:count], internal(scores[:count], oracle.metric)
    place = {number: at for at, number in enumerate(oracle.ids)}
    places = np.array([place[int(number)] for number in ids], dtype=np.int64)
    assert len(set(places.tolist())) == count
    assert allowed[places].all()
    values, slack = truth.values[query], truth.slack[query]
    expected = np.minimum(values[places], 0) if oracle.metric == "l2" else values[places]
    assert (np.abs(expected - got) <= slack[places]).all()
    rest = allowed.copy()
    rest[places] = False
    if count:
        assert ((values - slack)[rest] <= (values + slack)[places[-1]]).all()
    check_order(ids, got, oracle.metric)
    if not slack.any():
        order = np.lexsort((np.array(oracle.ids)[allowed], -values[allowed]))[:count]
        assert np.array(oracle.ids)[allowed][order].tolist() == ids.tolist()


def check_order(ids: Ids, got: Floats, metric: str) -> None:
    """Make sure that scores fall, and ids rise where they are equal; distances rounded up to 0 may differ."""
    assert (np.diff(got) <= 0).all()
    equal = (np.diff(got) == 0) & ((metric != "l2") | (got[1:] != 0))
    assert (np.diff(ids)[equal] > 0).all()


def check_range(
    ids: Ids,
    scores: Floats,
    truth: Scores,
    query: int,
    oracle: Oracle,
    radius: float,
    allowed: NDArray[np.bool_],
) -> None:
    """Make sure that hits are all the allowed rows within the radius, best first."""
    bar = -radius if oracle.metric == "l2" else radius
    values, slack = truth.values[query], truth.slack[query]
    place = {number: at for at, number in enumerate(oracle.ids)}
    found = np.zeros(len(values), bool)
    found[[place[int(number)] for number in ids]] = True
    assert found.sum() == len(ids)
    assert not (found & ~allowed).any()
    assert found[allowed & (values - slack >= bar)].all()
    assert not found[values + slack < bar].any()
    check_order(ids, internal(scores, oracle.metric), oracle.metric)


def internal(scores: Floats, metric: str) -> Floats:
    """Turn public scores to larger is better."""
    return -scores if metric == "l2" else scores
