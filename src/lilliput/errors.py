"""Every error Lilliput raises, as one tree.

LilliputError
├── InvalidInput(ValueError)        an argument, array or vector that cannot be used
│   ├── InvalidSpec                 a spec that does not parse, with the nearest names
│   ├── NotFitted                   a codec or index used before `fit`
│   └── OverBudget                  no plan fits; `smallest` is the least number of bytes a vector that does
├── WrongType(TypeError)            an argument of a type that is never accepted
│   └── NotSavable                  a codec with a stage that has no file form
├── UnknownId(KeyError)             an id that is not stored
├── FileError(OSError)              a file or folder that cannot be read or written
│   ├── CorruptFile                 the bytes are not what their checksums or lengths promise
│   └── UnsupportedVersion          written by a newer version; names the one that is needed
├── DatasetMissing(FileError)       a data set that is not on this machine
├── ReadOnly(RuntimeError)          a change asked of something that was opened mapped
├── MissingExtra(ImportError)       an optional dependency; the message holds the command that installs it
└── Cancelled(RuntimeError)         a progress callback said stop; the old state stays

LilliputWarning(UserWarning) is the one warning category.

Each message says what came, what was wanted and what to do.
"""


class LilliputError(Exception):
    """The base of every error that the library raises on purpose."""


class InvalidInput(LilliputError, ValueError):
    """An argument, array or vector cannot be used."""


class InvalidSpec(InvalidInput):
    """A spec does not parse or names something unknown."""


class NotFitted(InvalidInput):
    """A codec or index was used before `fit`."""


class OverBudget(InvalidInput):
    """No candidate fits the budget.

    Attributes
    ----------
    smallest:
        The least number of bytes a vector that some candidate reaches.
    """

    def __init__(self, message: str, smallest: float) -> None:
        super().__init__(message)
        self.smallest = smallest


class WrongType(LilliputError, TypeError):
    """An argument has a type that is never accepted."""


class NotSavable(WrongType):
    """A codec holds a stage that has no file form."""


class UnknownId(LilliputError, KeyError):
    """An id is not stored."""

    def __str__(self) -> str:
        """Give the sentence itself; KeyError would print its repr."""
        return str(self.args[0]) if self.args else ""


class FileError(LilliputError, OSError):
    """A file or folder cannot be read or written."""


class CorruptFile(FileError):
    """The bytes are not what their checksums or lengths promise."""


class UnsupportedVersion(FileError):
    """The file was written by a newer version."""


class DatasetMissing(FileError):
    """A data set is not on this machine."""


class ReadOnly(LilliputError, RuntimeError):
    """A change was asked of something that was opened mapped."""


class MissingExtra(LilliputError, ImportError):
    """An optional dependency is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"{package} is not installed and this needs it; run: pip install 'lilliput[{extra}]'"
        )
        self.package = package
        self.extra = extra


class Cancelled(LilliputError, RuntimeError):
    """A progress callback returned False; nothing was changed."""


class LilliputWarning(UserWarning):
    """Something was done, but not quite what was asked."""
