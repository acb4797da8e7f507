"""What tests of indexes share."""

import numpy as np
import pytest


@pytest.fixture
def rng() -> np.random.Generator:
    """Chance that is the same every time."""
    return np.random.default_rng(20_240_229)
