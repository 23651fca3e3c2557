"""Keeping small what a scheduler leaves behind, and an eye on what it uses.

All of it happens on the loop's own thread, a little at each tick: a second thread would only make
the loop wait for its locks.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from stoma.app import App
from stoma.domain.task import TASK_ID
from stoma.exceptions import NotFoundError, StomaError
from stoma.scheduler.auditing import prune_audit
from stoma.scheduler.limits import MEGABYTE, Gauge
from stoma.scheduler.placing import schedule_of
from stoma.scheduler.tidying import LogFolder, LogRule, prune_backups
from stoma.schedules.once import OnceSchedule
from stoma.storage.maintenance import FileWatch, release_pages, shorten_log
from stoma.storage.retention import RetentionStore, RunRule
from stoma.storage.tasks import Next
from stoma.usage import Resources, Sample, measure

_log = logging.getLogger(__name__)

#: How often everything is gone through.
EVERY_SECONDS = 900.0
#: At one tick no further step is begun after so long; a step takes some milliseconds.
BUDGET_SECONDS = 0.025
#: Why a one-time task is disabled when its slot is past.
FINISHED = "finished: its one slot is past"
#: Instances that ended are told apart for so long, and what they used for so long.
_INSTANCES, _SAMPLES = timedelta(days=7), timedelta(days=1)
#: A write-ahead log that has grown beyond this, because somebody read for long, is emptied.
_LOG_BYTES = 16 * MEGABYTE


class NoHousekeeper:
    """Looks after nothing: for a loop that is tried out, or tested."""

    def look(self) -> None:
        """See that the registry is still there."""

    def blocked(self) -> str:
        """Return why no run may start now; empty if one may."""
        return ""

    def sample(self) -> Sample | None:
        """Return what is in use now, to be kept with the heartbeat."""
        return None

    def tidy(self) -> None:
        """Do a little of what is to be done."""


class Housekeeper(NoHousekeeper):
    """Looks after one registry, and the files that belong to it.

    Args:
        app: On the registry.
        measuring: Returns what is in use; by default that of this machine.
    """

    def __init__(self, app: App, measuring: Callable[[], Resources] | None = None) -> None:
        self._app = app
        self._store = RetentionStore(app.database)
        self._watch = FileWatch(app.paths.database)
        folder = app.paths.database.parent
        self._gauge = Gauge(measuring or partial(measure, folder), app.settings.limits, app.clock)
        self._work: Iterator[None] = iter(())
        self._next_at = app.clock.monotonic()
        self._optimized_at: datetime | None = None
        self._gone: Counter[str] = Counter()

    def look(self) -> None:
        """See that the registry is still there.

        Raises:
            RegistryReplacedError: It was moved, removed or replaced.
        """
        self._watch.check()

    def blocked(self) -> str:
        """Return why no run may start now; empty if one may."""
        return self._gauge.blocked()

    def sample(self) -> Sample:
        """Return what is in use now, to be kept with the heartbeat."""
        return self._gauge.sample()

    def tidy(self) -> None:
        """Go on where the last call stopped; from time to time, begin anew."""
        clock = self._app.clock
        now = clock.monotonic()
        if now >= self._next_at:
            self._next_at = now + EVERY_SECONDS
            self._work = self._pass(clock.now())
        for _ in self._work:
            if clock.monotonic() - now >= BUDGET_SECONDS:
                return

    def _pass(self, now: datetime) -> Iterator[None]:
        self._gone.clear()
        yield from self._finish_tasks(now)
        yield from self._prune_runs(now)
        yield from self._drop_answers(now)
        yield from self._prune_rest(now)
        yield from self._tidy_logs(now)
        yield from self._give_back(now)
        if self._gone:
            words = ", ".join(f"{count:,} {name}" for name, count in self._gone.items())
            _log.info("housekeeping: removed %s", words)

    # --- the registry ---------------------------------------------------------------------------

    def _finish_tasks(self, now: datetime) -> Iterator[None]:
        """Disable one-time tasks whose slot is past; remove them when they are old."""
        for task_id in self._store.without_slot():
            with suppress(NotFoundError):  # somebody removed it meanwhile
                self._finish(task_id)
            yield
        before = _before(now, self._app.settings.retention.runs_days)
        for task_id in self._store.disabled_since(FINISHED, before) if before else ():
            with suppress(NotFoundError):
                self._app.tasks.remove(task_id)
                _log.info("task %s is removed: it is %s", task_id, FINISHED)
            yield

    def _finish(self, task_id: str) -> None:
        tasks = self._app.tasks
        task = tasks.get(task_id)
        try:
            schedule = schedule_of(task, self._app.settings.timezone)
        except StomaError:
            return  # the loop has said what is wrong with it
        if isinstance(schedule, OnceSchedule):
            tasks.set_enabled({task_id: Next()}, enabled=False, reason=FINISHED)
            _log.info("task %s is disabled: it is %s", task_id, FINISHED)

    def _prune_runs(self, now: datetime) -> Iterator[None]:
        wanted = self._app.settings.retention
        rule = RunRule(
            before=_before(now, wanted.runs_days),
            dead_before=_before(now, wanted.dead_days),
            keep=wanted.runs_per_task,
            most=wanted.runs_most,
        )
        for gone in self._store.prune_runs(rule):
            self._count("runs", len(gone))
            for task_id, run_id in gone:
                if TASK_ID.fullmatch(task_id):
                    self._remove(self._app.log_path(task_id, run_id))
            yield
        self._count("definitions", self._store.prune_definitions())

    def _drop_answers(self, now: datetime) -> Iterator[None]:
        wanted = self._app.settings.retention
        before = _before(now, wanted.raw_days)
        most = wanted.raw_megabytes * MEGABYTE
        for freed in self._store.drop_answers(before=before, most_bytes=most):
            self._count("kB of raw answers", freed // 1000 or 1)
            yield

    def _prune_rest(self, now: datetime) -> Iterator[None]:
        self._count("instances", self._store.prune_instances(now - _INSTANCES))
        yield
        self._store.prune_samples(now - _SAMPLES)
        yield
        kept = timedelta(days=self._app.settings.notifications.keep_days)
        self._count("notices", self._app.outbox.prune(now - kept))
        before = _before(now, self._app.settings.retention.audit_days)
        if before is not None:
            self._count("audit entries", prune_audit(self._app, before))
        yield

    # --- files ----------------------------------------------------------------------------------

    def _tidy_logs(self, now: datetime) -> Iterator[None]:
        wanted = self._app.settings.retention
        rule = LogRule(
            before=_before(now, wanted.logs_days),
            most_bytes=wanted.logs_megabytes * MEGABYTE,
            active=self._store.active_ids(),
            newest_run=self._store.newest_run_id(),
            tasks=self._store.task_ids(),
        )
        logs = LogFolder(self._app.paths.logs_dir / "runs", rule)
        yield from logs.tidy()
        self._count("logs", logs.removed)
        if logs.problem:
            _log.warning("housekeeping: not every old log could be removed: %s", logs.problem)

    def _remove(self, path: Path) -> None:
        try:
            path.unlink()
            self._count("logs", 1)
        except FileNotFoundError:
            return  # it was older than its run
        except OSError as error:
            _log.warning("housekeeping: %s", error)

    def _give_back(self, now: datetime) -> Iterator[None]:
        """Remove backups that are too many, give free space back, and keep queries fast."""
        path = self._app.paths.database
        try:
            gone = prune_backups(
                path.parent / "backups", path.stem, keep=self._app.settings.retention.backups
            )
            self._count("backups", len(gone))
        except OSError as error:
            _log.warning("housekeeping: %s", error)
        yield
        while release_pages(path):
            yield
        if shorten_log(path, above_bytes=_LOG_BYTES):
            _log.info("housekeeping: emptied the write-ahead log")
        yield
        if self._optimized_at is None or now - self._optimized_at >= timedelta(days=1):
            self._optimized_at = now
            self._store.optimize()

    def _count(self, name: str, number: int) -> None:
        if number:
            self._gone[name] += number


def _before(now: datetime, days: int) -> datetime | None:
    return now - timedelta(days=days) if days else None
