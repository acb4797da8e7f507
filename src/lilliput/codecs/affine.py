"""`affineD`: any map that is a matrix and an offset, such as most fitted scikit-learn transformers are."""

import numpy as np

from lilliput import _core
from lilliput.codecs.base import DoubleArray, Metric, Shapes, take_numbers
from lilliput.codecs.remap import Remap
from lilliput.codecs.subspace import needs_transformer
from lilliput.errors import InvalidInput
from lilliput.io.arrays import FloatArray
from lilliput.spec import Stage


class Affine(Remap):
    """Give ``matrix @ (x - origin) + offset``; backward is the pseudo-inverse, about the origin.

    Under cosine a mapped row has lost its length, but the vector that it came from was a unit vector. So the
    length is looked for that leads back to one.
    """

    _inverse: DoubleArray | None = None

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._out: int | None = self.numbers()

    def numbers(self) -> int | None:
        """Read from the spelling how many numbers come out; None for as many as go in."""
        return take_numbers(self.stage, "the dimensions that come out")[0]

    @classmethod
    def of(cls, matrix: DoubleArray, origin: DoubleArray, offset: DoubleArray) -> "Affine":
        """Make the stage from its arrays, (D, dim), (dim,) and (D,)."""
        made = cls(Stage("affine", (len(matrix),)))
        found = {"matrix": matrix, "origin": origin, "offset": offset}
        made.arrays = {name: np.ascontiguousarray(array, dtype=np.float32) for name, array in found.items()}
        return made

    def __repr__(self) -> str:
        shape = np.shape(self.arrays.get("matrix", ()))[::-1]
        return f"{type(self).__name__}({' to '.join(map(str, shape))})"

    def check(self, dim: int, rows: int | None) -> None:
        """Refuse vectors that the matrix was not made for."""
        matrix = self.arrays.get("matrix")
        if matrix is not None and matrix.shape[1] != dim:
            raise InvalidInput(
                f"The transformer behind '{self.stage}' takes {matrix.shape[1]} dimensions and gets {dim}; "
                "fit it on the vectors that reach it."
            )

    def out_dim(self, dim: int) -> int:
        """Say how many numbers come out."""
        return dim if self._out is None else self._out

    def shapes(self, dim: int, metric: Metric) -> Shapes:
        """Name the matrix, what is subtracted before, and what is added after."""
        out = self.out_dim(dim)
        arrays = {"matrix": (out, dim), "origin": (dim,), "offset": (out,)}
        return {name: ("float32", shape) for name, shape in arrays.items()}

    def learn(self, sample: FloatArray) -> None:
        """Leave the map as it was given.

        Raises
        ------
        InvalidSpec
            When none was.
        """
        if not self.arrays:
            raise needs_transformer(self.stage)

    def there(self, x: FloatArray, threads: int) -> FloatArray:
        """Map rows."""
        y = _core.project(x, self.arrays["matrix"], self.arrays["origin"], threads)
        y += self.arrays["offset"]
        return y

    def back(self, y: FloatArray, dim: int, threads: int) -> FloatArray:
        """Give the vectors nearest to the origin of those whose image is nearest to the rows."""
        if self._inverse is None:
            self._inverse = self.inverse()
        base = self.arrays["origin"] - self._inverse @ self.arrays["offset"]
        part = y @ self._inverse.T
        if self._unit:
            part *= _lengths(part, base)[:, None]
        x: FloatArray = (part + base).astype(np.float32)
        return x

    def inverse(self) -> DoubleArray:
        """Give the pseudo-inverse of the matrix."""
        return np.linalg.pinv(self.arrays["matrix"].astype(np.float64))


def _lengths(part: DoubleArray, base: DoubleArray) -> DoubleArray:
    """Give the s from 0 at which ``base + s * part`` is a unit vector, or as near to one as it comes."""
    a, b, c = np.einsum("ij,ij->i", part, part), part @ base, base @ base - 1
    root = np.sqrt(np.maximum(b * b - a * c, 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        found: DoubleArray = np.where(a > 0, np.maximum((root - b) / a, 0), 0)
    return found
