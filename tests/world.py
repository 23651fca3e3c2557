"""A machine in a box: the real loop on a virtual clock, with crashes, and somebody who edits."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, select

from stoma.app import App
from stoma.clock import VirtualClock
from stoma.domain.run import Failure, Outcome, Run
from stoma.domain.task import Overlap, StoredTask, Task
from stoma.exceptions import ConflictError, LostClaimError, StomaError
from stoma.executors.base import AttemptSpec
from stoma.executors.simulated import Act, SimulatedExecutor
from stoma.operations import editing
from stoma.operations.backfill import Interval, backfill
from stoma.processes import Instance, this_process
from stoma.scheduler.attempt import record_failure
from stoma.scheduler.loop import Loop
from stoma.scheduler.pausing import pause, resume
from stoma.scheduler.placing import schedule_of
from stoma.scheduler.recovery import recover
from stoma.scheduler.stepping import go_on
from stoma.settings import Loaded, load_settings
from stoma.storage.run_repairs import Rewind
from stoma.storage.run_rows import run_from_row
from stoma.storage.runs import RunStore
from stoma.storage.scratch import ScratchDatabase
from stoma.storage.tables import RUNS
from stoma.storage.tasks import Next
from tests.accounts import Account, Force

#: Two days before the clocks change in New York.
START = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)
_AGES = timedelta(days=36500).total_seconds()


class Crash(BaseException):
    """The machine loses its power here."""


class FragileDatabase(ScratchDatabase):
    """Keeps all that was committed, whatever happens."""

    #: So many commits from now the power goes; 0: it does not.
    doom = 0
    #: Whether the fatal commit still happens.
    just_made_it = False

    @contextmanager
    def write(self) -> Iterator[Connection]:
        if self.writing:  # a part of a transaction: nothing is committed here
            with super().write() as connection:
                yield connection
            return
        dies = self.doom == 1
        self.doom = max(0, self.doom - 1)
        with super().write() as connection:
            yield connection
            if dies and not self.just_made_it:
                raise Crash
        if dies:
            raise Crash


def settings_of(loaded: Loaded, **others: float) -> Loaded:
    """Return settings under which a loop waits exactly until something is due; and *others*."""
    exact = {"check_interval_seconds": _AGES, **others}
    scheduler = loaded.settings.scheduler.model_copy(update=exact)
    return replace(loaded, settings=loaded.settings.model_copy(update={"scheduler": scheduler}))


class World:
    """One registry and its scheduler, which may be down.

    Attributes:
        problems: What was seen that must never be.
        days: How much time has passed.
    """

    #: A loop that looks so often within one stretch of time is spinning.
    RESTLESS = 20_000

    def __init__(self, seed: int, fate: Callable[[Run], Act | None] = lambda _: None) -> None:
        """Begin; *fate* says what becomes of an attempt, chance does where it returns None."""
        self._fate = fate
        self.roll = random.Random(seed)
        self.clock = VirtualClock(START)
        self.loaded = settings_of(load_settings(home=Path("/simulated"), environ={}))
        self.database = FragileDatabase(Path("simulated.db"))
        self.database.open(now=START)
        self.accounts: dict[str, Account] = {}
        self.problems: list[str] = []
        self.starts: list[tuple[datetime, str, datetime | None]] = []
        self.done: set[tuple[str, datetime]] = set()
        self.up = False
        self.boot()

    # --- the machine --------------------------------------------------------------------------

    def boot(self) -> None:
        """Start a scheduler, as `Scheduler.start` does."""
        self.clock.alarms.clear()
        self.app = self._app()
        self.app.runs.rewind = self._rewind  # type: ignore[method-assign]
        try:
            go_on(self.app)
            recover(self.app)
            instance = _mortal()
            self.app.instances.enter(instance, version="0", now=self.app.clock.now())
            self.executor = SimulatedExecutor(self.app.clock, self._act)
            self.clock.alarms.append(self.executor.next_end)
            self.loop = Loop(self.app, self.executor, instance)
            self.up = True
        except Crash:
            self.down()

    def down(self) -> None:
        """Pull the plug."""
        self.clock.alarms.clear()
        self.up = False

    def run(self, span: timedelta) -> None:
        """Let time pass."""
        end = round(self.clock.monotonic() + span.total_seconds(), 6)
        if self.up:
            self.clock.alarms.append(lambda: end - self.clock.monotonic())
            try:
                looks = 0
                while self.clock.monotonic() < end:
                    self.loop.tick()
                    looks += 1
                    if looks > self.RESTLESS:
                        self.problems.append(f"the loop does not rest at {self.clock.now()}")
                        break
                    self.loop._wait(None)
                self.loop.tick()
                self.clock.alarms.pop()
            except Crash:
                self.down()
        self.clock.advance(timedelta(seconds=max(0.0, end - self.clock.monotonic())))

    def drain(self) -> None:
        """End the scheduler in order."""
        if not self.up:
            return
        try:
            self.loop.stop.set()
            self.loop.run()
        except Crash:
            pass
        self.down()

    def _app(self) -> App:
        return App(self.loaded, clock=self.clock, roll=self.roll.random, database=self.database)

    def _rewind(self, change: Rewind) -> int:
        before = self.database.data_version()
        try:
            return RunStore.rewind(self.app.runs, change)
        finally:
            if self.database.data_version() != before:
                for task_id, account in self.accounts.items():
                    coming = change.next_by_task.get(task_id, Next()).slot_at
                    starts = coming == change.now
                    account.went_back(change.now, self.rows(task_id), starts=starts)

    # --- what attempts do ---------------------------------------------------------------------

    def _act(self, spec: AttemptSpec) -> Act:
        run = self.app.runs.get(spec.run_id)
        self._check_start(run)
        given = self._fate(run)
        if given is not None:
            return given if given.exit_code else replace(given, end=lambda: self._succeed(run))
        kind = self.roll.random()
        seconds = self.roll.choice([1.0, 20.0, 300.0, 300.0, 4000.0, 4000.0 * self.roll.random()])
        if kind < 0.03:
            return Act(seconds=0, refused=True)
        if kind < 0.08:
            return Act(seconds=seconds, exit_code=-9)
        if kind < 0.25:
            failure = Failure(kind="network", message="no answer", retryable=kind < 0.2)
            return Act(seconds=seconds, end=lambda: self._fail(run, failure))
        return Act(seconds=seconds, end=lambda: self._succeed(run))

    def _succeed(self, run: Run) -> None:
        try:
            self.app.runs.finish(run, Outcome.SUCCEEDED, now=self.app.clock.now())
        except LostClaimError:
            return
        if run.due_at is not None:
            if (run.task_id, run.due_at) in self.done:
                self.problems.append(f"{run.task_id} {run.due_at} was done twice")
            self.done.add((run.task_id, run.due_at))

    def _fail(self, run: Run, failure: Failure) -> None:
        task = self.app.tasks.definition(run.task_id, run.task_version)
        try:
            record_failure(self.app, task, run, failure)
        except LostClaimError:
            return

    def _check_start(self, run: Run) -> None:
        self.starts.append((self.app.clock.now(), run.task_id, run.due_at))
        at_work = [self.app.runs.get(run_id) for run_id in self.executor.at_work]
        if len(at_work) >= self.loaded.settings.scheduler.max_concurrent_tasks:
            self.problems.append(f"{len(at_work) + 1} runs at once")
        if run.due_at is not None and (run.task_id, run.due_at) in self.done:
            self.problems.append(f"{run.task_id} {run.due_at} starts although it was done")
        task = self.app.tasks.find(run.task_id)
        beside = [other for other in at_work if other.task_id == run.task_id]
        most = 1
        if task is not None and task.overlap is Overlap.ALLOW:
            most = task.max_running or len(beside) + 1
        if len(beside) >= most:
            self.problems.append(f"run {run.id} of {run.task_id} starts beside {beside[0].id}")

    # --- what people do, in processes of their own -----------------------------------------------

    def add(self, task: Task) -> None:
        app = self._app()
        now = app.clock.now()
        stored = editing.add_task(app, task).task
        self._open(stored, now)

    def edit(self, task_id: str, change: editing.Change) -> None:
        app = self._app()
        now = app.clock.now()
        was = app.tasks.get(task_id)
        edited = editing.edit_task(app, task_id, change)
        before, after = edited.before, edited.task
        if after.enabled and (before.schedule, before.timezone) != (after.schedule, after.timezone):
            self._close(was, now)
            self._open(after, now)

    def disable(self, task_id: str) -> None:
        app = self._app()
        now = app.clock.now()
        was = app.tasks.get(task_id)
        editing.disable_tasks(app, [task_id])
        if was.enabled:
            self._close(was, now)

    def enable(self, task_id: str) -> None:
        app = self._app()
        now = app.clock.now()
        was = app.tasks.get(task_id)
        editing.enable_tasks(app, [task_id])
        if not was.enabled:
            self._open(app.tasks.get(task_id), now)

    def remove(self, task_id: str) -> None:
        app = self._app()
        now = app.clock.now()
        was = app.tasks.get(task_id)
        editing.remove_tasks(app, [task_id])
        self._close(was, now)

    def pause(self, until: timedelta | None) -> None:
        app = self._app()
        pause(app, until=None if until is None else app.clock.now() + until)

    def resume(self) -> None:
        resume(self._app())

    def retry(self, run_id: int) -> None:
        app = self._app()
        run = app.runs.get(run_id)
        if run.due_at is not None:
            self.done.discard((run.task_id, run.due_at))
        try:
            app.runs.reopen(run_id, max_attempts=2, reason="user")
        except ConflictError:
            return

    def cancel(self, run_id: int) -> None:
        app = self._app()
        app.runs.request_cancel(run_id, now=app.clock.now())

    def backfill(self, task_id: str, first: datetime, until: datetime) -> None:
        app = self._app()
        wanted = Interval(task_id=task_id, first=first, until=until, limit=20)
        try:
            found = backfill(app, wanted)
        except StomaError:
            return  # it has no slots, or the interval is none
        self.accounts[task_id].asked_for |= set(found.slots)

    def _open(self, task: StoredTask, now: datetime) -> None:
        schedule = schedule_of(task, "UTC")
        if task.enabled:
            first = now if schedule.run_on_start and not schedule.chained else None
            after = now if schedule.chained else max(now, task.watermark_at or now)
            self.accounts.setdefault(task.id, Account()).opened(Force(schedule, after, first=first))

    def _close(self, task: StoredTask, now: datetime) -> None:
        """End what is in force: at the moment, or, engine time being ahead, where that has come."""
        if task.id in self.accounts:
            last = now - timedelta(microseconds=1)
            self.accounts[task.id].closed(max(last, task.watermark_at or last))

    def task_ids(self) -> list[str]:
        return [task.id for task in self.app.tasks.all()]

    # --- what is true -------------------------------------------------------------------------

    def rows(self, task_id: str) -> list[Run]:
        query = select(RUNS).where(RUNS.c.task_id == task_id).order_by(RUNS.c.id)
        with self.database.read() as connection:
            return [run_from_row(row) for row in connection.execute(query).mappings()]

    def check(self) -> list[str]:
        """Return what is wrong, the loop being up and everything due being decided."""
        if not self.up:
            return self.problems
        now = self.app.clock.now()
        for task_id, account in self.accounts.items():
            for problem in account.problems(self.rows(task_id), now):
                self.problems.append(f"{task_id}: {problem}")
        for task in self.app.tasks.all():
            if task.enabled:
                self.problems += [f"{task.id}: {each}" for each in self._stuck(task, now)]
        return self.problems

    def _stuck(self, task: StoredTask, now: datetime) -> Iterator[str]:
        schedule = schedule_of(task, "UTC")
        if schedule.chained:
            if task.next_slot_at is None and not self.app.runs.active([task.id]):
                yield "it waits for a run that will never be"
            return
        # Somebody may have added it when the clock was ahead of what the loop ever saw.
        coming = schedule.next_slot(max(now, self.accounts[task.id].forces[-1].after))
        expected = coming.due_at if coming else None
        if task.next_slot_at != expected:
            yield f"next is {task.next_slot_at}, not {expected}"


def _mortal() -> Instance:
    """Return an instance that everybody after it takes for dead."""
    return replace(this_process("scheduler"), pid_started="1")


Step = Callable[[World], None]
