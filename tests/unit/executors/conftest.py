"""Executors on attempts of the tests' own, and ears for what those attempts tell."""

import json
import os
import select
import socket
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from stoma.clock import SystemClock
from stoma.executors import EXECUTORS
from stoma.executors.base import AttemptEnd, AttemptSpec, Launch
from stoma.executors.supervision.executor import ProcessExecutor
from stoma.executors.supervision.zygote_link import Patience

#: Longer than anything here takes; only a failure waits for it.
PATIENCE = 30.0
ROOT = Path(__file__).parents[3]


class Told:
    """A process that has told something, and is followed from then on, should it still live.

    Attributes:
        facts: What it told.
    """

    def __init__(self, facts: dict[str, Any]) -> None:
        self.facts = facts
        self.name: str = facts["name"]
        self.pid: int = facts["pid"]
        self._process: list[int] = []
        with suppress(ProcessLookupError):
            self._process.append(os.pidfd_open(self.pid))

    def lives(self) -> bool:
        return bool(self._process) and not select.select(self._process, [], [], 0)[0]

    def dies(self) -> bool:
        """Wait until it is dead; False if it never is."""
        return not self._process or bool(select.select(self._process, [], [], PATIENCE)[0])

    def close(self) -> None:
        for process in self._process:
            os.close(process)


class Ears:
    """Hears what attempts tell."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "ears"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))
        self._socket.settimeout(PATIENCE)
        self._told: list[Told] = []

    def hear(self) -> Told:
        told = Told(json.loads(self._socket.recv(65_536)))
        self._told.append(told)
        return told

    def hear_all(self, *names: str) -> list[Told]:
        """Wait for one process of each name."""
        told = [self.hear() for _ in names]
        assert sorted(each.name for each in told) == sorted(names)
        return told

    def close(self) -> None:
        self._socket.close()
        for each in self._told:
            each.close()


class MovableClock(SystemClock):
    """The machine's clock, of which a test can skip a part."""

    skipped = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.skipped


class Bench:
    """Starts attempts on one executor and waits for their ends."""

    def __init__(self, executor: ProcessExecutor, folder: Path, clock: MovableClock) -> None:
        self.executor = executor
        self.clock = clock
        self.folder = folder
        self.wake = threading.Event()
        self._ends: dict[int, AttemptEnd] = {}

    def start(self, run_id: int = 1, *, fence: int = 0, **limits: Any) -> None:
        spec = AttemptSpec(
            run_id=run_id,
            fence=fence,
            log_path=self.log_path(run_id),
            **({"timeout_seconds": PATIENCE} | limits),
        )
        self.executor.start(spec, self.wake)

    def end(self, run_id: int = 1) -> AttemptEnd:
        """Wait for the end of an attempt."""
        while run_id not in self._ends:
            assert self.wake.wait(PATIENCE), f"run {run_id} did not end"
            self.wake.clear()
            self._ends |= {end.spec.run_id: end for end in self.executor.ended()}
        return self._ends.pop(run_id)

    def skip(self, seconds: float) -> None:
        """Let time have passed, and the executor look at its clock."""
        self.clock.skipped += seconds
        self.executor._supervisor.call(lambda: None)

    def run(self, run_id: int = 1, **options: Any) -> AttemptEnd:
        self.start(run_id, **options)
        return self.end(run_id)

    def log_path(self, run_id: int = 1) -> Path:
        return self.folder / "logs" / f"{run_id}.log"

    def log(self, run_id: int = 1) -> list[str]:
        """Return the lines of a log, without their moments."""
        lines = self.log_path(run_id).read_text().splitlines()
        return [line.split(" ", 1)[1] if line[:2] == "20" else line for line in lines]


class Benches:
    """Opens executors of one kind, and closes them after the test."""

    def __init__(self, kind: str, folder: Path, ears: Ears, stack: ExitStack) -> None:
        self.kind = kind
        self.folder = folder
        self._ears = ears
        self._stack = stack

    def launch(self, entry: str, **fields: Any) -> Launch:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "TELL": str(self._ears.path),
            "GIVEN": "ü",
        }
        # How coverage follows processes that are executed, and where their bytecode is.
        passed = ("COVERAGE", "PYTHONPYCACHEPREFIX")
        environment |= {k: v for k, v in os.environ.items() if k.startswith(passed)}
        usual: dict[str, Any] = {
            "entry": f"tests.unit.executors.entries:{entry}",
            "environment": environment,
            "instance": f"test-{os.getpid()}",
            "work_dir": self.folder / "work",
            "grace_seconds": 0.2,
        }
        return Launch(**(usual | fields))

    def open(
        self,
        entry: str,
        *,
        kind: type[ProcessExecutor] | None = None,
        made_with: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> Bench:
        """Open an executor, made with more than the usual; *fields* are of its launch."""
        clock = MovableClock()
        more: dict[str, Any] = dict(made_with or {})
        if self.kind == "zygote":
            # However busy the machine is, a start waits for a new zygote.
            more.setdefault("patience", Patience(ready_again=PATIENCE))
        executor = (kind or EXECUTORS.get(self.kind))(self.launch(entry, **fields), clock, **more)
        return Bench(self._stack.enter_context(executor), self.folder, clock)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short name: the address of a socket has 108 bytes."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.fixture
def ears(folder: Path) -> Iterator[Ears]:
    ears = Ears(folder)
    yield ears
    ears.close()


@pytest.fixture(params=["subprocess", "zygote"])
def benches(request: pytest.FixtureRequest, folder: Path, ears: Ears) -> Iterator[Benches]:
    with ExitStack() as stack:
        yield Benches(request.param, folder, ears, stack)


@pytest.fixture
def zygotes(folder: Path, ears: Ears) -> Iterator[Benches]:
    with ExitStack() as stack:
        yield Benches("zygote", folder, ears, stack)
