"""Who chooses and who measures: two sets of queries with nothing in common."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lilliput.advisor.measure import Grades, Ids
from lilliput.advisor.rows import Base
from lilliput.errors import InvalidInput, WrongType
from lilliput.io.arrays import FloatArray

CHOOSING = 1_000
MEASURING = 4_096
HELD_OUT = 5  # of the rows at most a fifth choose and a fifth measure; the others are fitted on
LEAST_ROWS = 20
LEAST_QUERIES = 4


@dataclass(frozen=True)
class Split:
    """Queries that choose, queries that measure, and the rows to fit on.

    Attributes
    ----------
    choosing, measuring:
        float32 (m, d).
    own:
        Row numbers of the queries, those that choose and those that measure; None where queries are no rows.
    grades:
        Judgments likewise.
    fit:
        Numbers of the rows that codecs are fitted on: all but the queries.
    learning:
        float32 (m, d), real queries for stages that learn from such, none of them among those that measure;
        None where queries are rows.
    numbers:
        Which of the queries, or of the rows, measure: what the caller knows them by.
    """

    choosing: FloatArray
    measuring: FloatArray
    own: tuple[Ids, Ids] | None
    grades: tuple[Grades, Grades] | None
    fit: Ids
    learning: FloatArray | None
    numbers: Ids

    @property
    def queries(self) -> FloatArray | None:
        """All real queries; None where queries are rows."""
        return None if self.learning is None else np.concatenate([self.learning, self.measuring])

    @property
    def judged(self) -> Ids:
        """The rows that somebody judged, ascending."""
        return judged_rows([one for part in self.grades or () for one in part])


def held_out_rows(base: Base, rng: np.random.Generator) -> Split:
    """Let rows play queries.

    Raises
    ------
    InvalidInput
        For too few rows to hold any out.
    """
    rows = base.rows
    n = len(rows)
    if n < LEAST_ROWS:
        raise InvalidInput(
            f"X has {n} rows; advice needs at least {LEAST_ROWS}, or real queries beside them: pass queries."
        )
    order = rng.permutation(n)
    first = min(CHOOSING, n // HELD_OUT)
    second = first + min(MEASURING, n // HELD_OUT)
    choosing, measuring, fit = (np.sort(part) for part in np.split(order, [first, second]))
    numbers = base.numbers[measuring]
    return Split(rows[choosing], rows[measuring], (choosing, measuring), None, fit, None, numbers)


def given_queries(base: Base, queries: FloatArray, grades: Grades | None, rng: np.random.Generator) -> Split:
    """Split real queries in two halves, the judged ones as evenly as the others.

    Raises
    ------
    InvalidInput
        For too few queries, no rows, or judgments of rows that there are not.
    """
    if len(queries) < LEAST_QUERIES:
        raise InvalidInput(
            f"There are {len(queries)} queries; at least {LEAST_QUERIES} are needed, as half of them choose "
            "and half measure. Without queries, rows of X are used."
        )
    if not len(base.rows):
        raise InvalidInput("X has no rows; pass at least one.")
    order = rng.permutation(len(queries))
    if grades is not None:
        judged = np.array([any(grade > 0 for grade in grades[place].values()) for place in order])
        order = order[np.argsort(~judged, kind="stable")]
        grades = _renumbered(grades, base)
    halves = np.sort(order[0::2][:CHOOSING]), np.sort(order[1::2][:MEASURING])
    parts = None
    if grades is not None:
        parts = ([grades[place] for place in halves[0]], [grades[place] for place in halves[1]])
    fit = np.arange(len(base.rows))
    learning = queries[np.sort(order[0::2])]
    return Split(queries[halves[0]], queries[halves[1]], None, parts, fit, learning, halves[1])


def read_grades(qrels: Any, queries: FloatArray | None) -> Grades | None:
    """Take judgments in either form.

    Raises
    ------
    InvalidInput
        Without queries, for another number of queries, when no grade is above 0, and for grades that are no
        numbers.
    WrongType
        For anything that holds no mappings.
    """
    if qrels is None:
        return None
    if queries is None:
        raise InvalidInput("qrels were given without queries; pass the queries that were judged.")
    wanted = "pass one mapping from row number to grade for each query"
    if isinstance(qrels, Mapping):
        strange = [query for query in qrels if query not in range(len(queries))]
        if strange:
            raise InvalidInput(
                f"qrels judge the query {strange[0]!r} and there are {len(queries)}; {wanted}."
            )
        qrels = [qrels.get(place, {}) for place in range(len(queries))]
    if not isinstance(qrels, Sequence) or not all(isinstance(grades, Mapping) for grades in qrels):
        raise WrongType(f"qrels are a {type(qrels).__name__} of something else than mappings; {wanted}.")
    if len(qrels) != len(queries):
        raise InvalidInput(f"qrels judge {len(qrels)} queries and there are {len(queries)}; {wanted}.")
    try:
        read = [{int(row): float(grade) for row, grade in grades.items()} for grades in qrels]
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"qrels hold something that is no number: {error}; {wanted}.") from error
    if sum(any(grade > 0 for grade in grades.values()) for grades in read) < LEAST_QUERIES:
        raise InvalidInput(
            f"qrels find a relevant row for fewer than {LEAST_QUERIES} queries; leave them out."
        )
    return read


def judged_rows(grades: Grades | None) -> Ids:
    """List the rows that somebody judged, ascending."""
    return np.unique(np.array([row for judged in grades or [] for row in judged], dtype=np.int64))


def _renumbered(grades: Grades, base: Base) -> Grades:
    """Turn numbers of the whole into places of the rows that are measured on."""
    rows = judged_rows(grades)
    strange = rows[(rows < 0) | (rows >= base.total)]
    if len(strange):
        raise InvalidInput(f"qrels judge the row {strange[0]} and X has the rows 0 to {base.total - 1}.")
    place = dict(zip(rows.tolist(), np.searchsorted(base.numbers, rows).tolist(), strict=True))
    return [{place[row]: grade for row, grade in judged.items()} for judged in grades]
