"""The page in a real browser: silent, drawn as the numbers say, sortable, and as narrow as a phone."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from browser import Page, browser, program
from lilliput.advisor.page import diagnosis_page, plan_page

Plain = dict[str, Any]

pytestmark = pytest.mark.skipif(program() is None, reason="no Chromium on the path")

CENTRES = """
[...document.querySelectorAll('[data-measure="MEASURE"] .point')].map(point => {
  const box = point.querySelector('use').getBoundingClientRect();
  return [+point.dataset.row, box.left + box.width / 2, box.top + box.height / 2,
          point.classList.contains('front'), point.classList.contains('chosen')];
})"""
COVERED = """
[...document.querySelectorAll('svg.front')].flatMap(drawing => {
  const labels = [...drawing.querySelectorAll('.label')]
    .map(label => [label.textContent, label.getBoundingClientRect()]).filter(([, box]) => box.width);
  return labels.flatMap(([a, one], i) => labels.slice(i + 1)
    .filter(([, two]) => one.left < two.right && two.left < one.right && one.top < two.bottom - 2 &&
                         two.top < one.bottom - 2)
    .map(([b]) => a + ' on ' + b));
})"""
VERDICT = "document.querySelector('.candidates tbody tr.chosen td.words').textContent"
COLUMN = "[...document.querySelectorAll('.candidates tbody tr')].map(row => row.cells[COLUMN].dataset.value)"
SORTS = (
    "[...document.querySelectorAll('.candidates th[scope=col]')].map(head => head.getAttribute('aria-sort'))"
)


@pytest.fixture(scope="module")
def plan() -> Plain:
    """A plan with all there can be."""
    return json.loads(Path(__file__).with_name("plan.json").read_text())


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """One browser for all tests."""
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture
def report(plan: Plain, tmp_path: Path) -> Path:
    """The plan's page as a file."""
    path = tmp_path / "report.html"
    path.write_text(plan_page(plan), encoding="utf-8")
    return path


def measured(plan: Plain) -> set[int]:
    """The numbers of the candidates that were measured to the end."""
    most = max(row["rows"] for row in plan["table"])
    return {i for i, row in enumerate(plan["table"]) if row["recall@10"] and row["rows"] == most}


def crowded(plan: Plain) -> Plain:
    """The plan among 400 candidates, some with names that are too long for any label."""
    rng = np.random.default_rng(0)
    rows = [row for row in plan["table"] if row["chosen"]]
    best = 0.0
    for number, size in enumerate(np.sort(rng.lognormal(4.5, 1, 400))):
        mean = float(1 - 4 / size**0.8 * rng.uniform(0.4, 2)) if size > 30 else float(rng.uniform(0.1, 0.6))
        found = {"mean": mean, "low": mean - 0.02, "high": min(1.0, mean + 0.02)}
        rows.append(
            {
                **plan["table"][5],
                "spec": f"flat | pca{number},rotate,pq{number}x4 | int8",
                "family": f"family {number % 12}",
                "bytes_per_vector": float(size),
                "recall@10": found,
                "front": mean > best,
                "refine": 4,
            }
        )
        best = max(best, mean)
    return {**plan, "table": rows}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [320, 360, 639, 640, 1280])
def test_page_is_silent_and_fits(page: Page, plan: Plain, report: Path, width: int, dark: bool) -> None:
    """Nothing reaches the console, nothing but the file is asked for, nothing sticks out at the side."""
    page.complaints.clear()
    page.requests.clear()

    page.open(report, width, 900, dark=dark)

    assert [] == page.complaints
    assert [report.as_uri()] == page.requests
    assert page.run("document.documentElement.scrollWidth") == width
    assert [] == page.run(COVERED)
    assert page.run("document.querySelector('h1').textContent") == plan["spec"]


@pytest.mark.parametrize("width", [360, 1280])
def test_front_on_screen_is_the_front_of_the_plan(page: Page, plan: Plain, report: Path, width: int) -> None:
    """Points, flags and order on the screen are those of the JSON; the front climbs to the right."""
    drawn = page.open(report, width).run(CENTRES.replace("MEASURE", "recall@10"))
    table = plan["table"]

    assert measured(plan) == {row for row, *_ in drawn}
    assert {i for i, row in enumerate(table) if row["front"]} == {p[0] for p in drawn if p[3]}
    assert [i for i, row in enumerate(table) if row["chosen"]] == [p[0] for p in drawn if p[4]]
    front = sorted((p for p in drawn if p[3]), key=lambda p: table[p[0]]["bytes_per_vector"])
    assert sorted(p[1] for p in front) == pytest.approx([p[1] for p in front])
    assert sorted((p[2] for p in front), reverse=True) == pytest.approx([p[2] for p in front])


def test_places_on_screen_follow_the_numbers(page: Page, plan: Plain, report: Path) -> None:
    """Across, pixels are proportional to the logarithm of bytes; down, to quality."""
    drawn = page.open(report).run(CENTRES.replace("MEASURE", "recall@10"))
    rows = [plan["table"][p[0]] for p in drawn]

    across = np.corrcoef([p[1] for p in drawn], np.log([row["bytes_per_vector"] for row in rows]))[0, 1]
    down = np.corrcoef([p[2] for p in drawn], [row["recall@10"]["mean"] for row in rows])[0, 1]

    assert across == pytest.approx(1, abs=1e-4)
    assert down == pytest.approx(-1, abs=1e-4)


def test_table_sorts_by_click_and_key(page: Page, plan: Plain, report: Path) -> None:
    """Up, then down; what was not measured stays last; the column says how it is sorted."""
    page.open(report)
    column = COLUMN.replace("COLUMN", "2")
    known = sorted(row["recall@10"]["mean"] for row in plan["table"] if row["recall@10"])
    head = "document.querySelectorAll('.candidates th[scope=col] button')[2]"

    page.run(f"{head}.click()")
    up, sorts = page.run(column), page.run(SORTS)
    page.run(f"{head}.focus()")
    page.press("Enter")
    down = page.run(column)

    assert [*known, None] == [float(value) if value else None for value in up]
    assert [*reversed(known), None] == [float(value) if value else None for value in down]
    assert sorts[2] == "ascending"
    assert page.run(SORTS)[2] == "descending"
    assert [None] * (len(sorts) - 1) == sorts[:2] + sorts[3:]
    assert page.run(VERDICT) == "chosen"


def test_words_sort_as_words(page: Page, report: Path) -> None:
    """Names go by letters, with numbers in them by size."""
    page.open(report).run("document.querySelector('.candidates th[scope=col] button').click()")

    names = page.run(COLUMN.replace("COLUMN", "0"))

    assert names.index("flat | pq48x4") < names.index("flat | pq96x4")
    assert names.index("flat | pca81,int8") < names.index("flat | pca192,int8")


@pytest.mark.parametrize("width", [360, 1280])
def test_a_point_tells_itself_under_the_pointer(page: Page, plan: Plain, report: Path, width: int) -> None:
    """Details come near a point, stay inside the figure, and go when the pointer goes."""
    page.open(report, width, 2600)
    (chosen,) = [p for p in page.run(CENTRES.replace("MEASURE", "recall@10")) if p[4]]

    page.move(chosen[1] + 3, chosen[2] - 4)
    told = page.run("document.querySelector('.tip:not([hidden])').textContent")
    left, right = page.run(
        "(box => [box.left, box.right])(document.querySelector('.tip:not([hidden])').getBoundingClientRect())"
    )
    page.move(5, 5)

    assert plan["spec"] in told
    assert "recall@10 0.958 (0.946 to 0.970)" in told
    assert 0 <= left < right <= width
    assert page.run("document.querySelectorAll('.tip:not([hidden])').length") == 0


def test_arrow_keys_walk_from_size_to_size(page: Page, plan: Plain, report: Path) -> None:
    """One stop of the tabulator, then left and right; each point is spoken."""
    page.open(report).run("document.querySelector('[data-measure] .point.chosen').focus()")
    spoken = []
    for _ in range(3):
        page.press("ArrowLeft")
        spoken.append(page.run("document.activeElement.getAttribute('aria-label')"))

    sizes = [plan["table"][number]["bytes_per_vector"] for number in measured(plan)]
    below = sorted(size for size in sizes if size < plan["bytes_per_vector"])[:-4:-1]
    assert [True] * 3 == [
        f" {size:,.1f}".removesuffix(".0") in said for size, said in zip(below, spoken, strict=True)
    ]
    assert (
        page.run('document.querySelectorAll(\'[data-measure="recall@10"] .point[tabindex="0"]\').length') == 1
    )


def test_the_other_measure_can_be_chosen(page: Page, plan: Plain, report: Path) -> None:
    """One front is shown at a time; its points are the JSON's."""
    page.open(report)
    shown = (
        "[...document.querySelectorAll('[data-measure]')].filter(f => !f.hidden).map(f => f.dataset.measure)"
    )
    before = page.run(shown)

    page.run("document.querySelector('[data-show=\"ndcg@10\"]').click()")

    assert ["recall@10"] == before
    assert ["ndcg@10"] == page.run(shown)
    drawn = page.run(CENTRES.replace("MEASURE", "ndcg@10"))
    assert measured(plan) == {row for row, *_ in drawn}


def test_only_the_front_can_be_listed(page: Page, plan: Plain, report: Path) -> None:
    """The box hides what is dominated."""
    page.open(report).run("document.getElementById('front-only').click()")

    shown = page.run(
        "[...document.querySelectorAll('.candidates tbody tr')].filter(r => r.offsetHeight).length"
    )

    assert sum(row["front"] or row["chosen"] for row in plan["table"]) == shown


@pytest.mark.parametrize("width", [320, 1280])
def test_four_hundred_candidates_stay_readable(page: Page, plan: Plain, tmp_path: Path, width: int) -> None:
    """No label covers another, no side sticks out, the chosen one is named."""
    path = tmp_path / "crowded.html"
    path.write_text(plan_page(crowded(plan)), encoding="utf-8")
    page.complaints.clear()

    page.open(path, width)

    assert [] == page.complaints
    assert [] == page.run(COVERED)
    assert page.run("document.documentElement.scrollWidth") == width
    assert page.run(CENTRES.replace("MEASURE", "recall@10") + ".length") == 401


def test_hostile_text_runs_nothing(page: Page, plan: Plain, tmp_path: Path) -> None:
    """A query that is a script is read, not run."""
    evil = "</script><script>window.ran = 1</script><img src=x onerror='window.ran = 2'>"
    first, *others = plan["per_query"]["worst"]
    hostile = {**plan, "per_query": {**plan["per_query"], "worst": [{**first, "text": evil}, *others]}}
    path = tmp_path / "hostile.html"
    path.write_text(plan_page({**hostile, "reason": evil}), encoding="utf-8")
    page.complaints.clear()

    page.open(path)

    assert page.run("window.ran") is None
    assert evil == page.run("document.querySelector('.worst q').textContent")
    assert evil == page.run("document.querySelector('.reason').textContent")
    assert [] == page.complaints


def test_the_policy_stops_what_is_not_ours(page: Page, report: Path) -> None:
    """A script or picture that somebody adds to the file is refused by the browser."""
    text = report.read_text(encoding="utf-8")
    report.write_text(
        text.replace("</body>", "<script>window.ran = 1</script><img src='http://127.0.0.1/x'></body>")
    )
    page.complaints.clear()

    page.open(report)

    assert page.run("window.ran") is None
    assert 2 == sum("Content Security Policy" in complaint for complaint in page.complaints)


def test_page_prints(page: Page, report: Path) -> None:
    """Paper gets a few pages."""
    printed = page.open(report).paper()

    assert printed.startswith(b"%PDF")
    assert 3 <= printed.count(b"/Type /Page\n") <= 12


def test_diagnosis_is_silent_and_fits(page: Page, plan: Plain, tmp_path: Path) -> None:
    """The page of a diagnosis stands alone."""
    path = tmp_path / "diagnosis.html"
    path.write_text(diagnosis_page(plan["diagnosis"]), encoding="utf-8")
    page.complaints.clear()

    page.open(path, 320)

    assert [] == page.complaints
    assert page.run("document.documentElement.scrollWidth") == 320
