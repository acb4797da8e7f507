"""Lilliput makes embeddings small, searches them fast and says what was lost."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lilliput import _core as _core
from lilliput import errors as errors
from lilliput.errors import LilliputError, LilliputWarning
from lilliput.limits import LIMITS, Limits

if TYPE_CHECKING:
    from lilliput.advisor.advise import advise
    from lilliput.advisor.plan import Plan
    from lilliput.codecs.codec import Codec, codec
    from lilliput.evaluate.diagnose import Diagnosis, diagnose
    from lilliput.index.hits import Hits, RangeHits
    from lilliput.index.index import Index

__version__ = "0.1.0"

# Where the names live that are imported when they are first touched.
_HOMES = {
    "Codec": "lilliput.codecs.codec",
    "Diagnosis": "lilliput.evaluate.diagnose",
    "Hits": "lilliput.index.hits",
    "Index": "lilliput.index.index",
    "Plan": "lilliput.advisor.plan",
    "RangeHits": "lilliput.index.hits",
    "advise": "lilliput.advisor.advise",
    "codec": "lilliput.codecs.codec",
    "diagnose": "lilliput.evaluate.diagnose",
}

__all__ = [
    "LIMITS",
    "Codec",
    "Diagnosis",
    "Hits",
    "Index",
    "LilliputError",
    "LilliputWarning",
    "Limits",
    "Plan",
    "RangeHits",
    "__version__",
    "advise",
    "codec",
    "diagnose",
    "errors",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'lilliput' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
