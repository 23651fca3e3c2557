"""When the wall clock was set: what is said of it, and the ledger made to fit."""

import logging
from datetime import datetime, timedelta

from stoma.app import App
from stoma.clock import ClockStep
from stoma.domain.run import Run
from stoma.domain.task import StoredTask
from stoma.scheduler.due import Stretch, cut
from stoma.scheduler.placing import coming, first, schedule_of
from stoma.schedules.base import BaseSchedule
from stoma.storage.run_repairs import Rewind
from stoma.storage.tasks import Next

_log = logging.getLogger(__name__)


def go_on(app: App) -> None:
    """Let engine time go on from where the last scheduler left it, should the clock be behind."""
    moments = (app.instances.last_seen(), app.tasks.last_decided_at())
    seen = max(filter(None, moments), default=None)
    if seen is not None:
        app.clock.begin(seen)


def follow_steps(app: App) -> bool:
    """See to every step of the clock since the last call; return whether time went back."""
    back = False
    for step in app.clock.steps():
        _log.warning("%s", step)
        if step.jump < timedelta(0):
            app.budgets.turn_back(-step.jump)
        if step.after < step.before:
            back = True
            voided = _rewind(app, step)
            _log.warning("%d decision(s) about slots that lie ahead again were voided", voided)
    return back


def _rewind(app: App, step: ClockStep) -> int:
    now, tasks = step.after, app.tasks.all()
    schedules = {task.id: schedule_of(task, app.settings.timezone) for task in tasks}
    return app.runs.rewind(
        Rewind(
            now=now,
            by=step.before - now,
            next_by_task={
                task.id: _next(task, schedules[task.id], step) for task in tasks if task.enabled
            },
            chained=[task_id for task_id, each in schedules.items() if each.chained],
            cuts=dict(_cut(app, run, now) for run in app.runs.stretches(None, now)),
        )
    )


def _next(task: StoredTask, schedule: BaseSchedule, step: ClockStep) -> Next:
    if task.next_slot_at is not None and task.next_slot_at <= step.after:
        return Next(task.next_slot_at, task.next_run_at)  # due still, and not decided yet
    if task.next_slot_at is not None and task.watermark_at is None:
        return first(schedule, step.after)
    if not schedule.chained:
        return coming(schedule, step.after)
    if task.next_slot_at is None:  # its run is at work, or waits
        return Next()
    at = max(step.after, task.next_slot_at - (step.before - step.after))
    return Next(at, at)


def _cut(app: App, run: Run, now: datetime) -> tuple[int, tuple[datetime | None, int]]:
    """Return how a stretch that reaches beyond *now* ends at it."""
    assert run.due_at is not None  # noqa: S101 - a stretch has slots
    assert run.due_to is not None  # noqa: S101
    task = app.tasks.definition(run.task_id, run.task_version)
    schedule = schedule_of(task, app.settings.timezone)
    rule = run.detail if run.reason == "filter" else ""
    whole = Stretch(run.due_at, run.due_to, run.slots, rule)
    left = cut(schedule, whole, until=now, taken=app.runs.decided(run.task_id, run.due_at, now))
    if left is None:
        return run.id, (None, 1)
    return run.id, (left.last if left.count > 1 else None, left.count)
