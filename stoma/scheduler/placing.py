"""A definition on its way into the registry: checked against its type, given its first slot."""

from datetime import datetime

from stoma.collectors import COLLECTORS
from stoma.domain.condition import check_condition
from stoma.domain.task import Task
from stoma.schedules import parse_schedule
from stoma.schedules.base import BaseSchedule
from stoma.storage.tasks import Next, Placed


def place(
    task: Task, *, now: datetime, timezone: str, preset: str | None = None, base: Task | None = None
) -> Placed:
    """Return *task*, checked, with its first slot after *now*.

    Args:
        task: The definition.
        now: The moment from which slots count.
        timezone: The zone of tasks that name none.
        preset: Where the definition came from, if from a preset.
        base: The definition as the preset gave it.

    Raises:
        UnknownTypeError: There is no such type.
        TaskConfigError: The config does not fit the type.
        ScheduleError: The schedule can not be understood, or never fires.
    """
    for condition in task.only_if:
        check_condition(condition)
    COLLECTORS.get(task.type).config.read(task.id, task.config)
    schedule = schedule_of(task, timezone)
    return Placed(task=task, next=first(schedule, now), preset=preset, base=base)


def schedule_of(task: Task, timezone: str) -> BaseSchedule:
    """Return the parsed schedule of *task*; *timezone* is for tasks that name none."""
    return parse_schedule(task.schedule, task.timezone or timezone, key=task.id)


def first(schedule: BaseSchedule, now: datetime) -> Next:
    """Return when a task that is new at *now*, or enabled again, is due first.

    One that counts from the end of its last run, or wants a run at its start, is due at once.
    """
    if schedule.chained or schedule.run_on_start:
        return Next(now, now)
    return coming(schedule, now)


def coming(schedule: BaseSchedule, moment: datetime) -> Next:
    """Return what is due after *moment*."""
    slot = schedule.next_slot(moment)
    return Next(slot.due_at if slot else None, schedule.next_after(moment))
