"""Progress of long work: a bar on a terminal, a callback that can cancel, or nothing."""

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Literal

from lilliput.errors import Cancelled

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

ProgressCallback = Callable[[int, int], bool | None]
ProgressOption = Literal[False] | ProgressCallback | None

BAR_AFTER_SECONDS = 1.0


class Track:
    """Report the steps of one piece of work.

    Parameters
    ----------
    progress:
        None draws a bar on a terminal once the work has taken a second, False is silent, a callable is told
        ``(done, total)`` and cancels by returning False.
    total:
        How many steps the work has; 0 when nobody knows.
    label:
        What the bar says.
    after:
        What a cancelled piece of work leaves behind.

    Raises
    ------
    Cancelled
        From a call, when the callable returned False.
    """

    def __init__(
        self, progress: ProgressOption, total: int, label: str, *, after: str = "nothing was changed"
    ) -> None:
        self._callback = progress if callable(progress) else None
        self._draws = progress is None and sys.stderr.isatty()
        self._total = total
        self._label = label
        self._after = after
        self._started = time.monotonic()
        self._bar: Bar | None = None

    def __call__(self, done: int) -> None:
        """Say how many steps are done."""
        if self._callback is not None and self._callback(done, self._total) is False:
            raise Cancelled(f"{self._label} was cancelled after {done} of {self._total}; {self._after}.")
        if self._draws and time.monotonic() - self._started > BAR_AFTER_SECONDS:
            self._draw(done)

    def _draw(self, done: int) -> None:
        if self._bar is None:
            from rich.console import Console
            from rich.progress import Progress as Bar

            self._bar = Bar(console=Console(stderr=True), transient=True)
            self._bar.add_task(self._label, total=self._total or None)
            self._bar.start()
        text = f"{self._label} {done:,} of {self._total:,}" if self._total else self._label
        self._bar.update(self._bar.task_ids[0], completed=done, description=text)

    def __enter__(self) -> "Track":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
