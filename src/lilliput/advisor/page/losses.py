"""What single queries lose: how many lose how much, and the worst of them by name."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from lilliput.advisor.page.chart import across, bars, drawing, letters, line
from lilliput.advisor.page.elements import Child, Markup, el
from lilliput.advisor.page.numbers import figures, measure_name, share
from lilliput.advisor.page.scale import Scale, linear_scale

Plain = Mapping[str, Any]
TENTHS = [number / 10 for number in range(12)]
RECALL, NDCG, EXACT = "recall@10", "ndcg@10", "ndcg_exact@10"


def losses(queries: Plain) -> list[Child]:
    """Draw how recall, and the change of nDCG, spread over the queries that measured; name the worst."""
    drawn = [_recall(queries[RECALL])]
    if queries.get(NDCG) is not None and queries.get(EXACT) is not None:
        drawn.append(_change(queries[NDCG], queries[EXACT]))
    return [el("div", drawn, class_="pair"), _worst(queries)]


def _recall(found: Sequence[float]) -> Markup:
    counts = [0] * 11
    for value in found:
        counts[round(10 * value)] += 1
    scale = Scale(-0.05, 1.05, (0.0, 0.2, 0.4, 0.6, 0.8, 1.0))
    edges = [value - 0.05 for value in TENTHS]
    return el(
        "figure",
        el("h3", "Recall@10, query by query"),
        _histogram("losses-recall", "Queries by recall@10", edges, counts, scale, "recall@10"),
        el(
            "figcaption",
            f"{share(counts[10], len(found))} of {len(found):,} queries found all of their nearest "
            f"neighbours, {share(sum(counts[:6]), len(found))} found no more than half.",
        ),
    )


def _change(found: Sequence[float], exact: Sequence[float]) -> Markup:
    """Draw nDCG against that of exact search: the codes can gain as well, by luck."""
    changes = [ours - theirs for ours, theirs in zip(found, exact, strict=True)]
    reach = max(0.05, max(map(abs, changes)))
    ends = linear_scale(-reach, reach, wanted=4)
    bound = max(-ends.low, ends.high)
    scale = Scale(-bound, bound, tuple(sorted({tick for each in ends.ticks for tick in (each, -each)})))
    number = 21  # odd, so that no change has a bar of its own
    width = 2 * bound / number
    counts = [0] * number
    for change in changes:
        counts[min(number - 1, int((change + bound) / width))] += 1
    worse, better = sum(change < -1e-9 for change in changes), sum(change > 1e-9 for change in changes)
    edges = [-bound + width * each for each in range(number + 1)]
    return el(
        "figure",
        el("h3", "nDCG@10 against exact search"),
        _histogram("losses-ndcg", "Queries by change of nDCG@10", edges, counts, scale, "change of nDCG@10"),
        el(
            "figcaption",
            f"{worse:,} queries lost, {better:,} gained, {len(changes) - worse - better:,} kept what exact "
            f"search has. On average {sum(changes) / len(changes):+.3f}.".replace("-", "−"),
        ),
    )


def _histogram(
    key: str, title: str, edges: Sequence[float], counts: Sequence[int], scale: Scale, axis: str
) -> Markup:
    highest = max(counts)
    middles = ((left + right) / 2 for left, right in pairwise(edges))
    return drawing(
        key,
        title,
        "; ".join(f"{middle:.2g}: {n}" for middle, n in zip(middles, counts, strict=True) if n),
        across(scale, lambda value: figures(value).replace("-", "−"), axis),
        bars(edges, counts, scale, highest),
        line(0, 100, 100, 100, "base"),
        [
            letters(
                f"{count:,}",
                scale.at((edges[i] + edges[i + 1]) / 2),
                100 - 100 * count / highest,
                down=-5,
                anchor="middle",
                class_="count",
            )
            for i, count in enumerate(counts)
            if count
        ],
        class_="histogram",
    )


def _worst(queries: Plain) -> Markup | None:
    if not queries["worst"]:
        return None
    exact = dict(zip(queries["queries"], queries.get(EXACT) or [], strict=False))
    told = [_query(each, exact.get(each["query"])) for each in queries["worst"]]
    return el("div", el("h3", "The worst queries"), el("ol", told, class_="worst"))


def _query(query: Plain, exact: float | None) -> Markup:
    missed = ", ".join(str(row) for row in query["missed"])
    return el(
        "li",
        el(
            "p",
            [el("q", query["text"]), " "] if query["text"] else None,
            el("span", f"query {query['query']:,}", class_="number"),
        ),
        el("p", " · ".join(_found(query, exact)), class_="value"),
        el("p", f"Missed rows: {missed}.", class_="note") if missed else None,
    )


def _found(query: Plain, exact: float | None) -> Iterator[str]:
    yield f"{measure_name(RECALL)} {query[RECALL]:.3g}"
    if query.get(NDCG) is not None:
        beside = "" if exact is None else f" (exact search {exact:.3f})"
        yield f"{measure_name(NDCG)} {query[NDCG]:.3f}{beside}"
