"""One start of the scheduler under strace, of which a process is hit at one of its calls."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))

from stoma.executors.supervision.memory import children, descendants  # noqa: E402
from stoma.settings import Loaded, child_environment  # noqa: E402

#: Calls that change something, or on which something hangs.
CALLS = (
    "write",
    "pwrite64",
    "fdatasync",
    "ftruncate",
    "openat",
    "close",
    "fcntl",
    "sendmsg",
    "recvmsg",
    "wait4",
)
#: What can be hit.
SCHEDULER, ZYGOTE, ATTEMPT = "scheduler", "zygote", "attempt"
#: How long a process is held at the call at which it is hit, and how often it is looked for.
HELD_SECONDS, LOOK_SECONDS, LOOKS = 0.5, 0.01, 3
#: Where something is always due a start does not end by itself: after so long it is asked to.
LIFE_SECONDS = 8.0
#: No start takes that long, on any machine.
PATIENCE_SECONDS = 120.0


@dataclass(frozen=True)
class Tracing:
    """Which processes of a start are traced, and at which of their calls they are held."""

    whole: bool  #: or only the zygote and what it forks
    call: str = ""
    at: int = 0

    def command(self, trace: Path) -> list[str]:
        """Return what stands before the command that is traced.

        strace could send the signal itself, but then it would have to stop at every call of any
        kind: the kernel drops a signal that is sent at a stop by the filter. So it only holds.
        """
        # -D: the traced process stays the child of whoever started it.
        strace = ["strace", "-D", "-f", "--seccomp-bpf", "-qq", "-o", str(trace)]
        strace += ["-e", f"trace={self.call or ','.join(CALLS)}"]
        if self.call:
            held = f"delay_enter={HELD_SECONDS * 1_000_000:.0f}"
            strace += ["-e", f"inject={self.call}:{held}:when={self.at}"]
        return strace


@dataclass(frozen=True)
class AtWork:
    """What it took a start until it was at work."""

    seconds: float
    cpu_seconds: float  #: of all its processes


@dataclass(frozen=True)
class Start:
    """One start of the scheduler."""

    hit: bool
    at_work: AtWork | None  #: None: it never was


def start(
    loaded: Loaded,
    trace: Path,
    tracing: Tracing | None = None,
    victim: str = "",
    kind: signal.Signals = signal.SIGKILL,
) -> Start:
    """Let the scheduler do what is due; a *victim* that is held at its call gets the signal."""
    trace.write_text("")
    command = [sys.executable, "-m", "stoma", "scheduler", "start", "--once"]
    if tracing is not None and tracing.whole:
        command = [*tracing.command(trace), *command]
    elif tracing is not None:
        # What the scheduler starts its zygote with, and all attempts are forked from.
        python = trace.with_name("python")
        traced = shlex.join([*tracing.command(trace), sys.executable])
        python.write_text(f'#!/bin/sh\nexec {traced} "$@"\n')
        python.chmod(0o755)
        command = [sys.executable, "-c", UNDER, str(python), *command[3:]]
    began, said = time.monotonic(), b""
    at_work, hit, asked = None, False, False
    process = subprocess.Popen(
        command,
        env={**os.environ, **child_environment(loaded)},
        cwd=ROOT,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    looking = Looking(process.pid, victim)
    with process, ended(process), DefaultSelector() as selector:
        assert process.stderr is not None
        selector.register(process.stderr, EVENT_READ)
        while time.monotonic() - began < PATIENCE_SECONDS:
            if selector.select(LOOK_SECONDS if victim and not hit else 1.0):
                text = os.read(process.stderr.fileno(), 65_536)
                said += text
                if not text:  # all that held the other end has gone: strace is among them
                    break
                if at_work is None and b"scheduler started" in said:
                    used = sum(map(cpu_seconds, [process.pid, *descendants(process.pid)]))
                    at_work = AtWork(time.monotonic() - began, used)
            if victim and not hit and (pid := looking.held()):
                os.kill(pid, kind)
                hit = True
            if not asked and time.monotonic() - began > LIFE_SECONDS and at_work is not None:
                asked = True
                process.terminate()
        else:
            raise TimeoutError(f"it does not end: {tracing} {victim} {kind}: {said.decode()}")
        process.wait(PATIENCE_SECONDS)
    return Start(hit, at_work)


class Looking:
    """Sees when a process of one kind, below the scheduler *pid* or itself, is held at a call."""

    def __init__(self, pid: int, victim: str) -> None:
        self._pid = pid
        self._victim = victim
        self._seen: Counter[int] = Counter()

    def held(self) -> int | None:
        """Return such a process, of which a thread was stopped by its tracer in some looks."""
        stopped = {
            int(thread.name): pid
            for pid in self._victims()
            for thread in threads(pid)
            if fields(thread)[:1] == ["t"]
        }
        self._seen = Counter({each: self._seen[each] + 1 for each in stopped})
        return next((pid for each, pid in stopped.items() if self._seen[each] >= LOOKS), None)

    def _victims(self) -> list[int]:
        if self._victim == SCHEDULER:
            return [self._pid]
        zygotes = children(self._pid)
        if self._victim == ZYGOTE:
            return zygotes
        return [pid for zygote in zygotes for pid in children(zygote)]


def threads(pid: int) -> list[Path]:
    try:
        return list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return []


def fields(process: Path) -> list[str]:
    """Return what the kernel says of a process or thread, from its state on."""
    try:
        return (process / "stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return []


def cpu_seconds(pid: int) -> float:
    found = fields(Path(f"/proc/{pid}"))
    return (int(found[11]) + int(found[12])) / os.sysconf("SC_CLK_TCK") if found else 0.0


#: Runs the command line as an interpreter of another name would.
UNDER = """
import sys
sys.executable = sys.argv[1]
sys.argv[:2] = ["stoma"]
from stoma.cli.main import run
run()
"""


@contextmanager
def ended(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    try:
        yield
    finally:
        process.kill()
