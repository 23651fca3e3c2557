"""A definition on its way into the registry: checked against its type, given its first slot."""

from datetime import datetime

from stoma.collectors import COLLECTORS
from stoma.collectors.base import NORMALIZER, normalizer_named
from stoma.domain.condition import check_condition
from stoma.domain.task import Task
from stoma.exceptions import OwnCodeError, TaskConfigError, UnknownTypeError
from stoma.normalizers import NORMALIZERS
from stoma.owncode import OwnCode
from stoma.schedules import parse_schedule
from stoma.schedules.base import BaseSchedule
from stoma.storage.tasks import Next, Placed

#: Without folders: only what is built in or installed.
_NO_OWN = OwnCode()


def place(
    task: Task,
    *,
    now: datetime,
    timezone: str,
    preset: str | None = None,
    base: Task | None = None,
    own: OwnCode = _NO_OWN,
) -> Placed:
    """Return *task*, checked, with its first slot after *now*.

    Args:
        task: The definition.
        now: The moment from which slots count.
        timezone: The zone of tasks that name none.
        preset: Where the definition came from, if from a preset.
        base: The definition as the preset gave it.
        own: Where collectors and normalizers of the user's own are.

    Raises:
        UnknownTypeError: There is no such type.
        OwnCodeError: The type is the user's own, and can not be used.
        TaskConfigError: The config does not fit the type.
        ScheduleError: The schedule can not be understood, or never fires.
    """
    for condition in task.only_if:
        check_condition(condition)
    check_parts(task, own)
    schedule = schedule_of(task, timezone)
    return Placed(task=task, next=first(schedule, now), preset=preset, base=base)


def check_parts(task: Task, own: OwnCode) -> None:
    """Check the type of *task*, its config, and the normalizer that names.

    Code that did not come with stoma is only looked at where *own* says so.

    Raises:
        UnknownTypeError: There is no such type.
        OwnCodeError: The type is the user's own, and can not be used.
        TaskConfigError: The config does not fit the type.
    """
    if task.type in COLLECTORS.table or own.runs:
        COLLECTORS.get(task.type, own).config.read(task.id, task.config)
    else:
        COLLECTORS.look(task.type, own)
    name = normalizer_named(task.id, task.config)
    try:
        if name and own.runs:
            NORMALIZERS.get(name, own)
        elif name:
            NORMALIZERS.look(name, own)
    except (OwnCodeError, UnknownTypeError) as error:
        raise TaskConfigError(task.id, NORMALIZER, str(error), hint=error.hint) from error


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
