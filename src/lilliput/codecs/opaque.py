"""`opaqueD`: a scikit-learn transformer that is no matrix and offset, kept in memory as it is."""

from typing import Any

import numpy as np

from lilliput.codecs.base import take_numbers
from lilliput.codecs.remap import Remap
from lilliput.codecs.subspace import needs_transformer
from lilliput.errors import InvalidInput, NotSavable
from lilliput.io.arrays import FloatArray
from lilliput.spec import Stage


class Opaque(Remap):
    """Call a transformer's own `transform`, block by block, and `inverse_transform` to decode.

    Its code is not ours to put into a file: a codec with such a stage lives in memory. Under cosine a mapped
    row has lost its length; it comes back with the mean length of the sample.
    """

    learns = True

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        (self._out,) = take_numbers(stage, "the dimensions that come out")
        self.transformer: Any = None
        self._length = 1.0

    @classmethod
    def of(cls, transformer: Any, out: int) -> "Opaque":
        """Make the stage around a fitted transformer."""
        made = cls(Stage("opaque", (out,)))
        made.transformer = transformer
        return made

    def check(self, dim: int, rows: int | None) -> None:
        """Refuse vectors that the transformer was not fitted for."""
        if self.transformer is not None and self.transformer.n_features_in_ != dim:
            raise InvalidInput(
                f"{name_of(self.transformer)} takes {self.transformer.n_features_in_} dimensions and gets "
                f"{dim}; fit it on the vectors that reach it."
            )

    def check_savable(self) -> None:
        """Refuse to be saved.

        Raises
        ------
        NotSavable
            Always.
        """
        raise NotSavable(
            f"{name_of(self.transformer)} is no matrix and offset, so it has no form in a file or a pickle; "
            "keep the codec in memory, or transform the vectors before and leave the stage out."
        )

    def out_dim(self, dim: int) -> int:
        """Say how many numbers come out."""
        return self._out

    def learn(self, sample: FloatArray) -> None:
        """Measure how long mapped rows are.

        Raises
        ------
        InvalidSpec
            Without a transformer.
        """
        if self.transformer is None:
            raise needs_transformer(self.stage)
        if self._unit:
            self._length = float(np.linalg.norm(self.there(sample, 0), axis=1).mean())

    def there(self, x: FloatArray, threads: int) -> FloatArray:
        """Transform rows.

        Raises
        ------
        InvalidInput
            For what is no row of numbers for each row.
        """
        y = transformed(self.transformer, x)
        if y.shape != (len(x), self._out):
            raise InvalidInput(
                f"{name_of(self.transformer)} turned rows of shape {x.shape} into {y.shape}, and into "
                f"{self._out} numbers before; use a transformer that gives as many every time."
            )
        return np.ascontiguousarray(y, dtype=np.float32)

    def back(self, y: FloatArray, dim: int, threads: int) -> FloatArray:
        """Transform rows back.

        Raises
        ------
        InvalidInput
            When the transformer cannot.
        """
        if not hasattr(self.transformer, "inverse_transform"):
            raise InvalidInput(
                f"{name_of(self.transformer)} has no inverse_transform, so its codes cannot be decoded; "
                "search them, or use a transformer that has one."
            )
        x = self.transformer.inverse_transform(y * np.float32(self._length) if self._unit else y)
        return np.array(x, dtype=np.float32)


def transformed(transformer: Any, x: Any) -> Any:
    """Call a transformer and refuse what is no matrix of numbers.

    Raises
    ------
    InvalidInput
        When it fails, or gives something else.
    """
    try:
        found = transformer.transform(x)
        y = np.asarray(found)
    except Exception as error:
        raise InvalidInput(
            f"{name_of(transformer)} cannot transform vectors of {x.shape[1]} dimensions ({error}); a stage "
            "takes any vectors of finite numbers."
        ) from error
    if y.ndim != 2 or y.dtype.kind not in "fiub":
        raise InvalidInput(
            f"{name_of(transformer)} gives {name_of(found)} of {y.dtype} and shape {y.shape}; a stage gives "
            "a dense array of numbers, a row for each row."
        )
    return y


def name_of(thing: Any) -> str:
    """Say what a transformer, or what it gave, is called."""
    return type(thing).__name__
