"""Rankings judged: recall that counts ties, nDCG, MAP, MRR, precision and hits, a value for each query."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lilliput.errors import InvalidInput

Gains = Literal["linear", "exp"]
Qrels = Sequence[Mapping[int, float]]

TIE_TOLERANCE = 2e-6


def recall_at_k(
    found: ArrayLike,
    found_scores: ArrayLike,
    truth_scores: ArrayLike,
    k: int,
    *,
    larger_is_better: bool,
    tolerance: float = TIE_TOLERANCE,
) -> NDArray[np.float64]:
    """Measure which part of the true k nearest was found, counting a tie with the k-th as true.

    Comparing ids alone punishes an answer for the order of equals. Here an id counts when its exact score is
    at least as good as the k-th true score, so that any choice among equals is right.

    Parameters
    ----------
    found:
        int64 (m, >= k), ids best first; -1 where nothing was found. The first k are judged, each id once.
    found_scores:
        (m, >= k), the exact scores of `found`, from `exact_scores`; NaN where the id is -1.
    truth_scores:
        (m, >= k), the true scores best first, from `exact_neighbours`; NaN where there are fewer rows than k.
    k:
        How many neighbours were wanted.
    larger_is_better:
        False for squared distances.
    tolerance:
        What rounding may cost, relative to the largest true score of the query in magnitude.

    Returns
    -------
    float64 (m,)
        Each in [0, 1]; the divisor is the number of true neighbours there are, at most k.

    Raises
    ------
    InvalidInput
        Shapes that do not agree, or k below 1.

    Examples
    --------
    >>> from lilliput.evaluate import recall_at_k
    >>> recall_at_k([[4, 7]], [[0.9, 0.5]], [[0.9, 0.5]], 2, larger_is_better=True).tolist()
    [1.0]
    """
    ids = np.asarray(found, dtype=np.int64)
    sign = 1.0 if larger_is_better else -1.0
    scores = sign * np.asarray(found_scores, dtype=np.float64)
    truth = sign * np.asarray(truth_scores, dtype=np.float64)
    if k < 1 or ids.ndim != 2 or truth.ndim != 2 or scores.shape != ids.shape or len(truth) != len(ids):
        raise InvalidInput(
            f"found {ids.shape}, found_scores {scores.shape}, truth_scores {truth.shape} were given, k={k}; "
            "all must have a row a query, found and its scores the same shape, and k must be at least 1."
        )
    if truth.shape[1] < k:
        raise InvalidInput(f"The truth holds {truth.shape[1]} neighbours a query; recall@{k} needs {k}.")
    ids, scores, truth = ids[:, :k], scores[:, :k], truth[:, :k]
    there = np.isfinite(truth)
    wanted = there.sum(axis=1)
    scale = np.max(np.abs(truth), axis=1, initial=0.0, where=there)
    worst = np.min(truth, axis=1, initial=np.inf, where=there)
    good = (ids >= 0) & _first_of_each(ids) & (scores >= (worst - tolerance * scale)[:, None])
    recall: NDArray[np.float64] = np.minimum(good.sum(axis=1), wanted) / np.maximum(wanted, 1)
    return recall


def ndcg_at_k(run: ArrayLike, qrels: Qrels, k: int, *, gains: Gains = "linear") -> NDArray[np.float64]:
    """Measure the graded quality of the first k answers against the best order there is.

    Parameters
    ----------
    run:
        int64 (m, any), ids best first; -1 is an empty place. Places after the k-th do not count.
    qrels:
        For each query, the grade of each judged id; what is not judged, and a grade below 0, is 0.
    k:
        Cut-off.
    gains:
        "linear": the grade; "exp": 2 ** grade - 1.

    Returns
    -------
    float64 (m,)
        Each in [0, 1]; 0 for a query without a positive grade.

    Raises
    ------
    InvalidInput
        Unknown gains, k below 1, or a number of queries that differs.

    Notes
    -----
    Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS 2002.

    Examples
    --------
    >>> from lilliput.evaluate import ndcg_at_k
    >>> ndcg_at_k([[3, 8]], [{3: 2.0, 8: 1.0}], 10).tolist()
    [1.0]
    """
    if gains not in ("linear", "exp"):
        raise InvalidInput(f"gains={gains!r} was given; it is 'linear' or 'exp'.")
    ids, grades = _judged(run, qrels, k)
    ideal = np.zeros_like(grades)
    for query, judged in enumerate(qrels):
        best = sorted((max(float(grade), 0.0) for grade in judged.values()), reverse=True)[: ideal.shape[1]]
        ideal[query, : len(best)] = best
    if gains == "exp":
        grades, ideal = np.exp2(grades) - 1, np.exp2(ideal) - 1
    discount = 1 / np.log2(np.arange(ids.shape[1]) + 2)
    best_gain = ideal @ discount
    return np.divide(grades @ discount, best_gain, out=np.zeros(len(ids)), where=best_gain > 0)


def mrr_at_k(run: ArrayLike, qrels: Qrels, k: int) -> NDArray[np.float64]:
    """Measure one over the place of the first relevant answer.

    Parameters
    ----------
    run, qrels, k:
        As for `ndcg_at_k`; an id is relevant when its grade is above 0.

    Returns
    -------
    float64 (m,)
        0 where none of the first k is relevant.

    Raises
    ------
    InvalidInput
        k below 1, or a number of queries that differs.

    Examples
    --------
    >>> from lilliput.evaluate import mrr_at_k
    >>> mrr_at_k([[5, 3]], [{3: 1.0}], 10).tolist()
    [0.5]
    """
    _, grades = _judged(run, qrels, k)
    relevant = grades > 0
    return np.where(relevant.any(axis=1), 1 / (1.0 + relevant.argmax(axis=1)), 0.0)


def map_at_k(run: ArrayLike, qrels: Qrels, k: int) -> NDArray[np.float64]:
    """Measure average precision: the precision at each relevant answer, averaged over all that are relevant.

    It rewards relevant answers the more, the fewer others stand before them; its mean over queries is MAP.

    Parameters
    ----------
    run, qrels, k:
        As for `ndcg_at_k`; an id is relevant when its grade is above 0.

    Returns
    -------
    float64 (m,)
        Each in [0, 1]; the divisor is the number of relevant ids there are, also where that is more than k. 0
        for a query without a relevant id.

    Raises
    ------
    InvalidInput
        k below 1, or a number of queries that differs.

    Notes
    -----
    Buckley and Voorhees, "Evaluating evaluation measure stability", SIGIR 2000.

    Examples
    --------
    >>> from lilliput.evaluate import map_at_k
    >>> map_at_k([[3, 5, 4]], [{3: 1.0, 4: 1.0}], 10).round(4).tolist()
    [0.8333]
    """
    _, grades = _judged(run, qrels, k)
    relevant = grades > 0
    precision = relevant.cumsum(axis=1) / (1 + np.arange(k))
    average: NDArray[np.float64] = (precision * relevant).sum(axis=1) / np.maximum(_relevant(qrels), 1)
    return average


def precision_at_k(run: ArrayLike, qrels: Qrels, k: int) -> NDArray[np.float64]:
    """Measure which part of the first k places holds a relevant answer.

    Parameters
    ----------
    run, qrels, k:
        As for `ndcg_at_k`; an id is relevant when its grade is above 0.

    Returns
    -------
    float64 (m,)
        The divisor is k, also where the run is shorter.

    Raises
    ------
    InvalidInput
        k below 1, or a number of queries that differs.

    Examples
    --------
    >>> from lilliput.evaluate import precision_at_k
    >>> precision_at_k([[5, 3]], [{3: 1.0, 4: 1.0}], 2).tolist()
    [0.5]
    """
    _, grades = _judged(run, qrels, k)
    share: NDArray[np.float64] = (grades > 0).sum(axis=1) / k
    return share


def hit_rate_at_k(run: ArrayLike, qrels: Qrels, k: int) -> NDArray[np.float64]:
    """Measure whether any of the first k answers is relevant.

    Parameters
    ----------
    run, qrels, k:
        As for `ndcg_at_k`; an id is relevant when its grade is above 0.

    Returns
    -------
    float64 (m,)
        1 or 0; the mean is the share of queries that were served.

    Raises
    ------
    InvalidInput
        k below 1, or a number of queries that differs.

    Examples
    --------
    >>> from lilliput.evaluate import hit_rate_at_k
    >>> hit_rate_at_k([[5, 3], [5, 6]], [{3: 1.0}, {3: 1.0}], 2).tolist()
    [1.0, 0.0]
    """
    _, grades = _judged(run, qrels, k)
    return np.where((grades > 0).any(axis=1), 1.0, 0.0)


def judged_recall_at_k(run: ArrayLike, qrels: Qrels, k: int) -> NDArray[np.float64]:
    """Measure which part of the relevant ids lies among the first k answers.

    Parameters
    ----------
    run, qrels, k:
        As for `ndcg_at_k`; an id is relevant when its grade is above 0.

    Returns
    -------
    float64 (m,)
        0 for a query without a relevant id.

    Raises
    ------
    InvalidInput
        k below 1, or a number of queries that differs.

    Examples
    --------
    >>> from lilliput.evaluate import judged_recall_at_k
    >>> judged_recall_at_k([[5, 3]], [{3: 1.0, 4: 1.0}], 10).tolist()
    [0.5]
    """
    _, grades = _judged(run, qrels, k)
    share: NDArray[np.float64] = (grades > 0).sum(axis=1) / np.maximum(_relevant(qrels), 1)
    return share


def _relevant(qrels: Qrels) -> NDArray[np.int64]:
    """Count the relevant ids of each query."""
    return np.array([sum(grade > 0 for grade in judged.values()) for judged in qrels], dtype=np.int64)


def _judged(run: ArrayLike, qrels: Qrels, k: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Give the first k ids and their grades; an id that comes twice counts at its first place only."""
    ids = np.asarray(run, dtype=np.int64)
    if k < 1 or ids.ndim != 2 or len(ids) != len(qrels):
        raise InvalidInput(
            f"A run of shape {ids.shape} and the judgments of {len(qrels)} queries were given for k={k}; "
            "both must have the same queries, the run two dimensions, and k must be at least 1."
        )
    places = np.full((len(ids), k), -1, dtype=np.int64)
    places[:, : ids.shape[1]] = ids[:, :k]
    grades = np.zeros(places.shape)
    for query, judged in enumerate(qrels):
        grades[query] = [max(float(judged.get(number, 0.0)), 0.0) for number in places[query].tolist()]
    return places, np.where((places >= 0) & _first_of_each(places), grades, 0.0)


def _first_of_each(ids: NDArray[np.int64]) -> NDArray[np.bool_]:
    order = np.argsort(ids, axis=1, kind="stable")
    ordered = np.take_along_axis(ids, order, axis=1)
    first = np.ones(ids.shape, dtype=np.bool_)
    first[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    result = np.empty_like(first)
    np.put_along_axis(result, order, first, axis=1)
    return result
