"""Run under an emulated CPU without AVX: the portable kernels are chosen and give the right rows."""

import runpy
import sys
from pathlib import Path

from lilliput import _core

if _core.isas() != ["portable"]:
    sys.exit(f"An old CPU should offer the portable kernels alone, not {_core.isas()}.")
runpy.run_path(str(Path(__file__).with_name("smoke.py")))
