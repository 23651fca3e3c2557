"""The command line in this process, and registries to look at."""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from stoma.app import App
from stoma.boundary import exit_codes
from stoma.cli.main import invoke
from stoma.domain.item import Item
from stoma.domain.ledger import Decision
from stoma.domain.run import Failure, GiveUp, Outcome, RetryAt, Run, RunState
from stoma.domain.task import StoredTask
from stoma.scheduler.placing import place
from stoma.storage.items import PageToStore, Proof
from tests.fakes import START, FakeClock
from tests.makers import make_firing, make_raw, make_task


@dataclass(frozen=True)
class Result:
    """What a command said and returned."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


class Cli:
    """Calls commands as the shell would, with a clock that stands still."""

    def __init__(self, capsys: pytest.CaptureFixture[str], clock: FakeClock) -> None:
        self.clock = clock
        self._capsys = capsys

    def __call__(self, *arguments: object) -> Result:
        self._capsys.readouterr()
        code = 0
        try:
            with exit_codes():
                invoke([str(each) for each in arguments], clock=self.clock)
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = self._capsys.readouterr()
        return Result(code, out, err)

    def scheduler(self, *arguments: object) -> Result:
        return self("scheduler", *arguments)


class Terminal(io.StringIO):
    """A stream that somebody sits in front of."""

    def isatty(self) -> bool:
        return True


class Registry:
    """A registry with a past: tasks, runs and items."""

    def __init__(self, app: App, clock: FakeClock) -> None:
        self.app = app
        self.clock = clock

    def task(self, task_id: str = "papers", /, **fields: Any) -> StoredTask:
        now = self.clock.now()
        task = make_task(task_id, **fields)
        return self.app.tasks.add(place(task, now=now, timezone="UTC"), now=now)

    def started(self, task_id: str = "papers", *, at: datetime = START, log: str = "") -> Run:
        """A run at work; *log* is what its file holds."""
        firing = make_firing(task_id=task_id)
        run = self.app.runs.add(firing, now=at, owner="test", lease_until=at + timedelta(hours=1))
        path = self.app.log_path(task_id, run.id)
        if log:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(log)
        return self.app.runs.start(run, now=at, log_path=str(path))

    def ran(
        self,
        task_id: str = "papers",
        *,
        at: datetime = START,
        items: Iterable[Item] = (),
        outcome: Outcome = Outcome.SUCCEEDED,
        log: str = "",
    ) -> Run:
        """A run that took a minute and brought *items*."""
        run = self.started(task_id, at=at, log=log)
        page = PageToStore(
            raw=make_raw(f"<feed>{run.id}</feed>".encode()),
            items=list(items),
            requests=1,
            proof=Proof(outcome=outcome, detail="the end is not sure" if items else ""),
        )
        self.app.items.store_page(run, page, now=at + timedelta(minutes=1))
        return self.app.runs.get(run.id)

    def failed(
        self,
        task_id: str = "papers",
        *,
        at: datetime = START,
        error: str = "no answer from example.org: timed out",
        kind: str = "network",
        retry_at: datetime | None = None,
    ) -> Run:
        """A run that failed after two seconds, or whose attempt did."""
        run = self.started(task_id, at=at)
        failure = Failure(kind=kind, message=error)
        verdict = RetryAt(retry_at) if retry_at else GiveUp(Outcome.FAILED)
        self.app.runs.fail(run, failure, verdict, now=at + timedelta(seconds=2))
        return self.app.runs.get(run.id)

    def skipped(
        self, task_id: str = "papers", *, at: datetime = START, detail: str = "it was busy"
    ) -> Run:
        """A slot that a rule kept from running."""
        decision = Decision(state=RunState.SKIPPED, due_at=at, reason="overlap", detail=detail)
        return self.app.runs.add(make_firing(decision, task_id=task_id), now=at)
