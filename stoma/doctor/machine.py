"""The machine: its clock, disk and limits, and whether programs can be locked in."""

import ctypes
import os
import resource
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

from stoma.doctor.findings import Finding, Ground, fault, note, ok, warning
from stoma.storage.read import reading

_MEGABYTE: Final = 1_000_000
#: Less than so many times the limit is little.
_LITTLE: Final = 5
#: What a scheduler, and each of its runs, may have open.
_FILES: Final = 1024


def clock(ground: Ground) -> Iterator[Finding]:
    """See that the clock is right, as far as that can be seen from here."""
    synchronized = clock_synchronized()
    if synchronized:
        yield ok("the system keeps the clock right")
    elif synchronized is None:
        yield note("whether somebody keeps the clock right can not be seen on this system")
    else:
        yield warning(
            "nobody keeps the clock right: it runs on its own",
            "turn on a time service: sudo timedatectl set-ntp true",
        )
    now = ground.clock.now()
    with reading(ground.paths.database) as reader:
        scheduler = reader.scheduler() if reader else None
    if scheduler is not None and scheduler.heartbeat_at - now > timedelta(minutes=1):
        yield fault(
            f"the scheduler was last heard {scheduler.heartbeat_at - now} in the future",
            "the clock was set back; slots in between are not run twice, and wait until then",
        )
    if ground.loaded is not None:
        yield ok(f"times without a zone are of {ground.loaded.settings.timezone}")


def clock_synchronized() -> bool | None:
    """Return whether the kernel's clock is kept right by somebody (adjtimex(2)).

    None where the system does not tell.
    """
    try:
        library = ctypes.CDLL(None, use_errno=True)
        state = int(library.adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES)))
    except (AttributeError, OSError):
        return None
    return None if state < 0 else state != _TIME_ERROR


#: More than `struct timex` takes on any system, all zero: it asks, and sets nothing.
_TIMEX_BYTES: Final = 512
_TIME_ERROR: Final = 5


def disk(ground: Ground) -> Iterator[Finding]:
    """See that there is room."""
    limit = ground.loaded.settings.limits.disk_free_megabytes if ground.loaded else 100
    places = {ground.paths.database.parent, ground.paths.logs_dir, ground.paths.cache_dir}
    seen: set[int] = set()
    for place in sorted(places):
        there = _nearest(place)
        device = there.stat().st_dev
        if device in seen:
            continue
        seen.add(device)
        free = shutil.disk_usage(there).free
        text = f"{free // _MEGABYTE:,} MB free at {there}"
        if free < limit * _MEGABYTE:
            yield fault(
                f"{text}: below {limit} MB no run starts", "make room; see keep-it-small.md"
            )
        elif free < limit * _LITTLE * _MEGABYTE:
            yield warning(f"{text}: below {limit} MB no run starts", "make room soon")
        else:
            yield ok(text)


def _nearest(path: Path) -> Path:
    """Return *path*, or the nearest folder above it that there is."""
    return next(each for each in (path, *path.parents) if each.exists())


def limits(ground: Ground) -> Iterator[Finding]:
    """See that this user may open files and start processes enough."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files != resource.RLIM_INFINITY and files < _FILES:
        yield warning(
            f"only {files} files may be open at once", f"raise the limit: ulimit -n {_FILES}"
        )
    else:
        yield ok("files and processes enough may be used")
    if os.geteuid() == 0:
        yield note("this is root: what it writes, a scheduler of another user can not change")


def sandbox(ground: Ground) -> Iterator[Finding]:
    """See whether programs can be locked in with bubblewrap."""
    if shutil.which("bwrap") is None:
        yield note(
            "bubblewrap is not installed: nothing can be run in a sandbox",
            "only tasks that ask for one need it: sudo apt install bubblewrap",
        )
    elif ground.ask(_TRIAL) is None:
        yield note(
            "bubblewrap does not work here: this system does not let users have namespaces",
            "on Ubuntu 24.04 its AppArmor profile has to be loaded; in a container it has to be "
            "allowed from outside",
        )
    else:
        yield ok("bubblewrap works")


_TRIAL: Final = ("bwrap", "--ro-bind", "/", "/", "--unshare-all", "true")
