"""Options and numbers of the transforms: what is refused, and how it is said."""

import numpy as np
import pytest

from lilliput.codecs.codec import Codec
from lilliput.errors import InvalidInput, InvalidSpec

X = np.eye(24, dtype=np.float32)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("whiten(shrinkage=2)", "gives '2' where a number from 0 to 1"),
        ("whiten(shrinkage=nan)", "gives 'nan' where"),
        ("whiten(shrinkage=much)", "gives 'much' where"),
        ("whiten(keep=3)", "option 'keep' and whiten has shrinkage"),
        ("whiten0", "keeps nothing"),
        ("whiten3x4", "2 numbers"),
        ("clip3", "write clip with no number"),
        ("clip(z=0)", "gives '0' where a number from 0.1"),
        ("clip(z=3,quantile=0.9)", "2 options and can have one; keep one of z, quantile"),
        ("clip(quantile=0.2)", "from 0.5 to 1"),
        ("fft", "write fftN"),
        ("fft4(keep=lowest)", "keeps 'lowest'; leave it out for the lowest"),
        ("jl4(dense=1)", "option 'dense' and jl has none"),
        ("jl", "write jlN"),
        ("affine8", "'affine8' stands for a fitted scikit-learn transformer"),
        ("subspace8", "'subspace8' stands for a fitted scikit-learn transformer"),
        ("opaque8", "'opaque8' stands for a fitted scikit-learn transformer"),
    ],
)
def test_bad_spellings_are_refused(spec: str, words: str) -> None:
    """With the stage and what to write."""
    with pytest.raises(InvalidSpec, match=words):
        Codec(f"{spec},f32").fit(X)


@pytest.mark.parametrize("spec", ["whiten25", "jl25", "fft25", "fft25(keep=energy)"])
def test_no_more_dimensions_are_kept_than_there_are(spec: str) -> None:
    """Both numbers are told."""
    with pytest.raises(InvalidInput, match="keeps 25 dimensions and its vectors have 24"):
        Codec(f"{spec},f32").fit(X)
