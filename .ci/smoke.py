"""What an installed wheel must do on every Python: import, encode, search, find each row, draw a page."""

import sys

import numpy as np

import lilliput as lp
from lilliput.advisor.page import diagnosis_page

X = np.random.default_rng(0).standard_normal((500, 64), dtype=np.float32)
index = lp.Index("flat | int8 | f32", metric="cosine", seed=0).fit(X)
index.add(X)
ids, _ = index.search(X, k=3)
if not (ids[:, 0] == np.arange(len(X))).all():
    sys.exit("A row is not its own nearest neighbour.")
if "</style>" not in diagnosis_page(lp.diagnose(X, progress=False).to_dict()):
    sys.exit("The page came out without its style.")
sys.stdout.write(f"lilliput on Python {sys.version.split()[0]}: {len(index)} rows, {index.nbytes} bytes\n")
