"""The promise of an executor."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

#: The exit code of an attempt whose entry point ended in a `MemoryError`.
OUT_OF_MEMORY = 137
#: Between asking a process to end and killing it.
GRACE_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptSpec:
    """An attempt to carry out."""

    run_id: int
    fence: int
    timeout_seconds: float
    log_path: Path
    memory_bytes: int | None = None  #: what it and all it starts may use; None: no limit


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptEnd:
    """How the process of an attempt ended."""

    spec: AttemptSpec
    exit_code: int  #: negative: ended by that signal
    timed_out: bool = False
    stopped: bool = False  #: somebody asked for it
    out_of_memory: bool = False  #: it used more than its limit, or than the machine has
    peak_memory_bytes: int = 0
    cpu_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """What every attempt of one scheduler is started with."""

    entry: str  #: `package.module:function`, called with run id and fence
    environment: Mapping[str, str]
    instance: str  #: marks the processes of this scheduler, together with the run id
    work_dir: Path  #: nobody else's; each attempt gets a folder in there until it has ended
    preload: tuple[str, ...] = ()  #: modules to import once, before any attempt
    #: `package.module:function`, called once where attempts are forked from; empty: nothing.
    prepare: str = ""
    grace_seconds: float = GRACE_SECONDS


class Executor(Protocol):
    """Runs attempts, each so that it can be killed.

    The attempt itself records how it ended; what the executor returns tells of those that
    could not (killed, crashed) and what they all used. An attempt has ended when nothing is
    left of it: what it started and left behind is killed.
    """

    def start(self, spec: AttemptSpec, wake: threading.Event) -> None:
        """Begin an attempt; set *wake* when it ends.

        Raises:
            OSError: No process could be had.
        """
        ...

    def ended(self) -> list[AttemptEnd]:
        """Return the attempts that ended since the last call."""
        ...

    def stop(self, run_id: int) -> None:
        """End an attempt and all it started: ask, wait a little, kill."""
        ...
