"""Processes of this and other machines, told apart even when a process id is used again."""

import os
import pwd
import socket
import uuid
from dataclasses import dataclass
from pathlib import Path

#: The states of a process that has ended.
_OVER = frozenset("ZX")


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One process: its id is unique for ever, the rest finds it on this machine."""

    id: str
    kind: str  #: `scheduler`, `run-task`, `program`, `api`
    host: str
    boot_id: str
    pid: int
    pid_started: str  #: clock ticks after boot (proc(5), field 22); empty where unknown

    @property
    def is_alive(self) -> bool:
        """Whether this very process still runs; False for one of another boot.

        One that has ended, and that its parent has not asked about yet, runs no more.

        A process on another host can not be seen from here and counts as alive.
        """
        if self.host != socket.gethostname():
            return True
        if self.boot_id != boot_id():
            return False
        fields = _fields(self.pid)
        if fields and fields[0] in _OVER:
            return False
        return process_exists(self.pid) and started(self.pid) == self.pid_started


def this_process(kind: str) -> Instance:
    """Return a new instance that stands for the calling process."""
    pid = os.getpid()
    return Instance(
        id=uuid.uuid4().hex[:12],
        kind=kind,
        host=socket.gethostname(),
        boot_id=boot_id(),
        pid=pid,
        pid_started=started(pid),
    )


def boot_id() -> str:
    """Return what changes with every boot (random(4)); empty where the system has no such file."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def started(pid: int) -> str:
    """Return when process *pid* started, in clock ticks after boot; empty where unknown."""
    fields = _fields(pid)
    return fields[19] if fields else ""


def _fields(pid: int) -> list[str]:
    """Return what proc_pid_stat(5) says of a process, from its state on."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return []
    # The command name may hold spaces and parentheses: count fields from its last ")".
    return stat.rpartition(")")[2].split()


def user_name() -> str:
    """Return the name of the user this process runs as; its number where it has none."""
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"uid {number}"


def process_exists(pid: int) -> bool:
    """Return whether a process of that id exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def has_terminal() -> bool:
    """Return whether this process has a controlling terminal; not when its window was closed."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True
