"""How much memory a process and its descendants use, and whether the kernel ran out of it."""

import os
import re
from pathlib import Path

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_PROC = Path("/proc")
_CGROUPS = Path("/sys/fs/cgroup")


def exceeds(pid: int, limit_bytes: int) -> bool:
    """Return whether process *pid* and its descendants use more than *limit_bytes* together.

    Pages that several processes share are counted once, in equal parts. Always False where there
    is no `/proc`.
    """
    family = [pid, *descendants(pid)]
    # Quick, and too high because shared pages count each time: the exact sum only if it matters.
    if sum(map(_resident, family)) <= limit_bytes:
        return False
    return sum(map(_proportional, family)) > limit_bytes


def descendants(pid: int) -> list[int]:
    """Return the children of a process, their children, and so on."""
    found = children(pid)
    for child in found:
        found.extend(children(child))
    return found


def children(pid: int) -> list[int]:
    """Return the children of all threads of a process."""
    try:
        return [
            int(child)
            for thread in (_PROC / str(pid) / "task").iterdir()
            for child in (thread / "children").read_text().split()
        ]
    except OSError:
        return []


class KernelKills:
    """Tells whether the kernel has killed a process of our cgroup because memory ran out.

    Where the kernel counts that (memory.events of cgroup v2, memory.oom_control of v1) and where
    it can be read; otherwise the answer is always no.
    """

    def __init__(self, proc: Path = _PROC, cgroups: Path = _CGROUPS) -> None:
        self._files = _counters(proc, cgroups)
        self._count = self._read()

    def happened(self) -> bool:
        """Return whether it happened since this was asked last."""
        before, self._count = self._count, self._read()
        return self._count > before

    def _read(self) -> int:
        for file in self._files:
            try:
                count = re.search(r"^oom_kill (\d+)$", file.read_text(), re.MULTILINE)
            except OSError:
                continue
            if count:
                return int(count[1])
        return 0


def _counters(proc: Path, cgroups: Path) -> list[Path]:
    """Return the files that may hold the count, of the cgroup this process is in."""
    try:
        lines = (proc / "self/cgroup").read_text().splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            found.append(cgroups / path.lstrip("/") / "memory.events")
        elif "memory" in controllers.split(","):
            found.append(cgroups / "memory" / path.lstrip("/") / "memory.oom_control")
    return found


def _resident(pid: int) -> int:
    try:
        return int((_PROC / str(pid) / "statm").read_text().split()[1]) * _PAGE_BYTES
    except OSError:
        return 0


def _proportional(pid: int) -> int:
    try:
        text = (_PROC / str(pid) / "smaps_rollup").read_text()
    except OSError:
        return _resident(pid)
    share = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    return int(share[1]) * 1024 if share else 0
