"""Packed codes: row bytes, then factors, in their order and little-endian."""

import numpy as np
import pytest

from lilliput.codecs.layout import Layout, Rows

ROWS = np.arange(12, dtype=np.uint8).reshape(4, 3)
ALPHA = np.array([1.5, -2, 0, 3e-3], np.float32)
BETA = np.array([-7, 0.25, 1e9, -0.0], np.float32)
SHIFT = np.array([0.5, 6, -1e-9, 2], np.float32)


@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("beta", [False, True])
@pytest.mark.parametrize("shift", [False, True])
def test_packing_comes_apart_again(alpha: bool, beta: bool, shift: bool) -> None:
    """Bytes and factors lie where they should and come back to the bit."""
    layout = Layout("i8", 3, 3, alpha, beta, shift)
    rows = Rows(ROWS, ALPHA if alpha else None, BETA if beta else None, SHIFT if shift else None)

    codes = layout.pack(rows)

    assert (4, 3 + 4 * (alpha + beta + shift)) == codes.shape == (4, layout.code_size)
    expected = (
        ROWS[2].tobytes() + alpha * ALPHA[2].tobytes() + beta * BETA[2].tobytes() + shift * SHIFT[2].tobytes()
    )
    assert expected == codes[2].tobytes()
    for before, after in zip(rows, layout.unpack(codes), strict=True):
        assert (before is None) == (after is None)
        assert before is None or (after is not None and before.tobytes() == after.tobytes())


def test_codes_without_factors_are_not_copied() -> None:
    """Packing and unpacking them costs nothing."""
    layout = Layout("bits", 24, 3, alpha=False, beta=False)

    assert layout.pack(Rows(ROWS, None, None)) is ROWS
    assert np.shares_memory(ROWS, layout.unpack(ROWS).rows)


def test_room_has_the_shape_of_the_layout() -> None:
    """Factors are there where the layout has them."""
    room = Layout("i8", 3, 3, alpha=True, beta=False).allocate(5)

    assert (5, 3) == room.rows.shape
    assert room.alpha is not None
    assert (5,) == room.alpha.shape
    assert room.beta is None
