"""The race of codecs: bytes, recall without re-ranking, what is remembered, and how it is told."""

import json
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lilliput.bench import codec_race, codecs, own_codecs
from lilliput.bench.codec_cache import FILE
from lilliput.bench.codec_race import Pace
from lilliput.bench.codec_report import best_front, markdown
from lilliput.bench.codec_sets import CodecSet
from lilliput.bench.codecs import Race
from lilliput.bench.entrants import Entrant, Recipe
from lilliput.bench.plots import plot
from lilliput.bench.problems import Problem
from lilliput.codecs.codec import Codec
from lilliput.codecs.registry import names, variants
from lilliput.errors import Cancelled, LilliputWarning

DIM = 32
SECONDS_EACH = 0.002  # of work that a query is to a slow peer
SVG = "{http://www.w3.org/2000/svg}"


class Peer:
    """A peer that answers by numpy, and counts how often it is made."""

    def __init__(self) -> None:
        self.made = 0
        self.names: tuple[str, ...] = ("whole", "broken")

    def recipes(self, package: str, problem: Problem, *, quick: bool = False) -> list[Recipe]:
        """One codec that works and one that does not, or those asked for."""

        def make(problem: Problem, threads: int) -> Entrant:
            self.made += 1

            def search(queries: NDArray[np.float32], threads: int) -> NDArray[np.int64]:
                return np.argsort(-(queries @ problem.base.T), axis=1)[:, :10]

            return Entrant(4 * DIM, 0, 300, 0.0, lambda rows, threads: rows.copy(), search)

        def fail(problem: Problem, threads: int) -> Entrant:
            raise ValueError("no | such kind")

        def dawdle(problem: Problem, threads: int) -> Entrant:
            quick = make(problem, threads)

            def search(queries: NDArray[np.float32], threads: int) -> NDArray[np.int64]:
                end = time.process_time() + SECONDS_EACH * len(queries)
                while time.process_time() < end:
                    pass
                return quick.search(queries, threads)

            return replace(quick, search=search)

        made = {"whole": make, "broken": fail, "slow": dawdle}
        return [Recipe(package, name, made[name], note="by numpy") for name in self.names]


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Peer:
    """Race against one peer of our own making, briefly, with a cache of its own."""
    found = Peer()
    monkeypatch.setenv("LILLIPUT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(codecs, "codec_peers", lambda: {"peer": "1.0", "absent": None})
    monkeypatch.setattr(codec_race, "codec_recipes", found.recipes)
    monkeypatch.setattr(codecs, "QUICK", Pace(share=0, least=1, call_seconds=0.01))
    return found


@pytest.fixture
def vectors(tmp_path: Path) -> Path:
    """A file of clustered vectors."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((20, DIM))[rng.integers(0, 20, 600)] + rng.standard_normal((600, DIM))
    path = tmp_path / "X.npy"
    np.save(path, rows.astype(np.float32))
    return path


def run(vectors: Path, **options: Any) -> dict[str, Any]:
    """Race on the file."""
    return Race(quick=True, data=vectors, threads=2, **options).run(progress=False)


def row_of(result: dict[str, Any], library: str, name: str) -> dict[str, Any]:
    """The only row of a contestant."""
    (row,) = [
        row for row in result["sets"][0]["contestants"] if (row["library"], row["name"]) == (library, name)
    ]
    return row


def test_every_quantiser_of_the_registry_races(peer: Peer, vectors: Path) -> None:
    """A stage that registers spellings is raced without being named here."""
    result = run(vectors)

    raced = {row["name"] for row in result["sets"][0]["contestants"] if row["library"] == "lilliput"}
    wanted = {spellings[0] for spellings in variants("quantiser", DIM).values()}
    refused = {each["name"] for each in result["sets"][0]["failed"]}
    assert wanted <= raced | refused
    every = {spelling for spellings in variants("quantiser", DIM).values() for spelling in spellings}
    assert every <= set(own_codecs.specs(DIM))
    assert f"pca{DIM // 2},int8" in raced


def test_bytes_are_all_bytes(peer: Peer, vectors: Path) -> None:
    """Codes, factors and what rows share, over the rows; the same rule for a peer."""
    result = run(vectors)
    rows = result["sets"][0]["rows"]
    codec = Codec("pca16,int8").fit(np.load(vectors)[:rows])

    mine, other = row_of(result, "lilliput", "pca16,int8"), row_of(result, "peer", "whole")

    assert codec.code_size + codec.overhead_bytes / rows == pytest.approx(mine["bytes_per_vector"])
    assert (16, 4, 2 * 16 * DIM) == (mine["code_bytes"], mine["factor_bytes"], mine["shared_bytes"])
    assert 4 * DIM + 300 / rows == pytest.approx(other["bytes_per_vector"])


def test_recall_is_that_of_the_codes_alone(peer: Peer, vectors: Path) -> None:
    """Floats find all, bytes nearly all, bits far fewer; nobody ranks again."""
    result = run(vectors)

    recall = {name: row_of(result, "lilliput", name)["recall"] for name in ("f32", "int8", "bin")}
    assert recall["f32"] == 1.0
    assert 1.0 > recall["int8"] > 0.9 > recall["bin"]
    assert row_of(result, "peer", "whole")["recall"] == 1.0


def test_speeds_are_there_for_each_number_of_threads(peer: Peer, vectors: Path) -> None:
    """Encoding, batches and single queries, on one thread and on all."""
    speeds = row_of(run(vectors), "lilliput", "int8")["speeds"]

    assert {"1", "2"} == set(speeds)
    for found in speeds.values():
        assert min(found[what] for what in ("encode", "batch", "single")) > 0


def test_a_slow_contestant_is_timed_on_fewer_queries(peer: Peer, vectors: Path) -> None:
    """So that its rounds do not take the time of all others; the rate is of what it was asked."""
    found = CodecSet(Problem("few", "cosine", *[np.eye(DIM, dtype=np.float32)] * 2))
    rate = found.batch()

    assert (1_000, DIM) == rate.shape
    np.testing.assert_array_equal(rate[:DIM], rate[DIM : 2 * DIM])
    peer.names = ("slow",)
    speeds = row_of(run(vectors), "peer", "slow")["speeds"]["1"]
    assert codec_race.FEWEST == speeds["batch_queries"]
    assert codec_race.FEWEST_SINGLES == speeds["single_queries"]
    assert max(speeds["batch"], speeds["single"]) <= 1 / SECONDS_EACH


def test_who_fails_is_named_and_the_others_race_on(peer: Peer, vectors: Path) -> None:
    """What a peer raised is told in a word."""
    result = run(vectors)

    assert ["broken"] == [each["name"] for each in result["sets"][0]["failed"]]
    assert "peer: broken refused: ValueError('no | such kind')" in markdown(result)


def test_a_peer_is_remembered(peer: Peer, vectors: Path) -> None:
    """The second run neither makes it nor changes its figures, and says so; --fresh measures again."""
    first = row_of(run(vectors), "peer", "whole")
    second = run(vectors)
    again = row_of(second, "peer", "whole")

    assert peer.made == 1
    assert (False, True) == (first["cached"], again["cached"])
    assert {**first, "cached": None} == {**again, "cached": None}
    assert "| peer* |" in markdown(second)
    assert run(vectors, fresh=True)["sets"]
    assert peer.made == 2


@pytest.mark.parametrize("change", ["version", "data", "harness", "threads", "machine"])
def test_a_change_makes_a_peer_race_again(
    peer: Peer, vectors: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """Figures are those of a release, a set, a harness and a machine."""
    run(vectors)
    if change == "version":
        monkeypatch.setattr(codecs, "codec_peers", lambda: {"peer": "1.1"})
    elif change == "data":
        np.save(vectors, np.load(vectors)[:-1])
    elif change == "harness":
        monkeypatch.setattr("lilliput.bench.codec_cache.HARNESS", 0)
    elif change == "machine":
        monkeypatch.setattr(codecs, "machine_key", lambda: "another")
    Race(quick=True, data=vectors, threads=1 if change == "threads" else 2).run(progress=False)

    assert peer.made == 2


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"harness": 2}', '{"harness": 2, "rows": {"a": 3}}', "\xff"]
)
def test_a_damaged_cache_is_put_aside(peer: Peer, vectors: Path, tmp_path: Path, text: str) -> None:
    """With a warning; the peers are measured and take its place."""
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / FILE).write_text(text, encoding="latin-1")

    with pytest.warns(LilliputWarning, match="measured again"):
        run(vectors)
    run(vectors)

    assert peer.made == 1


def test_a_cache_that_cannot_be_written_costs_a_warning(
    peer: Peer, vectors: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The figures are in the result all the same."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LILLIPUT_CACHE", str(tmp_path / "file" / "below"))

    with pytest.warns(LilliputWarning, match="could not be kept"):
        result = run(vectors)

    assert row_of(result, "peer", "whole")["recall"] == 1.0


def test_files_are_written(peer: Peer, vectors: Path, tmp_path: Path) -> None:
    """JSON holds the result, Markdown shows the plot that lies beside it."""
    result = Race(quick=True, data=vectors, threads=1).run(out=tmp_path / "out", progress=False)

    page = (tmp_path / "out" / "bench-codecs.md").read_text()
    assert result == json.loads((tmp_path / "out" / "bench-codecs.json").read_text())
    assert "](bench-codecs-X.npy.svg)" in page
    assert page.replace("![", "") != page
    assert (tmp_path / "out" / "bench-codecs-X.npy.svg").is_file()


def test_tables_are_rectangular(peer: Peer, vectors: Path) -> None:
    """A row for every contestant, by bytes; absent peers come with the line that installs them."""
    result = run(vectors)

    text = markdown(result)

    tables = [block for block in text.split("\n\n") if block.startswith("|")]
    for block in tables:
        assert len({line.replace("\\|", "").count("|") for line in block.splitlines()}) == 1
    assert len(result["sets"][0]["contestants"]) + 2 == len(tables[0].splitlines())
    sizes = [row["bytes_per_vector"] for row in result["sets"][0]["contestants"]]
    assert sizes == sorted(sizes)
    assert "`pip install absent`" in text


def test_ratios_leave_out_what_is_remembered(peer: Peer, vectors: Path) -> None:
    """Floats are compared with the peer of their size in the run that measured it, and in no other."""
    measured, remembered = markdown(run(vectors)), markdown(run(vectors))

    def floats(text: str) -> str:
        return next(line for line in text.splitlines() if line.startswith("| lilliput | f32 "))

    assert floats(measured).count(", ") > floats(remembered).count(", ")
    assert floats(remembered).endswith("|  |")


def test_a_plot_has_a_mark_for_everybody(peer: Peer, vectors: Path) -> None:
    """Three panels of well-formed SVG, each mark with its words, all within the frame."""
    one = run(vectors)["sets"][0]

    root = ElementTree.fromstring(plot(one))

    panels = root.findall(f"{SVG}g")
    assert len(panels) == 3
    for panel in panels:
        marks = [path for path in panel.iter(f"{SVG}path") if path.find(f"{SVG}title") is not None]
        assert len(one["contestants"]) == len(marks)
        for mark in marks:
            x, y = map(float, mark.attrib["transform"].removeprefix("translate(").rstrip(")").split())
            assert 0 <= x <= 420
            assert 0 <= y <= 300


def test_the_front_holds_what_nobody_beats() -> None:
    """Of two with the same bytes the better; none that is larger and no better."""
    rows = [
        {"bytes_per_vector": size, "recall": recall}
        for size, recall in ((4, 0.5), (4, 0.6), (8, 0.6), (9, 0.7))
    ]

    assert [(4, 0.6), (9, 0.7)] == [(r["bytes_per_vector"], r["recall"]) for r in best_front(rows, "recall")]


def test_judged_sets_have_ndcg() -> None:
    """By the judgments; none without."""
    problem = Problem("line", "l2", np.arange(20, dtype=np.float32)[:, None], np.zeros((1, 1), np.float32))

    assert CodecSet(problem, [{3: 1.0}]).ndcg(np.array([[3, 1]])) == 1.0
    assert CodecSet(problem).ndcg(np.array([[3, 1]])) is None


def test_fingerprints_differ_where_anything_does() -> None:
    """A vector, a query, a judgment, the metric."""
    base, queries = np.eye(4, dtype=np.float32), np.ones((2, 4), dtype=np.float32)
    sets = [
        CodecSet(Problem("a", "l2", base, queries)),
        CodecSet(Problem("a", "cosine", base, queries)),
        CodecSet(Problem("a", "l2", 2 * base, queries)),
        CodecSet(Problem("a", "l2", base, 2 * queries)),
        CodecSet(Problem("a", "l2", base, queries), [{0: 1.0}, {}]),
    ]

    assert len({found.fingerprint for found in sets}) == len(sets)
    assert sets[0].fingerprint == CodecSet(Problem("a", "l2", base.copy(), queries)).fingerprint


def test_a_callback_can_cancel(peer: Peer, vectors: Path) -> None:
    """It is told seconds, of as many as were estimated."""
    race = Race(quick=True, data=vectors, threads=1)
    calls: list[tuple[int, int]] = []

    def progress(done: int, total: int) -> bool:
        calls.append((done, total))
        return len(calls) < 3

    with pytest.raises(Cancelled):
        race.run(progress=progress)

    assert {race.estimate_seconds} == {total for _, total in calls}


def test_what_is_known_takes_no_time(peer: Peer, vectors: Path) -> None:
    """The estimate falls when peers need not race."""
    before = Race(quick=True, data=vectors, threads=2)
    run(vectors)
    after = Race(quick=True, data=vectors, threads=2)

    assert (0, 1) == (before.remembered, after.remembered)
    assert after.estimate_seconds <= before.estimate_seconds


@pytest.mark.parametrize("dim", [8, 32, 100, 384])
def test_specs_are_codecs(dim: int) -> None:
    """Each is spelt once and can be fitted; quick ones are among them."""
    found = own_codecs.specs(dim)

    assert len(set(found)) == len(found)
    assert set(own_codecs.specs(dim, quick=True)) <= set(found)
    rows = np.random.default_rng(0).standard_normal((600, dim)).astype(np.float32)
    for name in names("quantiser"):
        spec = next((spec for spec in found if spec.startswith(name)), None)
        assert spec is None or Codec(spec).fit(rows, progress=False).dim == dim
