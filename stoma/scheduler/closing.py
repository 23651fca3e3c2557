"""Before a task's schedule ends or changes: what was due under it is written down."""

from collections.abc import Iterable
from datetime import timedelta

from stoma.app import App
from stoma.domain.task import StoredTask, Task
from stoma.exceptions import ScheduleError
from stoma.scheduler.placing import schedule_of
from stoma.scheduler.planner import Block, plan

_TICK = timedelta(microseconds=1)


def close(app: App, tasks: Iterable[StoredTask], *, reason: str, detail: str) -> None:
    """Record the slots of *tasks* that were due and are not decided; none of them runs any more.

    The scheduler decides within a second. Only while none is at work are there many. A change at
    the very moment of a slot comes before it.
    """
    now, timezone = app.clock.now() - _TICK, app.settings.timezone
    taken = app.runs.taken(now)
    firings = []
    for task in tasks:
        if not task.enabled or task.next_slot_at is None or task.next_slot_at > now:
            continue
        try:
            schedule = schedule_of(task, timezone)
        except ScheduleError:  # it was set aside for that
            continue
        block, before = Block(reason, detail), taken.get(task.id, ())
        firings.append(plan(task, schedule, now=now, block=block, taken=before))
    app.runs.fire([firing for firing in firings if firing is not None], now=now)


def close_changed(app: App, changed: Iterable[Task]) -> None:
    """Record what is due under the schedules that *changed* definitions take the place of."""
    stored = [(app.tasks.find(task.id), task) for task in changed]
    other = [
        old
        for old, new in stored
        if old is not None
        and (old.schedule, old.timezone, old.enabled) != (new.schedule, new.timezone, new.enabled)
    ]
    close(app, other, reason="edited", detail="its schedule was changed before it was decided")
