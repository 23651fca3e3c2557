"""A service manager for tests: it gives a process what systemd would, and hears what it says."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from stoma.service.units import SCHEDULER, Target, unit_text

ROOT = Path(__file__).parents[1]
#: Longer than anything here takes; only a failure waits for it.
PATIENCE = 60.0


class Manager:
    """Plays systemd for one service: its socket, its directories, its signals.

    Args:
        folder: For the socket and the directories.
        abstract: Whether the socket has a name that is no file.
    """

    def __init__(self, folder: Path, *, abstract: bool = False) -> None:
        self._folder = folder
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        name = f"@stoma-test-{os.getpid()}-{id(self):x}" if abstract else str(folder / "notify")
        self._socket.bind(f"\0{name[1:]}" if abstract else name)
        self._socket.settimeout(PATIENCE)
        self.address = name

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def environment(self, *, watchdog_seconds: float | None = None) -> dict[str, str]:
        """What the service gets, by the unit's own directives."""
        given = {"NOTIFY_SOCKET": self.address}
        for kind in ("State", "Logs", "Cache", "Runtime", "Configuration"):
            place = self._folder / kind.lower()
            place.mkdir(exist_ok=True)
            given[f"{kind.upper()}_DIRECTORY"] = str(place)
        credentials = self._folder / "credentials"
        credentials.mkdir(exist_ok=True)
        given["CREDENTIALS_DIRECTORY"] = str(credentials)
        if watchdog_seconds is not None:
            given["WATCHDOG_USEC"] = str(int(watchdog_seconds * 1e6))
        return given

    @property
    def waiting(self) -> list[dict[str, str]]:
        """What has been said and not been heard yet."""
        found = []
        self._socket.setblocking(False)
        try:
            while True:
                found.append(_parsed(self._socket.recv(65536)))
        except BlockingIOError:
            return found
        finally:
            self._socket.settimeout(PATIENCE)

    def hear(self) -> dict[str, str]:
        """The next message; waits for it."""
        return _parsed(self._socket.recv(65536))

    def hear_until(self, name: str) -> list[dict[str, str]]:
        """Everything that is said, up to the message that has *name*."""
        heard = [self.hear()]
        while name not in heard[-1]:
            heard.append(self.hear())
        return heard


def _parsed(message: bytes) -> dict[str, str]:
    return dict(line.split("=", 1) for line in message.decode().splitlines())


def exec_start() -> list[str]:
    """The command of the unit, with this checkout in the place of what is installed."""
    text = unit_text(SCHEDULER, Target(prefix=Path("/opt/stoma")))
    (command,) = re.findall(r"^ExecStart=/opt/stoma/bin/stoma (.*)$", text, re.MULTILINE)
    return [sys.executable, "-m", "stoma", *command.split()]


@contextmanager
def service(command: list[str], environ: Mapping[str, str]) -> Iterator["subprocess.Popen[str]"]:
    """A service at work; killed at the end, should it still be."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("STOMA_", "XDG_", "HOME"))}
    process = subprocess.Popen(
        command,
        env={**kept, **environ, "PYTHONPATH": str(ROOT)},
        cwd="/",  # WorkingDirectory=
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(PATIENCE)
        assert process.stderr is not None
        process.stderr.close()


def end(process: "subprocess.Popen[str]", number: int = signal.SIGTERM) -> tuple[int, str]:
    """Send a signal; return the exit code, and what was written on stderr."""
    process.send_signal(number)
    _, said = process.communicate(timeout=PATIENCE)
    return process.returncode, said
