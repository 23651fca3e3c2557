"""The marks by which the processes of a run are found, whatever became of their parents."""

import os
import re
import select
import signal
from collections.abc import Collection
from pathlib import Path

from stoma.executors.supervision import kernel

RUN = "STOMA_RUN_ID"
INSTANCE = "STOMA_INSTANCE"
#: What the zygote has as its run id: room for that of an attempt.
BLANK = " " * 20
#: One that does not die within this time can not be killed at all.
_DEATH_SECONDS = 1.0
#: Those that start others faster than they are killed need a limit of the system's.
_ROUNDS = 100

_NAME = re.compile(r"stoma-(?:run-)?(\d+)")


def name_of(run_id: int) -> str:
    """Return the process name of a run: of 15 bytes, so long numbers leave a word out."""
    return f"stoma-run-{run_id}" if run_id < 100_000 else f"stoma-{run_id}"


def mark_forked(run_id: int) -> None:
    """Let this process, just forked by the zygote, and all it will start bear the mark of a run."""
    kernel.show_variable(RUN, BLANK, str(run_id))
    os.environ[RUN] = str(run_id)  # noqa: TID251 - written, for what the attempt will start


def run_of(pid: int, instance: str) -> int | None:
    """Return the run of *instance* whose mark or name a process bears; None if it bears none."""
    marks = _environment(pid)
    if f"{INSTANCE}={instance}".encode() in marks:
        for mark in marks:
            name, _, value = mark.partition(b"=")
            if name == RUN.encode() and value.isdigit():
                return int(value)
    named = _NAME.fullmatch(_read(pid, "comm").decode("utf-8", "replace").rstrip("\n"))
    return int(named[1]) if named else None


def kill_marked(instance: str, run_ids: Collection[int] | None = None) -> None:
    """Kill every process that bears the mark of *instance* and of one of *run_ids*.

    Again and again: they may start others meanwhile. Finds nothing where there is no `/proc`.

    Args:
        instance: The scheduler that started them.
        run_ids: The runs; None for every run of that scheduler.
    """
    for _ in range(_ROUNDS):
        killed = [pid for pid in _processes() if _kill(pid, instance, run_ids)]
        if not killed:
            return


def _kill(pid: int, instance: str, run_ids: Collection[int] | None) -> bool:
    """Kill a process if it bears the mark; return whether it did and has died of it."""
    if not _bears(pid, instance, run_ids):
        return False
    try:
        process = os.pidfd_open(pid)
    except OSError:
        return False
    try:
        # Looked at again: now it is certain that this is no stranger with the same number.
        if not _bears(pid, instance, run_ids):
            return False
        signal.pidfd_send_signal(process, signal.SIGKILL)
        death = select.poll()
        death.register(process, select.POLLIN)
        return bool(death.poll(_DEATH_SECONDS * 1000))
    except OSError:
        return False
    finally:
        os.close(process)


def _bears(pid: int, instance: str, run_ids: Collection[int] | None) -> bool:
    marks = _environment(pid)
    if f"{INSTANCE}={instance}".encode() not in marks:
        return False
    if run_ids is None:
        return True
    return not marks.isdisjoint(f"{RUN}={run_id}".encode() for run_id in run_ids)


def _processes() -> list[int]:
    try:
        return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    except OSError:
        return []


def _environment(pid: int) -> frozenset[bytes]:
    return frozenset(_read(pid, "environ").split(b"\0"))


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""
