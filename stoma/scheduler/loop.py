"""The loop: look what is due, write it down, start what may run, note what ended, wait.

It keeps no state that matters: what it knows is in the registry, so that a crash at any line
loses nothing. One tick costs what is due, however many tasks are not.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from stoma.app import App
from stoma.collectors import COLLECTORS
from stoma.domain.ledger import Firing
from stoma.domain.run import Failure, Run, RunState
from stoma.domain.task import OnInterrupt, StoredTask, Task
from stoma.exceptions import (
    LostClaimError,
    OwnCodeError,
    RegistryIoError,
    StomaError,
    UnknownTypeError,
)
from stoma.executors.base import AttemptEnd, AttemptSpec, Executor
from stoma.processes import Instance
from stoma.scheduler.attempt import record_failure
from stoma.scheduler.conditions import unmet_condition
from stoma.scheduler.heralding import announce_missed
from stoma.scheduler.housekeeping import NoHousekeeper
from stoma.scheduler.limits import memory_limit_bytes
from stoma.scheduler.patience import Patience
from stoma.scheduler.pausing import paused
from stoma.scheduler.placing import first, schedule_of
from stoma.scheduler.planner import Block, plan
from stoma.scheduler.pulse import NoPulse
from stoma.scheduler.settling import after_skip, settle
from stoma.scheduler.signalling import Wishes
from stoma.scheduler.silence import silent_failure
from stoma.scheduler.stepping import follow_steps
from stoma.scheduler.telling import log_end
from stoma.scheduler.watching import TaskFiles
from stoma.storage.runs import Usage
from stoma.storage.tasks import Next

_log = logging.getLogger(__name__)

#: How often an instance says that it is at work.
HEARTBEAT = timedelta(seconds=15)
#: A claim is good for so long; renewed with every heartbeat once leases are shared.
LEASE = timedelta(minutes=1)
#: What could not be started is tried again after that.
_START_AGAIN = timedelta(seconds=10)


#: Every so many starts, a run that has waited so long goes first: no priority starves another.
_FAIR, _LONG = 4, timedelta(minutes=5)


class Loop:
    """One scheduler at work on one registry."""

    def __init__(
        self,
        app: App,
        executor: Executor,
        instance: Instance,
        files: TaskFiles | None = None,
        keeper: NoHousekeeper | None = None,
        wishes: Wishes | None = None,
    ) -> None:
        self._app = app
        self._files = files or TaskFiles(app)
        self._keeper = keeper or NoHousekeeper()
        self._executor = executor
        self._instance = instance
        self._running: dict[int, Run] = {}
        self._ends: list[AttemptEnd] = []
        self._to_launch: list[tuple[Run, Task]] = []
        self._heartbeat_at = app.clock.now()
        self._cancelled: dict[int, str] = {}
        self._starts = 0
        self._seen = -1
        self._look_at: datetime | None = None
        #: Tells whoever wants to know that the loop works.
        self.pulse = NoPulse()
        wishes = wishes or Wishes()
        self.wake, self.stop, self.reload = wishes.wake, wishes.stop, wishes.reload

    @property
    def idle(self) -> bool:
        """Whether nothing runs and nothing is ready to run."""
        return not self._running and not self._app.runs.ready(self._app.clock.now(), limit=1)

    def run(self, *, until: datetime | None = None, once: bool = False) -> None:
        """Tick until stopped, until a moment, or (*once*) until all that is due has run."""
        patience, over = Patience(self._app.clock, self.wake, self.pulse), False
        while not (over or self.stop.is_set()):
            with patience:
                try:
                    self.tick()
                    self.pulse.beat(len(self._running))
                    over = once and self.idle
                except RegistryIoError:
                    self._keeper.look()  # a file that was moved away may show like this first
                    raise
            over = over or (until is not None and self._app.clock.now() >= until)
            if not over:
                self._wait(until)
        self.drain()

    def tick(self) -> None:
        """Do everything there is to do at this moment.

        When nothing was committed since the last look and no moment has come, there is nothing.
        """
        self.wake.clear()
        self._keeper.look()
        if follow_steps(self._app):
            self._look_at = self._heartbeat_at = self._app.clock.now()
        ended = self._note_ends() + self._read_files()
        self._launch_all()
        version, now = self._app.database.data_version(), self._app.clock.now()
        due = self._look_at is not None and now >= self._look_at
        if ended or due or version != self._seen:
            self._obey()
            settle(self._app)
            self._decide()
            self._start_ready()
            self._look_at = self._next_moment()
            # As it was before the look: a commit in the middle of it makes another look.
            self._seen = version
        if now - self._heartbeat_at >= HEARTBEAT:
            self._app.instances.beat(self._instance.id, now=now, sample=self._keeper.sample())
            self._heartbeat_at = now
        self._keeper.tidy()

    def _read_files(self) -> bool:
        """Read the task files again if they changed, or somebody asks; return whether."""
        if not self.reload.is_set():
            return self._files.look()
        self.reload.clear()
        with self.pulse.reloading():
            self._files.reload()
        return True

    def _next_moment(self) -> datetime | None:
        tasks, now = self._app.tasks, self._app.clock.now()
        moments = (
            tasks.next_due_at(),
            tasks.next_wake_at(),
            self._app.runs.next_ready_at(now),
            pause.until if (pause := paused(self._app)) else None,
        )
        return min(filter(None, moments), default=None)

    def drain(self) -> None:
        """Let what runs come to its end for a while, then stop it; it is interrupted."""
        clock = self._app.clock
        patience = self._app.settings.scheduler.drain_seconds
        if self._running:
            _log.info("waiting up to %g s for %d run(s) to end", patience, len(self._running))
        give_up_at = clock.monotonic() + patience
        asked = False
        self.pulse.drain(len(self._running), patience)
        while self._running:
            if not asked and clock.monotonic() >= give_up_at:
                asked = True
                for run_id in self._running:
                    self._executor.stop(run_id)
            self.wake.clear()
            self.pulse.drain(len(self._running), give_up_at - clock.monotonic())
            self._note_ends(draining=asked)
            if self._running:
                clock.wait(self.wake, 0.2)

    def _wait(self, until: datetime | None) -> None:
        now = self._app.clock.now()
        seconds = self._app.settings.scheduler.check_interval_seconds
        moments = filter(None, (self._look_at, until))
        seconds = min(seconds, self.pulse.longest_wait)
        seconds = min([seconds, *((moment - now).total_seconds() for moment in moments)])
        self._app.clock.wait(self.wake, max(seconds, 0.001))

    def _obey(self) -> None:
        """Stop what somebody asked to stop; wake tasks that were disabled until now."""
        for run_id in self._app.runs.to_cancel(self._instance.id):
            if run_id not in self._cancelled:
                self._cancelled[run_id] = "cancelled"
                self._executor.stop(run_id)
        now = self._app.clock.now()
        for task in self._app.tasks.to_wake(now):
            schedule = schedule_of(task, self._app.settings.timezone)
            since = task.disabled_until or now  # what was due since then counts as late
            self._app.tasks.set_enabled({task.id: first(schedule, since)}, enabled=True)
            _log.info("task %s is enabled again", task.id)

    # --- deciding -----------------------------------------------------------------------------

    def _decide(self) -> None:
        now = self._app.clock.now()
        due = self._app.tasks.due(now)
        if not due:
            return
        active = _by_task(self._app.runs.active(task.id for task in due))
        taken = self._app.runs.taken(now)
        pause = paused(self._app)
        blocks = {
            name: Block("paused", str(pause)) if pause else self._block(name)
            for name in {task.type for task in due}
        }
        plans = (
            self._plan(
                task,
                now=now,
                active=active.get(task.id, []),
                block=blocks[task.type],
                taken=taken.get(task.id, ()),
            )
            for task in due
        )
        firings = [firing for firing in plans if firing is not None]
        with self._app.database.together():
            self._app.runs.fire(firings, now=now)
            announce_missed(self._app, firings)
        for firing in firings:
            for run_id in firing.replaces:
                self._replace(run_id)
            for decision in firing.decisions:
                if decision.state is not RunState.PENDING:
                    _log.info("task %s: %s: %s", firing.task_id, decision.state, decision.detail)

    def _plan(self, task: StoredTask, **seen: Any) -> Firing | None:
        try:
            return plan(task, schedule_of(task, self._app.settings.timezone), **seen)
        except StomaError:
            # One task that can not be planned (edited by hand, a zone gone) stops no other.
            _log.exception("task %s can not be planned and is set aside", task.id)
            self._app.tasks.set_next(task.id, Next())
            return None

    def _block(self, name: str) -> Block | None:
        """Return why tasks of a type can not run at all for now; None if they can."""
        try:
            if name not in COLLECTORS.table:  # code that did not come with us never runs here
                COLLECTORS.look(name, self._app.own)
                return None
        except (OwnCodeError, UnknownTypeError) as error:
            return Block("unknown_type", str(error))
        kind = COLLECTORS.get(name)
        needed = self._app.needs(kind)
        return Block("needs_configuration", needed) if needed else None

    def _replace(self, run_id: int) -> None:
        if not self._app.runs.cancel(run_id, now=self._app.clock.now(), reason="replaced"):
            self._cancelled[run_id] = "replaced"
            self._executor.stop(run_id)

    # --- starting -----------------------------------------------------------------------------

    @property
    def _room(self) -> int:
        return self._app.settings.scheduler.max_concurrent_tasks - len(self._running)

    def _start_ready(self) -> None:
        if paused(self._app) is not None or self._keeper.blocked():
            return
        while self._room > 0 and not self.stop.is_set():
            chosen = self._choose()
            if not chosen:
                return
            wanted = self._app.tasks.definitions((run.task_id, run.task_version) for run in chosen)
            tasks = {run.id: wanted[run.task_id, run.task_version] for run in chosen}
            allowed = [run for run in chosen if not self._refused(run, tasks[run.id])]
            # Of those that share a key, the first; an own one for every run without a key.
            apart = {tasks[run.id].concurrency_key or run.id: run for run in reversed(allowed)}
            alone = [run for run in allowed if run in apart.values()]
            self._start(alone[: self._room], tasks)

    def _choose(self) -> list[Run]:
        """Return runs to start next: the most urgent, but nobody waits for ever.

        At most one of each task: whether a second one has room shows when the first has started.
        """
        now = self._app.clock.now()
        ready = self._app.runs.ready(now, limit=2 * self._room)
        if self._starts >= _FAIR:
            self._starts = 0
            for oldest in self._app.runs.ready(now, limit=1, longest_waiting=True):
                if now - (oldest.not_before or oldest.due_at or oldest.created_at) > _LONG:
                    ready.insert(0, oldest)
        return list({run.task_id: run for run in reversed(ready)}.values())[::-1]

    def _refused(self, run: Run, task: Task) -> bool:
        """Record a run whose conditions do not hold as skipped; return whether it was."""
        reason = unmet_condition(self._app, task)
        if not reason:
            return False
        _log.info("run %d of task %s: skipped: %s", run.id, run.task_id, reason)
        coming = after_skip(self._app, run.task_id)
        return self._app.runs.skip(run.id, reason="condition", detail=reason, coming=coming)

    def _start(self, runs: list[Run], tasks: Mapping[int, Task]) -> None:
        app, now = self._app, self._app.clock.now()
        logged = [replace(run, log_path=str(app.log_path(run.task_id, run.id))) for run in runs]
        started = app.runs.start_all(
            logged, owner=self._instance.id, lease_until=now + LEASE, now=now
        )
        self._starts += len(started)
        self._to_launch += [(run, tasks[run.id]) for run in started]
        self._launch_all()

    def _launch_all(self) -> None:
        """Start the attempts that are written down, also those that trouble kept back before."""
        while self._to_launch:
            self._launch(*self._to_launch[0])
            del self._to_launch[0]

    def _launch(self, run: Run, task: Task) -> None:
        spec = AttemptSpec(
            run_id=run.id,
            fence=run.fence,
            timeout_seconds=task.timeout_seconds,
            log_path=Path(run.log_path),
            memory_bytes=memory_limit_bytes(task, self._app.settings.limits),
        )
        try:
            self._executor.start(spec, self.wake)
        except OSError as error:
            now = self._app.clock.now()
            failure = Failure(kind="not_started", message=f"could not start: {error}")
            _log.warning("run %d of task %s: %s", run.id, run.task_id, failure.message)
            self._app.runs.defer(run, failure, now=now, not_before=now + _START_AGAIN)
            return
        self._running[run.id] = run
        _log.info("run %d of task %s started (attempt %d)", run.id, run.task_id, run.attempts)

    # --- ending -------------------------------------------------------------------------------

    def _note_ends(self, *, draining: bool = False) -> int:
        """Record what ended since the last call; return how many did."""
        # What the registry does not take now is kept for the next call.
        self._ends += self._executor.ended()
        ends = [(end, self._running[end.spec.run_id]) for end in self._ends]
        if not ends:
            return 0
        self._app.runs.note_usage(
            Usage(run, end.exit_code, end.peak_memory_bytes, end.cpu_seconds) for end, run in ends
        )
        for end, run in ends:
            stored = self._app.runs.get(run.id)
            if stored.state is RunState.RUNNING and stored.fence == run.fence:
                stored = self._end_silent(stored, end, draining=draining)
            self._ends.remove(end)
            del self._running[run.id]
            self._cancelled.pop(run.id, None)
            log_end(stored)
        return len(ends)

    def _end_silent(self, run: Run, end: AttemptEnd, *, draining: bool) -> Run:
        """Record the end of an attempt that could not do so itself."""
        task = self._app.tasks.definition(run.task_id, run.task_version)
        now = self._app.clock.now()
        try:
            if draining and end.stopped and not run.cancel_requested:
                again = task.on_interrupt is OnInterrupt.RETRY and run.due_at is not None
                self._app.runs.interrupt(
                    run, now=now, again=again, error="the scheduler was stopped"
                )
            else:
                told = "cancelled" if run.cancel_requested else None
                asked = self._cancelled.get(run.id, told)
                failure = silent_failure(end, task.timeout_seconds, asked)
                record_failure(self._app, task, run, failure)
        except LostClaimError:
            _log.warning("run %d ended itself meanwhile", run.id)
        return self._app.runs.get(run.id)


def _by_task(runs: list[Run]) -> Mapping[str, list[Run]]:
    found: dict[str, list[Run]] = {}
    for run in runs:
        found.setdefault(run.task_id, []).append(run)
    return found
