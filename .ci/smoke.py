"""What an installed wheel must do on every Python: import, encode, search, find each row first."""

import sys

import numpy as np

import lilliput as lp

X = np.random.default_rng(0).standard_normal((500, 64), dtype=np.float32)
index = lp.Index("flat | int8 | f32", metric="cosine", seed=0).fit(X)
index.add(X)
ids, _ = index.search(X, k=3)
if not (ids[:, 0] == np.arange(len(X))).all():
    sys.exit("A row is not its own nearest neighbour.")
sys.stdout.write(f"lilliput on Python {sys.version.split()[0]}: {len(index)} rows, {index.nbytes} bytes\n")
