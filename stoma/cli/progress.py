"""How far a collection or a simulation has come: a bar on stderr, for whoever waits there."""

import sys
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Self

from stoma.pipeline import Progress as Step
from stoma.text import safe

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

#: What is done sooner needs no bar.
PATIENCE_SECONDS = 1.0


class CollectingBar:
    """A progress bar that appears when the work takes more than a moment; use it in a `with`.

    Args:
        title: What is being done.
        patience_seconds: How long nothing is shown.
    """

    def __init__(self, title: str, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._title = safe(title)
        self._timer = threading.Timer(patience_seconds, self._show)
        self._timer.daemon = True
        self._lock = threading.Lock()
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._done = 0
        self._expected: int | None = None
        self._over = False

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        with self._lock:
            self._over = True
            if self._bar is not None:
                self._bar.stop()

    def see(self, step: Step) -> None:
        """Take note of one stored page."""
        with self._lock:
            self._done, self._expected = step.total.items, step.expected
            self._update()

    def reached(self, share: float) -> None:
        """Take note of which part is done, of what has no pages: from 0 to 1."""
        with self._lock:
            self._done, self._expected = int(100 * share), 100
            self._update()

    def _show(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            SpinnerColumn,
            TextColumn,
            TimeElapsedColumn,
        )

        with self._lock:
            if self._over:
                return
            self._bar = Progress(
                SpinnerColumn(),
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=24),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._task = self._bar.add_task(self._title, total=None)
            self._update()
            self._bar.start()

    def _update(self) -> None:
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=self._done, total=self._expected)
