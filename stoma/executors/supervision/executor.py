"""What executors that give each attempt a process have in common: everything but its start."""

import threading
from abc import ABC, abstractmethod
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from stoma.clock import Clock
from stoma.executors.base import AttemptEnd, AttemptSpec, Launch
from stoma.executors.supervision.child import Orders
from stoma.executors.supervision.memory import KernelKills
from stoma.executors.supervision.supervisor import Supervisor
from stoma.executors.supervision.watch import Process


class ProcessExecutor(ABC):
    """Keeps the promise of `stoma.executors.base.Executor`; to be used in a `with`."""

    def __init__(self, launch: Launch, clock: Clock, *, kills: KernelKills | None = None) -> None:
        self._launch = launch
        self._supervisor = Supervisor(launch, clock, kills)

    def __enter__(self) -> Self:
        self._supervisor.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._supervisor.close()

    def start(self, spec: AttemptSpec, wake: threading.Event) -> None:
        """Begin an attempt; set *wake* when it ends.

        Raises:
            OSError: No process could be had.
        """
        self._supervisor.begin(spec, wake, partial(self._start, spec))

    def ended(self) -> list[AttemptEnd]:
        """Return the attempts that ended since the last call."""
        return self._supervisor.ended()

    def stop(self, run_id: int) -> None:
        """End an attempt and all it started: ask, wait a little, kill."""
        self._supervisor.stop(run_id)

    @abstractmethod
    def _start(self, spec: AttemptSpec, output: int, folder: Path) -> Process:
        """Start the process of an attempt, its output into *output*, its work in *folder*."""

    def _orders(self, spec: AttemptSpec, folder: Path, parent: int) -> Orders:
        return Orders(
            entry=self._launch.entry,
            run_id=spec.run_id,
            fence=spec.fence,
            work_dir=str(folder),
            memory_bytes=spec.memory_bytes,
            parent=parent,
        )
