"""What a service tells its manager: sd_notify(3), without a library.

A message is a datagram of lines `NAME=value` to the socket that `NOTIFY_SOCKET` names. Nothing of
it may ever harm the service: what can not be sent is not sent.
"""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress

#: Variables that are for this very process: what it starts must not speak, or be counted, for it.
OWN_VARIABLES = frozenset(
    {
        "NOTIFY_SOCKET",
        "WATCHDOG_PID",
        "WATCHDOG_USEC",
        "LISTEN_FDS",
        "LISTEN_PID",
        "LISTEN_FDNAMES",
        "INVOCATION_ID",
        "JOURNAL_STREAM",
        "SYSTEMD_EXEC_PID",
        "MAINPID",
        "FDSTORE",
    }
)


class Notifier:
    """The way to the service manager; where there is none, every message goes nowhere.

    Attributes:
        watchdog_seconds: The manager ends a service that is silent for so long; None: it does not
            watch.

    Args:
        environ: What the manager said to this process.
        pid: This process.
    """

    def __init__(self, environ: Mapping[str, str], pid: int | None = None) -> None:
        self._address = _address(environ.get("NOTIFY_SOCKET", ""))
        self.watchdog_seconds = _watchdog(environ, os.getpid() if pid is None else pid)

    @property
    def listening(self) -> bool:
        """Whether somebody wants to know."""
        return bool(self._address)

    def send(self, **fields: object) -> bool:
        """Send one message; return whether somebody took it.

        Args:
            fields: `READY=1`, `STATUS="..."`, ... A value is one line.
        """
        if not self._address:
            return False
        lines = (f"{name}={_line(value)}" for name, value in fields.items())
        message = "\n".join(lines).encode(errors="replace")
        with suppress(OSError), socket.socket(socket.AF_UNIX, _KIND) as channel:
            channel.setblocking(False)  # a manager that does not read must not stop us
            channel.sendto(message, self._address)
            return True
        return False


_KIND = socket.SOCK_DGRAM | getattr(socket, "SOCK_CLOEXEC", 0)


def _address(name: str) -> str:
    """Return the address of the socket; `@` stands for the zero byte of an abstract one."""
    if name.startswith("@"):
        return f"\0{name[1:]}"
    return name if name.startswith("/") else ""


def _watchdog(environ: Mapping[str, str], pid: int) -> float | None:
    """Return how long a silence may be; None if this process is not watched.

    See sd_watchdog_enabled(3).
    """
    for_whom = environ.get("WATCHDOG_PID") or str(pid)
    microseconds = environ.get("WATCHDOG_USEC", "")
    if for_whom != str(pid) or not microseconds.isdigit() or not int(microseconds):
        return None
    return int(microseconds) / 1e6


def _line(value: object) -> str:
    return " ".join(str(value).split())
