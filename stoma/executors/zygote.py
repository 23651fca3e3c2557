"""An attempt in a process forked from a warm parent: it starts within milliseconds. Linux only."""

import logging
from collections import deque
from collections.abc import Sequence
from errno import EAGAIN
from pathlib import Path
from typing import Self

from stoma.clock import Clock
from stoma.exceptions import PreloadError
from stoma.executors.base import AttemptSpec, Launch
from stoma.executors.supervision.executor import ProcessExecutor
from stoma.executors.supervision.memory import KernelKills
from stoma.executors.supervision.watch import Process
from stoma.executors.supervision.zygote_link import COMMAND, Patience, ZygoteLink

_log = logging.getLogger(__name__)

#: More zygotes than this within a minute are not tried.
_LIVES_PER_MINUTE = 5


class ZygoteExecutor(ProcessExecutor):
    """Forks each attempt from a small process that has imported everything once.

    If that process dies its attempts die with it, and the next attempt gets a new one.
    """

    def __init__(
        self,
        launch: Launch,
        clock: Clock,
        *,
        kills: KernelKills | None = None,
        patience: Patience | None = None,
        command: Sequence[str] = COMMAND,
    ) -> None:
        super().__init__(launch, clock, kills=kills)
        self._clock = clock
        self._patience = patience or Patience()
        self._command = command
        self._zygote: ZygoteLink | None = None
        self._born: deque[float] = deque(maxlen=_LIVES_PER_MINUTE)

    def __enter__(self) -> Self:
        super().__enter__()
        try:
            self._living(self._patience.ready)
        except OSError as error:
            _log.warning("no attempt can be started at present: %s", error)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        super().__exit__(None, None, None)
        if self._zygote is not None:
            self._zygote.close()

    def _start(self, spec: AttemptSpec, output: int, folder: Path) -> Process:
        try:
            zygote = self._living(self._patience.ready_again)
        except PreloadError as error:
            # It could be had before: what is wrong with the installation now may be put right.
            raise BlockingIOError(EAGAIN, str(error)) from error
        return zygote.fork(self._orders(spec, folder, zygote.pid), output)

    def _living(self, patience_seconds: float) -> ZygoteLink:
        """Return a zygote that can fork.

        Raises:
            OSError: There is none at the moment.
            PreloadError: There can not be one.
        """
        if self._zygote is None or self._zygote.dead:
            now = self._clock.monotonic()
            if len(self._born) == _LIVES_PER_MINUTE and now - self._born[0] < 60:
                raise BlockingIOError(EAGAIN, f"{_LIVES_PER_MINUTE} zygotes died within a minute")
            self._zygote = ZygoteLink(self._launch, self._supervisor, self._patience, self._command)
            self._born.append(now)
        self._zygote.wait(patience_seconds)
        return self._zygote
