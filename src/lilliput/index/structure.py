"""What every structure offers an index, and the table of them."""

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lilliput.errors import InvalidSpec
from lilliput.index.effort import Effort
from lilliput.index.flat import Flat
from lilliput.index.ids import IdArray
from lilliput.index.state import State
from lilliput.spec import Stage

FloatArray = NDArray[np.float32]


class Structure(Protocol):
    """Finds rows in a state; holds nothing that changes while it searches."""

    def search(
        self, state: State, queries: FloatArray, k: int, effort: Effort, rows: IdArray | None, threads: int
    ) -> tuple[IdArray, FloatArray]:
        """Give the k best rows (m, k) and their internal scores, larger is better."""

    def efforts(self, state: State, ks: Sequence[int]) -> list[Effort]:
        """Give the efforts that calibration tries, least first."""

    def at_efforts(
        self, state: State, queries: FloatArray, ks: Sequence[int], efforts: Sequence[Effort], threads: int
    ) -> Iterator[tuple[int, Effort, IdArray]]:
        """Yield (k, effort, rows (m, k)), by k and rising effort, sharing what work can be shared."""


STRUCTURES = {"flat": Flat}


def build(stage: Stage) -> Structure:
    """Make the structure that a spec names.

    Raises
    ------
    InvalidSpec
        When it has numbers or options that it does not know.
    """
    if stage.numbers or stage.options:
        raise InvalidSpec(
            f"'{stage}' has numbers or options and {stage.name} takes none; write {stage.name}."
        )
    return STRUCTURES[stage.name]()
