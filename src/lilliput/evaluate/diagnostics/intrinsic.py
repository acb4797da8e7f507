"""What the intrinsic dimension of a set says about compressing it."""

import numpy as np
from numpy.typing import NDArray

from lilliput.codecs.intrinsic import FEWEST, local_dimensions, two_nn
from lilliput.evaluate.diagnostics.finding import Finding, graded

NEIGHBOURS = 20


def findings(distances: NDArray[np.float64], dim: int) -> list[Finding]:
    """Say how curved the set is, over all and from place to place; nothing where rows are too few."""
    found = []
    if distances.shape[1] >= 2:
        value = two_nn(distances[:, 0], distances[:, 1])
        if np.isfinite(value):
            found.append(
                Finding(
                    "two_nn",
                    "intrinsic dimension, global",
                    value,
                    f"{value:.1f} (TwoNN)",
                    f"Rows lie as on a sheet of about {value:.0f} dimensions inside {dim}: "
                    + (
                        "there is room to compress well below one byte a dimension."
                        if value < dim / 4
                        else "little can be left out; prefer more bytes a dimension over fewer dimensions."
                    ),
                )
            )
    local = local_dimensions(distances) if distances.shape[1] >= 3 else np.empty(0)
    if len(local) >= FEWEST:
        value = 1 / float((1 / local).mean())
        low, high = np.quantile(local, [0.1, 0.9])
        concern = graded(value, 25, 50)
        found.append(
            Finding(
                "local_dimension",
                "intrinsic dimension, local",
                value,
                f"{value:.1f} (from {low:.1f} to {high:.1f} around eight of ten rows)",
                "Neighbours differ clearly in distance: coarse codes rank them well."
                if concern == "none"
                else "Neighbours are almost equally far, and coarse codes confuse them: keep a refinement.",
                concern,
            )
        )
    return found
