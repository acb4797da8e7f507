"""A plan's page is whole, escapes everything, and says the numbers of the plan."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lilliput.advisor import advise
from lilliput.advisor.page import diagnosis_page, plan_page
from lilliput.advisor.page.field import Field
from lilliput.advisor.page.page import as_data
from lilliput.advisor.report import as_markdown, write_report
from lilliput.errors import FileError, InvalidInput
from lilliput.evaluate.diagnose import diagnose

Plain = dict[str, Any]
EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\" ' & \ud800"
VOID = {"meta", "link", "wbr", "input"}


@pytest.fixture
def plan() -> Plain:
    """A plan with all there can be."""
    return json.loads(Path(__file__).with_name("plan.json").read_text())


class Reader(HTMLParser):
    """Reads a page: its elements, its text, and whether every element is closed in turn."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.unclosed: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open.pop() != tag:
            self.unclosed.append(tag)

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("script", "style"):
            self.words.append(data)

    @property
    def text(self) -> str:
        """What a reader sees."""
        return "".join(self.words)


def drawn(plan: Plain, measure: str) -> set[int]:
    """The numbers of the candidates that were measured to the end."""
    most = max(row["rows"] for row in plan["table"])
    return {i for i, row in enumerate(plan["table"]) if row[measure] and row["rows"] == most}


def bare(plan: Plain) -> Plain:
    """The plan without all that can be missing."""
    rows = [{**row, "ndcg@10": None} for row in plan["table"]]
    return {
        **plan,
        "budget": None,
        "floors": {},
        "forecast": {"recall@10": plan["forecast"]["recall@10"]},
        "table": rows,
        "families": [],
        "baseline": {**plan["baseline"], "ndcg@10": None},
        "per_query": {**plan["per_query"], "ndcg@10": None, "ndcg_exact@10": None, "worst": []},
        "diagnosis": None,
    }


def test_page_is_well_formed_and_says_the_plan(plan: Plain) -> None:
    """Every element is closed; the headline, the reason and every candidate are there."""
    page = Reader(plan_page(plan))

    assert ([], []) == (page.open, page.unclosed)
    assert "7.5× smaller, recall@10 0.920 (0.899 to 0.937)" in page.text
    assert plan["reason"] in page.text
    assert all(row["spec"] in page.text for row in plan["table"])
    assert (
        "It is extrapolated: the queries searched 11,429 rows, and the index will hold 1,000,000."
        in page.text
    )


def test_plans_as_they_are_made_are_pages() -> None:
    """A plan from the advisor, with judgments and a diagnosis, is drawn whole, and so is one without."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((400, 16)).astype(np.float32)
    queries = X[:60] + 0.1 * rng.standard_normal((60, 16)).astype(np.float32)
    judged = advise(X, queries, [{i: 1.0} for i in range(60)], budget="12B", for_n=50_000, progress=False)
    plain = advise(X, floor="recall@10=0.9", progress=False)
    found = diagnose(X, queries=queries, progress=False).to_dict()

    for plan in ({**judged.to_dict(), "diagnosis": found}, plain.to_dict()):
        page = Reader(plan_page(plan))
        assert ([], []) == (page.open, page.unclosed)
        assert plan["spec"] in page.text
        assert "None" not in page.text
        assert f"{len(plan['table']):,}" in page.text
        assert as_markdown(plan)
    front = {i for i, row in enumerate(plan["table"]) if row["front"]}
    assert front == Field.of(plan, "recall@10").front


def test_data_is_the_plan(plan: Plain) -> None:
    """What the script reads is what was given, number for number."""
    page = plan_page(plan)

    (data,) = re.findall(r'<script type="application/json" id="plan">(.*?)</script>', page)

    assert plan == json.loads(data)


def test_nothing_is_loaded_from_anywhere(plan: Plain) -> None:
    """No element names an address; the policy allows this page's style and script and nothing else."""
    page = Reader(plan_page(plan))
    (policy,) = [a["content"] for t, a in page.elements if a.get("http-equiv") == "Content-Security-Policy"]

    addresses = {a[name] for _, a in page.elements for name in ("src", "href", "action", "data") if name in a}

    assert {"data:,"} == {address for address in addresses if not str(address).startswith("#")}
    assert policy is not None
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    assert not any(name == "style" or name.startswith("on") for _, a in page.elements for name in a)


def test_text_stays_text(plan: Plain) -> None:
    """Markup in specs, queries, reasons and findings is shown and never read as markup."""
    clean = Reader(plan_page(plan))
    plan["per_query"]["worst"][0]["text"] = EVIL
    plan["reason"] = plan["families"][0]["why_not"] = plan["table"][3]["why_not"] = EVIL
    plan["table"][4]["spec"] = plan["budget"]["text"] = EVIL
    plan["diagnosis"]["findings"][0]["meaning"] = EVIL

    page = plan_page(plan)
    read = Reader(page)

    # A long name may take the room of a label, and breaks at its commas.
    first, second = ([t for t, _ in each.elements if t not in ("wbr", "text")] for each in (clean, read))
    assert first == second
    assert EVIL.replace("\ud800", "?") in read.text
    assert page.encode()
    assert "<" not in as_data({"text": EVIL})


def test_ids_are_unique_and_references_arrive(plan: Plain) -> None:
    """Labels and shapes are found by what names them."""
    elements = Reader(plan_page(plan)).elements
    ids = [a["id"] for _, a in elements if "id" in a]
    wanted = {str(a["href"])[1:] for _, a in elements if str(a.get("href", "")).startswith("#")}
    wanted |= {str(a[n]) for _, a in elements for n in ("aria-labelledby", "aria-describedby") if n in a}

    assert len(ids) == len(set(ids))
    assert set() == wanted - set(ids)


def test_points_lie_where_the_numbers_say(plan: Plain) -> None:
    """Each measured candidate has one point a measure; more bytes lie right, more quality higher."""
    page = plan_page(plan)
    for measure in ("recall@10", "ndcg@10"):
        figure = page.split(f'data-measure="{measure}"')[1].split("</figure>")[0]
        points = re.findall(
            r'<g class="point [^"]*" data-row="(\d+)".*?<use href="#\w+" x="([\d.]+)%" y="([\d.]+)%">', figure
        )
        rows = {int(number): (float(x), float(y)) for number, x, y in points}

        assert drawn(plan, measure) == set(rows)
        by_size = sorted(rows, key=lambda i: plan["table"][i]["bytes_per_vector"])
        by_quality = sorted(rows, key=lambda i: plan["table"][i][measure]["mean"])
        assert [rows[i][0] for i in by_size] == sorted(x for x, _ in rows.values())
        assert [rows[i][1] for i in by_quality] == sorted((y for _, y in rows.values()), reverse=True)


@pytest.mark.parametrize("measure", ["recall@10", "ndcg@10"])
def test_front_is_what_no_other_beats(plan: Plain, measure: str) -> None:
    """By every measure a member has more quality than all that take no more bytes."""
    field = Field.of(plan, measure)

    best = {
        number
        for number, row in field.rows.items()
        if not any(
            other[measure]["mean"] >= row[measure]["mean"]
            for other in field.rows.values()
            if other is not row and other["bytes_per_vector"] <= row["bytes_per_vector"]
        )
    }

    assert best == field.front


def test_pages_hold_without_what_can_be_missing(plan: Plain) -> None:
    """No judgments, floors, budget, families, worst queries or diagnosis: what is left is said."""
    page = Reader(plan_page(bare(plan)))

    assert ([], []) == (page.open, page.unclosed)
    assert "nDCG" not in page.text
    assert "None" not in page.text
    assert "nan" not in page.text


def test_a_single_candidate_is_a_page(plan: Plain) -> None:
    """One point has axes, a label and a row."""
    only = [row for row in plan["table"] if row["chosen"]]

    page = plan_page({**plan, "table": only})

    assert 2 == page.count('class="point ')
    assert 'class="label chosen"' in page


def test_a_budget_beyond_all_candidates_does_not_stretch_the_axis(plan: Plain) -> None:
    """2 GB for a few rows bounds nothing: no line is drawn, and the points keep their room."""
    page = plan_page({**plan, "budget": {"text": "2GB", "bytes_per_vector": 2e6}})

    assert "limit budget" not in page
    assert ">2,048</text>" not in page
    assert "limit budget" in plan_page(plan)


def test_candidates_that_all_failed_are_a_page(plan: Plain) -> None:
    """Where nothing could be drawn the page says so, and the table still holds the reasons."""
    failed = [{**row, "recall@10": None, "ndcg@10": None, "why_not": "It broke."} for row in plan["table"]]

    page = Reader(plan_page({**plan, "table": failed}))

    assert "No candidate could be measured" in page.text
    assert page.text.count("It broke.") == len(failed) - 1


def test_figures_read_as_they_are_said(plan: Plain) -> None:
    """The table shows a dash for what was not measured, never a zero or a None."""
    page = plan_page(plan)
    failed = next(i for i, row in enumerate(plan["table"]) if row["recall@10"] is None)

    row = page.split(f'<tr data-row="{failed}"')[1].split("</tr>")[0]

    assert '<td class="number" data-value="">–</td>' in row


def test_diagnosis_is_a_page(plan: Plain) -> None:
    """Findings, spectrum and histograms stand alone too, the ones that need attention first."""
    page = Reader(diagnosis_page(plan["diagnosis"]))

    assert ([], []) == (page.open, page.unclosed)
    assert all(
        each["name"] in page.text and each["meaning"] in page.text for each in plan["diagnosis"]["findings"]
    )
    assert page.text.index("attention") < page.text.index("fine")


@pytest.mark.parametrize("suffix", [".html", ".HTM", ".md", ".json"])
def test_report_is_written_by_suffix_and_whole(plan: Plain, tmp_path: Path, suffix: str) -> None:
    """What was there is replaced, and nothing is left beside it."""
    path = tmp_path / f"report{suffix}"
    path.write_text("old")

    write_report(path, plan)

    assert [path] == list(tmp_path.iterdir())
    assert plan["spec"] in path.read_text(encoding="utf-8")


def test_report_refuses_what_it_cannot_write(plan: Plain, tmp_path: Path) -> None:
    """Another suffix and a folder that is not there each get their sentence."""
    with pytest.raises(InvalidInput, match=r"\.pdf"):
        write_report(tmp_path / "report.pdf", plan)
    with pytest.raises(FileError, match="does not exist"):
        write_report(tmp_path / "nowhere" / "report.html", plan)


def test_json_report_is_the_plan(plan: Plain, tmp_path: Path) -> None:
    """JSON goes out as it came in."""
    write_report(tmp_path / "plan.json", plan)

    assert plan == json.loads((tmp_path / "plan.json").read_text())


def test_markdown_keeps_its_cells(plan: Plain) -> None:
    """A bar or a line break in a text does not end a cell; forecast and families are there."""
    plan["table"][0]["why_not"] = "one\ntwo | three"

    page = as_markdown(plan)

    widths = [len(re.findall(r"(?<!\\)\|", line)) for line in page.splitlines() if line.startswith("| ")]
    assert {4, 7} == set(widths)
    assert "one two \\| three" in page
    assert "extrapolated to 1,000,000 rows" in page
    assert "| int8 | `flat \\| pca192,int8` | **chosen** |" in page
