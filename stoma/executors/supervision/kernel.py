"""What is said to the kernel about a process, and has no function in Python. Linux only."""

import ctypes
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_PR_SET_CHILD_SUBREAPER = 36

_libc = ctypes.CDLL(None)
_libc.getenv.restype = ctypes.c_void_p


def die_with(parent: int) -> None:
    """Let the kernel kill this process when the thread of *parent* that started it ends."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # It may have died before the kernel was told.
    if os.getppid() != parent:
        raise SystemExit(1)


def die_first() -> None:
    """When memory runs out, let the kernel kill this process, and not those that look after it."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent dies."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def take_name(name: str) -> None:
    """Let `ps` and `top` show this process as *name*: 15 bytes at most."""
    _prctl(_PR_SET_NAME, name.encode())


def show_variable(name: str, blank: str, value: str) -> None:
    """Let `/proc/PID/environ` of this process, and of those it forks, show another value.

    It shows the block of memory that the process was executed with, whatever is set later
    (proc_pid_environ(5)): so *value* is written into that block, over the *blank* that is there.
    """
    place = _libc.getenv(name.encode())
    if place and ctypes.string_at(place) == blank.encode():
        ctypes.memmove(place, value.encode().ljust(len(blank), b"\0"), len(blank))


def _prctl(option: int, value: int | bytes) -> None:
    if sys.platform == "linux":
        # Variable arguments: the kernel reads whole words.
        _libc.prctl(option, ctypes.c_ulong(value) if isinstance(value, int) else value)
