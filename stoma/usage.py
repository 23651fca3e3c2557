"""What this process and its machine are using: CPU, memory, load, disk, open files."""

import os
import resource
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

_PROC = Path("/proc/self")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What is in use at one look. None stands for what this system does not tell."""

    cpu_seconds: float  #: used by this process since it started
    memory_bytes: int | None  #: resident now; where that is not told, the most it ever was
    open_files: int | None
    load: float | None  #: processes that run or wait to, averaged over the last minute
    cores: int  #: that this process may use
    disk_free_bytes: int | None  #: that this user may still write where the registry is


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What an instance used at one moment, as the registry keeps it."""

    at: datetime
    resources: Resources
    cpu_percent: float | None  #: of one core, since the sample before; None: there was none
    blocked: str = ""  #: why no run starts for now; empty: the limits are kept


def measure(folder: Path, *, proc: Path = _PROC) -> Resources:
    """Return what this process uses, and what is free in *folder*.

    Args:
        folder: Where the registry is.
        proc: What the system tells of this process (proc(5)); missing outside Linux.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    return Resources(
        cpu_seconds=used.ru_utime + used.ru_stime,
        memory_bytes=_resident(proc) or peak_bytes(used.ru_maxrss, sys.platform),
        open_files=_entries(proc / "fd"),
        load=_load(),
        cores=_cores(),
        disk_free_bytes=_free(folder),
    )


def peak_bytes(maxrss: int, platform: str) -> int:
    """Return `ru_maxrss` in bytes: macOS counts bytes, the others kilobytes (getrusage(2))."""
    return maxrss if platform == "darwin" else maxrss * 1024


def _resident(proc: Path) -> int | None:
    try:
        pages = (proc / "statm").read_text().split()[1]
    except OSError:
        return None
    return int(pages) * resource.getpagesize()


def _entries(folder: Path) -> int | None:
    try:
        return len(os.listdir(folder))  # noqa: PTH208 - a generator of paths only to count them
    except OSError:
        return None


def _load() -> float | None:
    try:
        return os.getloadavg()[0]
    except OSError:
        return None


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS
        return os.cpu_count() or 1


def _free(folder: Path) -> int | None:
    try:
        found = os.statvfs(folder)
    except OSError:
        return None
    return found.f_bavail * found.f_frsize
