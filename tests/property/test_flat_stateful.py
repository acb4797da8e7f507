"""An index that is added to, removed from, filtered, saved and opened again answers as brute force does."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from numpy.typing import NDArray

from index.oracle import Oracle, check_hits, check_range, internal
from lilliput.errors import InvalidInput, ReadOnly, UnknownId
from lilliput.index.effort import Effort
from lilliput.index.index import Index

DIM = 6
SPECS = ["flat", "flat | int8", "flat | int8 | f16", "flat | bin | f32"]
SEEDS = st.integers(0, 2**32 - 1)
KS = st.sampled_from([1, 2, 5, 40])

pytestmark = pytest.mark.filterwarnings("ignore::lilliput.errors.LilliputWarning")


def vectors(rng: np.random.Generator, n: int) -> NDArray[np.float32]:
    """Draw rows of small whole numbers, so that sums are exact and ties are many; some are zeros."""
    return rng.integers(-2, 3, (n, DIM)).astype(np.float32) * (rng.random((n, 1)) < 0.9)


class FlatMachine(RuleBasedStateMachine):
    """An index beside its oracle."""

    @initialize(spec=st.sampled_from(SPECS), metric=st.sampled_from(["ip", "l2", "cosine"]), seed=SEEDS)
    def start(self, spec: str, metric: str, seed: int) -> None:
        """Fit both on the same vectors."""
        sample = vectors(np.random.default_rng(seed), 40)
        self.folder = tempfile.TemporaryDirectory()
        self.index = Index(spec, metric=metric).fit(sample)
        self.oracle = Oracle(spec, metric, sample)

    @rule(seed=SEEDS, n=st.integers(0, 30))
    def add(self, seed: int, n: int) -> None:
        """Add rows without ids."""
        X = vectors(np.random.default_rng(seed), n)
        self.index.add(X)
        self.oracle.add(X, None)

    @rule(seed=SEEDS, n=st.integers(1, 30), batches=st.booleans())
    def add_with_ids(self, seed: int, n: int, batches: bool) -> None:
        """Add rows with ids in any order, those of removed rows among them."""
        rng = np.random.default_rng(seed)
        free = np.setdiff1d(np.arange(150), self.oracle.ids)
        ids = rng.permutation(free)[:n]
        X = vectors(rng, len(ids))
        self.index.add(iter([X[:1], X[1:]]) if batches and len(X) else X, ids)
        self.oracle.add(X, ids.tolist())

    @precondition(lambda self: self.oracle.ids)
    @rule(seed=SEEDS)
    def add_what_is_there(self, seed: int) -> None:
        """A stored id among new ones is refused, and nothing is added."""
        taken = np.random.default_rng(seed).choice(self.oracle.ids)
        with pytest.raises(InvalidInput):
            self.index.add(np.ones((2, DIM)), [10**6, taken])

    @precondition(lambda self: self.oracle.ids)
    @rule(seed=SEEDS, part=st.sampled_from([0.0, 0.1, 0.3, 1.0]))
    def remove(self, seed: int, part: float) -> None:
        """Remove one row, or a share of them."""
        ids = np.random.default_rng(seed).permutation(self.oracle.ids)
        ids = ids[: max(1, round(part * len(ids)))]
        self.index.remove(ids)
        self.oracle.remove(ids.tolist())
        with pytest.raises(UnknownId):
            self.index.scores(np.ones(DIM), ids)

    @precondition(lambda self: len(self.oracle.ids) > 8)
    @rule(seed=SEEDS)
    def replace(self, seed: int) -> None:
        """Give a few rows new vectors, by removal and addition under the same ids beside new ones."""
        rng = np.random.default_rng(seed)
        few = rng.permutation(self.oracle.ids)[: len(self.oracle.ids) // 8]
        self.index.remove(few)
        self.oracle.remove(few.tolist())
        more = np.setdiff1d(np.arange(150), [*self.oracle.ids, *few])[: len(self.oracle.ids)]
        ids = rng.permutation(np.concatenate([few, more]))
        X = vectors(rng, len(ids))
        self.index.add(X, ids)
        self.oracle.add(X, ids.tolist())
        self.agree(self.index, rng, 5)

    @rule(mmap=st.booleans())
    def save_and_open(self, mmap: bool) -> None:
        """Go on with the index that was saved; mapped, it answers and cannot be added to."""
        folder = Path(self.folder.name) / "index"
        self.index.save(folder)
        if mmap:
            with Index.open(folder) as mapped:
                self.agree(mapped, np.random.default_rng(len(mapped)), 7)
                with pytest.raises(ReadOnly):
                    mapped.add(np.ones((1, DIM)))
        self.index = Index.open(folder, mmap=False)

    @rule(seed=SEEDS, k=KS)
    def search(self, seed: int, k: int) -> None:
        """Search in every way."""
        self.agree(self.index, np.random.default_rng(seed), k)

    @invariant()
    def counts(self) -> None:
        """Rows are counted."""
        if hasattr(self, "index"):
            assert len(self.index) == len(self.oracle.ids)

    def agree(self, index: Index, rng: np.random.Generator, k: int) -> None:
        """Compare every kind of answer, under every kind of filter, with the oracle's."""
        Q = vectors(rng, 3)
        truth, n = self.oracle.scores(Q), len(self.oracle.ids)
        few = rng.permutation(180)[: rng.integers(0, 60)]
        for wanted in (None, rng.random(n) < 0.5, few, [few, None, rng.random(n) < 0.2]):
            each = wanted if isinstance(wanted, list) else [wanted] * 3
            hits = index.search(Q, k, filter=wanted, exact=True, threads=int(rng.integers(1, 3)))
            for query, one in enumerate(each):
                allowed = self.oracle.allowed(one)
                check_hits(hits.ids[query], hits.scores[query], truth, query, self.oracle, k, allowed)
            if not isinstance(wanted, list):
                self.agree_in_range(index, Q, wanted, float(rng.integers(-3, 6)))
            self.agree_by_codes(index, Q, k, wanted, each)
        if n:
            ids = rng.choice(self.oracle.ids, (3, 4))
            places = np.argsort(self.oracle.ids)[np.searchsorted(np.sort(self.oracle.ids), ids)]
            got = internal(index.scores(Q, ids), self.oracle.metric)
            values = np.take_along_axis(truth.values, places, 1)
            expected = np.minimum(values, 0) if self.oracle.metric == "l2" else values
            assert (np.abs(expected - got) <= np.take_along_axis(truth.slack, places, 1)).all()

    def agree_in_range(self, index: Index, Q: NDArray[np.float32], wanted: Any, radius: float) -> None:
        """Compare the rows within a radius."""
        truth = self.oracle.scores(Q)
        offsets, ids, scores = index.range_search(Q, radius, filter=wanted)
        for query in range(len(Q)):
            part = slice(offsets[query], offsets[query + 1])
            allowed = self.oracle.allowed(wanted)
            check_range(ids[part], scores[part], truth, query, self.oracle, radius, allowed)

    def agree_by_codes(
        self, index: Index, Q: NDArray[np.float32], k: int, wanted: Any, each: list[Any]
    ) -> None:
        """Compare a search by the first codes, refined or not."""
        refined = len(self.oracle.codecs) == 2
        hits = index.search(Q, k, filter=wanted, refine=1.5 if refined else None)
        truth = self.oracle.scores(Q)
        for query, one in enumerate(each):
            allowed = self.oracle.allowed(one)
            if refined:
                count = Effort(1.5).candidates(k, int(allowed.sum()))
                allowed = self.oracle.candidates(Q, query, allowed, count)
            check_hits(hits.ids[query], hits.scores[query], truth, query, self.oracle, k, allowed)

    def teardown(self) -> None:
        """Remove the files."""
        if hasattr(self, "folder"):
            self.folder.cleanup()


TestFlat = FlatMachine.TestCase
TestFlat.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)
