"""Claims tested on sets of which the truth is known."""

import json
from pathlib import Path

import numpy as np
import pytest

from lilliput.bench.claims import CLAIMS, Claim, Quality, run
from lilliput.bench.claims_report import markdown
from lilliput.bench.codec_sets import CodecSet
from lilliput.bench.problems import Problem
from lilliput.errors import Cancelled

DIM = 16
LAST = Claim("PCA keeps more", "a paper", "is better", "pca{quarter},f32", "mrl{quarter},f32")
SAME = Claim("rotating helps", "", "is better", "rotate,f32", "f32")
NONE = Claim("magic helps", "", "is better", "magic7,f32", "f32")
LOSS = Claim("turning loses nothing", "", "loses less than the limit", "rotate,f32")
BITS = Claim("bits lose nothing", "", "loses less than the limit", "bin")


def small(judged: bool = False) -> CodecSet:
    """Vectors that differ in their last dimensions alone, so that a prefix is worth nothing."""
    rng = np.random.default_rng(0)
    base, queries = (
        (rng.standard_normal((n, DIM)) * (np.arange(DIM) >= DIM - 4)).astype(np.float32) for n in (300, 60)
    )
    problem = Problem("judged" if judged else "last", "l2", base, queries)
    if not judged:
        return CodecSet(problem)
    nearest = problem.truth().ids[:, 0]
    return CodecSet(problem, [{int(row): 1.0} for row in nearest])


def verdicts(*claims: Claim) -> list[str]:
    """What comes of claims on the set."""
    return [row["verdict"] for row in run(sets=[small()], claims=claims, progress=False)["claims"]]


def test_a_true_claim_holds_and_its_contrary_does_not() -> None:
    """PCA finds the dimensions that matter; the first ones do not."""
    contrary = Claim("MRL keeps more", "", "is better", LAST.second, LAST.first)

    assert ["holds (recall)", "the other way round (recall)"] == verdicts(LAST, contrary)


def test_no_difference_is_not_taken_for_one() -> None:
    """A rotation of floats changes nothing."""
    assert ["no difference shown (recall)"] == verdicts(SAME)


def test_losses_are_held_against_the_limit() -> None:
    """A rotation loses nothing here, bits much."""
    assert ["holds (recall)", "does not hold (recall)"] == verdicts(LOSS, BITS)


def test_a_stage_that_is_not_there_is_said() -> None:
    """The claim is reported as not tested, with the reason."""
    (row,) = run(sets=[small()], claims=[NONE], progress=False)["claims"]

    assert "not tested" == row["verdict"]
    assert "there is no stage for magic7" == row["why"]


def test_judged_sets_are_measured_by_their_judgments() -> None:
    """The nearest row is relevant: exact search has nDCG 1, as has recall where nobody judged."""
    judged, bare = Quality(small(judged=True), 1), Quality(small(), 1)

    assert ("nDCG@10", "recall@10") == (judged.measure, bare.measure)
    assert judged.of("f32").tolist() == bare.of("f32").tolist() == [1.0] * 60


def test_a_result_is_returned_and_written(tmp_path: Path) -> None:
    """JSON and Markdown hold a row for each claim and set, in rectangular tables."""
    result = run(
        sets=[small(), small(judged=True)], claims=[LAST, NONE, BITS], out=tmp_path / "deep", progress=False
    )

    text = (tmp_path / "deep" / "claims.md").read_text()
    assert result == json.loads((tmp_path / "deep" / "claims.json").read_text())
    assert markdown(result) == text
    assert [LAST.text] * 2 + [NONE.text] * 2 + [BITS.text] * 2 == [row["claim"] for row in result["claims"]]
    for block in [block for block in text.split("\n\n") if block.startswith("|")]:
        assert len({line.count("|") for line in block.splitlines()}) == 1
    assert "Said by a paper." in text


def test_the_interval_of_a_loss_holds_the_loss() -> None:
    """Signs and ends are turned together."""
    (row,) = run(sets=[small()], claims=[BITS], progress=False)["claims"]

    assert 0 < row["loss_low"] <= row["loss"] <= row["loss_high"] < 1
    assert row["loss"] == pytest.approx(1 - row["first_mean"] / row["exact_mean"])


def test_a_callback_can_cancel() -> None:
    """After a comparison."""
    with pytest.raises(Cancelled):
        run(sets=[small()], claims=[LAST, SAME], progress=lambda done, total: False)


def test_claims_are_all_different() -> None:
    """Each is named by its text."""
    assert len({claim.text for claim in CLAIMS}) == len(CLAIMS)
