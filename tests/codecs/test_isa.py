"""Codes do not depend on the instruction set that made them."""

import os
import subprocess
import sys

from lilliput import _core
from spellings import codecs

ENCODE = """
import hashlib
import sys
import numpy as np
from lilliput.codecs.codec import Codec

rng = np.random.default_rng(0)
sample = (rng.standard_normal((500, 45)) + 0.3).astype(np.float32)
x = (rng.standard_normal((301, 45)) * rng.uniform(1e-3, 1e3, (301, 1))).astype(np.float32)
x[7] = 0
specs = sys.argv[1] + " f32 f16 bf16 f8 f8(format=e5m2) int8 int4 bin"
specs += " int8(scale=dim) int8(scale=global) int4(scale=dim,clip=0.98)"
specs += " lvq1 lvq3 lvq4 pow4(p=0.7)"
specs += " mrl19,int8 pca19,int8 pca45,f16 rotate,pca33,bin"
specs += " leanvec19,int8 infs19,int4 pca(keep=0.9),f8"
specs += " jl19,f32 fft19,f16 fft9(keep=energy),int8 whiten,f32 whiten9,bin clip,jl9,int8"
digest = hashlib.sha256()
for metric in ("ip", "l2", "cosine"):
    for spec in specs.split():
        codec = Codec(spec, metric=metric, seed=1).fit(sample)
        codes = codec.encode(x)
        digest.update(codes.tobytes())
        digest.update(codec.decode(codes).tobytes())
        for part in codec.query(x[:9]):
            digest.update(part.tobytes())
print(digest.hexdigest())
"""


def test_every_instruction_set_gives_the_same_codes() -> None:
    """Codes, decoded vectors and prepared queries are equal to the bit."""
    digests = {}
    for isa in _core.isas():
        run = subprocess.run(
            [sys.executable, "-c", ENCODE, " ".join(codecs(45))],
            env=os.environ | {"LILLIPUT_ISA": isa},
            check=True,
            capture_output=True,
            text=True,
        )
        digests[isa] = run.stdout.strip()

    assert len(set(digests.values())) == 1, digests
