"""The future, tried out: the loop itself, on a clock that jumps, over a copy of the registry."""

import logging
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from stoma.app import App
from stoma.budgets import Allowance
from stoma.clock import VirtualClock
from stoma.domain.run import Failure, Outcome, Run, RunState
from stoma.domain.task import StoredTask
from stoma.exceptions import LostClaimError
from stoma.executors.base import AttemptSpec
from stoma.executors.simulated import Act, SimulatedExecutor
from stoma.processes import this_process
from stoma.scheduler.attempt import record_failure
from stoma.scheduler.loop import Loop
from stoma.scheduler.pausing import paused
from stoma.scheduler.recovery import recover
from stoma.scheduler.stepping import go_on
from stoma.settings import Loaded
from stoma.storage.scratch import ScratchDatabase
from stoma.version import __version__

#: A loop that is alone with its registry need not look at it in between.
_NEVER = timedelta(days=36500).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What becomes of an attempt."""

    seconds: float
    failure: Failure | None = None  #: None: it succeeds
    exit_code: int | None = None  #: set: it ends without a word, with this code


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """An attempt that began."""

    at: datetime
    run: Run  #: as it was then
    seconds: float  #: how long it was going to take
    beside: int  #: how many others were at work


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """What happened."""

    begin: datetime
    end: datetime
    tasks: Sequence[StoredTask]  #: as they were at the beginning
    starts: Sequence[Start]
    decided: Sequence[Run]  #: every row that was added, as it was at the end
    allowances: Mapping[str, Allowance]  #: what each source lets through
    paused: str  #: the pause in force at the beginning; empty if none was


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be simulated.

    Attributes:
        source: The registry to begin with; it is copied, never touched.
        begin: The moment it begins.
        end: The moment it ends.
        fate: Says what becomes of an attempt.
        seed: Of everything that is left to chance.
        told: Is told now and then how far it is, from 0 to 1.
    """

    source: Path
    begin: datetime
    end: datetime
    fate: Callable[[Run], Fate]
    seed: int = 0
    told: Callable[[float], None] = field(default=lambda _: None)


def simulate(loaded: Loaded, wish: Wish) -> Simulated:
    """Let the scheduler live through a time that has not come.

    Raises:
        RegistryError: The registry can not be used as it is.
    """
    database = ScratchDatabase(wish.source)
    try:
        database.copy(wish.source, now=wish.begin)
        with _silence():
            return _Simulation(loaded, wish, database).run()
    finally:
        database.close()


class _Simulation:
    def __init__(self, loaded: Loaded, wish: Wish, database: ScratchDatabase) -> None:
        self._wish = wish
        clock = VirtualClock(wish.begin)
        roll = random.Random(wish.seed)  # noqa: S311 - to be repeated, not to be secret
        self._app = App(_alone(loaded), clock=clock, roll=roll.random, database=database)
        self._executor = SimulatedExecutor(self._app.clock, self._act)
        clock.alarms.append(self._executor.next_end)
        self._starts: list[Start] = []

    def run(self) -> Simulated:
        """Return what happened."""
        app, wish = self._app, self._wish
        tasks, newest, pause = app.tasks.all(), app.runs.newest_id(), paused(app)
        go_on(app)
        recover(app)
        self._let_others_end()
        instance = this_process("simulation")
        app.instances.enter(instance, version=__version__, now=app.clock.now())
        Loop(app, self._executor, instance).run(until=wish.end)
        return Simulated(
            begin=wish.begin,
            end=wish.end,
            tasks=tasks,
            starts=self._starts,
            decided=app.runs.after(newest),
            allowances=app.allowances(),
            paused=str(pause or ""),
        )

    def _let_others_end(self) -> None:
        """Let what is at work in other processes end when it usually does."""
        app = self._app
        for run in app.runs.active():
            if run.state is RunState.QUEUED:
                app.runs.release(run, not_before=app.clock.now(), reason="")
            elif run.state is RunState.RUNNING:
                since = (app.clock.now() - (run.started_at or app.clock.now())).total_seconds()
                fate = self._wish.fate(run)
                self._executor.elsewhere(max(0.0, fate.seconds - since), self._end_of(run, fate))

    def _act(self, spec: AttemptSpec) -> Act:
        app, wish = self._app, self._wish
        run, now = app.runs.get(spec.run_id), app.clock.now()
        fate = wish.fate(run)
        beside = len(self._executor.at_work)
        seconds = min(fate.seconds, spec.timeout_seconds)
        self._starts.append(Start(at=now, run=run, seconds=seconds, beside=beside))
        wish.told((now - wish.begin) / (wish.end - wish.begin))
        if fate.exit_code is not None:
            return Act(seconds=fate.seconds, exit_code=fate.exit_code)
        return Act(seconds=fate.seconds, end=self._end_of(run, fate))

    def _end_of(self, run: Run, fate: Fate) -> Callable[[], None]:
        app = self._app

        def end() -> None:
            try:
                if fate.failure is None:
                    app.runs.finish(run, Outcome.SUCCEEDED, now=app.clock.now())
                    return
                task = app.tasks.definition(run.task_id, run.task_version)
                record_failure(app, task, run, fate.failure)
            except LostClaimError:
                return  # somebody else has ended it

        return end


def _alone(loaded: Loaded) -> Loaded:
    scheduler = loaded.settings.scheduler.model_copy(
        update={"check_interval_seconds": _NEVER, "drain_seconds": 0.0}
    )
    return replace(loaded, settings=loaded.settings.model_copy(update={"scheduler": scheduler}))


@contextmanager
def _silence() -> Iterator[None]:
    """Keep the loop's log of what did not happen to itself."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
