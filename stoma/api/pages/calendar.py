"""The calendar: a month of days, a day of hours, and what one hour holds, past and future."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby, pairwise

from starlette.responses import Response

from stoma.api.pages.desk import Desk
from stoma.api.pages.format import link, local
from stoma.api.pages.looks import told
from stoma.api.pages.render import show
from stoma.api.pages.spans import (
    Sum,
    day_bounds,
    fires,
    hour_bounds,
    month_days,
    planned,
    schedule_of,
    sums,
)
from stoma.exceptions import NotFoundError
from stoma.schedules.base import BaseSchedule
from stoma.storage.read_pages import TaskFilter
from stoma.storage.read_rows import RunLine, TaskLine

#: So many tasks, runs of a day, and fires of a task in a day are drawn at most.
_TASKS, _RUNS, _FIRES = 2000, 5000, 1500
_FIRST_YEAR, _LAST_YEAR = 1971, 9998
_DAY = re.compile(r"(\d{4})-(\d\d)(?:-(\d\d))?")


@dataclass(frozen=True, slots=True)
class Cell:
    """One day of a month."""

    day: date
    sum: Sum
    is_today: bool
    is_past: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One slot of a task: carried out, decided otherwise, or to come."""

    at: datetime
    task_id: str
    name: str
    word: str
    trigger: str
    run: RunLine | None


@dataclass(frozen=True, slots=True)
class Row:
    """One task's day, by hour."""

    task_id: str
    name: str
    hours: Sequence[Sequence[Entry]]


def calendar(desk: Desk) -> Response:
    """Show a month; the present one, if none is named."""
    here = local(desk.now, desk.zone)
    return _month(desk, here.year, here.month)


def month_or_day(desk: Desk) -> Response:
    """Show the month or the day that the path names.

    Raises:
        NotFoundError: There is no such day.
    """
    text = desk.path["when"]
    match = _DAY.fullmatch(text) if text.isascii() else None
    try:
        year, month, day = (int(part or 1) for part in match.groups()) if match else (0, 0, 0)
        found = date(year, month, day)
    except ValueError:
        found = None
    if match is None or found is None or not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise NotFoundError("day", text[:20], hint="a month is 2026-03, a day 2026-03-02")
    return _day(desk, found) if match[3] else _month(desk, found.year, found.month)


def _tasks(desk: Desk) -> list[TaskLine]:
    """Return the tasks that are shown: all that may be seen, or the one asked for."""
    chosen = desk.asked("task")
    if chosen:
        return desk.reader.lines([chosen], strip=0) if desk.sees(chosen) else []
    ids = desk.reader.pages.task_ids(TaskFilter(), only=desk.only, limit=_TASKS)
    return desk.reader.lines(ids, strip=0)


def _only(desk: Desk) -> frozenset[str] | None:
    chosen = desk.asked("task")
    if not chosen:
        return desk.only
    return frozenset([chosen]) if desk.sees(chosen) else frozenset()


# --- a month ------------------------------------------------------------------------------------


def _month(desk: Desk, year: int, month: int) -> Response:
    days = month_days(year, month)
    bounds = day_bounds(days, desk.zone)
    tasks, today = _tasks(desk), local(desk.now, desk.zone).date()
    found = _sums(desk, tasks, bounds)
    cells: list[Cell | None] = [None] * days[0].weekday()
    cells += [
        Cell(day, each, day == today, day < today) for day, each in zip(days, found, strict=True)
    ]
    cells += [None] * (-len(cells) % 7)
    return show(
        desk,
        "month.html",
        first=days[0],
        weeks=[cells[number : number + 7] for number in range(0, len(cells), 7)],
        before=_neighbour(days[0] - timedelta(days=1)),
        after=_neighbour(days[-1] + timedelta(days=1)),
        this_month=today.replace(day=1) == days[0],
        task_id=desk.asked("task"),
        names=desk.reader.pages.names([desk.asked("task")]),
        weekdays=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    )


def _neighbour(day: date) -> str | None:
    return f"{day:%Y-%m}" if _FIRST_YEAR <= day.year <= _LAST_YEAR else None


def _sums(desk: Desk, tasks: Sequence[TaskLine], bounds: Sequence[datetime]) -> list[Sum]:
    pages, only = desk.reader.pages, _only(desk)
    begun = sum(bound <= desk.now for bound in bounds)
    past = bounds[: begun + 1] if begun else []
    has_past = len(past) > 1
    schedules = {task.id: schedule_of(task, desk.zone) for task in tasks}
    stretches: list[tuple[RunLine, BaseSchedule | None]] = []
    if has_past:
        found = pages.stretches(past[0], past[-1], only=only)
        stretches = [(run, schedules.get(run.task_id)) for run in found]
    return sums(
        bounds,
        pages.tallies(past, only=only) if has_past else (),
        stretches,
        planned(tasks, desk.zone, bounds, desk.now),
    )


# --- a day and an hour --------------------------------------------------------------------------


def _day(desk: Desk, day: date) -> Response:
    bounds = hour_bounds(day, desk.zone)
    entries = list(_entries(desk, _tasks(desk), bounds))
    hours = [local(bound, desk.zone) for bound in bounds[:-1]]
    chosen = _chosen(desk, hours)
    here = local(desk.now, desk.zone)
    return show(
        desk,
        "day.html",
        day=day,
        hours=hours,
        rows=_rows(entries, bounds),
        chosen=chosen,
        entries=_in_hour(entries, bounds, chosen),
        now_hour=next((n for n, (a, b) in enumerate(pairwise(bounds)) if a <= desk.now < b), None),
        is_today=here.date() == day,
        before=day - timedelta(days=1),
        after=day + timedelta(days=1),
        total=Counter(told(each.word, each.trigger) for each in entries),
        task_id=desk.asked("task"),
        address=lambda hour: link(
            desk.web.prefix, "/calendar", day, task=desk.asked("task"), hour=hour
        ),
    )


def _chosen(desk: Desk, hours: Sequence[datetime]) -> int | None:
    """Return which hour of the day is asked for, by its number on the clock."""
    text = desk.asked("hour")
    wanted = int(text) if text.isascii() and text.isdigit() and len(text) < 3 else -1
    return next((number for number, hour in enumerate(hours) if hour.hour == wanted), None)


def _entries(desk: Desk, tasks: Sequence[TaskLine], bounds: Sequence[datetime]) -> Iterator[Entry]:
    first, until = bounds[0], bounds[-1]
    names = {task.id: task.name for task in tasks}
    known = {task.id: task for task in tasks}
    only = _only(desk)
    for run in desk.reader.pages.between(first, until, only=only, limit=_RUNS):
        at = run.due_at or run.started_at or run.created_at
        yield Entry(
            at, run.task_id, names.get(run.task_id, run.task_id), run.word, run.trigger, run
        )
    for run in desk.reader.pages.stretches(first, until, only=only):
        yield from _stretched(desk, run, known.get(run.task_id), bounds)
    after = max(first, desk.now)
    for task in tasks:
        for at in fires(task, desk.zone, after, until, most=_FIRES) if after < until else ():
            if at > desk.now:
                yield Entry(at, task.id, task.name, "planned", "", None)


def _stretched(
    desk: Desk, run: RunLine, task: TaskLine | None, bounds: Sequence[datetime]
) -> Iterator[Entry]:
    """Yield the slots of a stretch that are in the day; the row alone, if nobody knows them."""
    if run.due_at is None or run.due_to is None:
        return
    name = task.name if task else run.task_id
    schedule = schedule_of(task, desk.zone) if task else None
    at, last = max(run.due_at, bounds[0]), min(run.due_to, bounds[-1] - timedelta(microseconds=1))
    if schedule is None or schedule.chained:
        yield Entry(at, run.task_id, name, run.word, run.trigger, run)
        return
    due = schedule.next_after(at - timedelta(microseconds=1))
    for _ in range(_FIRES):
        if due is None or due > last:
            return
        yield Entry(due, run.task_id, name, run.word, run.trigger, run)
        due = schedule.next_after(due)


def _rows(entries: Sequence[Entry], bounds: Sequence[datetime]) -> list[Row]:
    found = []
    ordered = sorted(entries, key=lambda each: (each.task_id, each.at))
    for task_id, group in groupby(ordered, key=lambda each: each.task_id):
        mine = list(group)
        hours = [_in_hour(mine, bounds, number) for number in range(len(bounds) - 1)]
        found.append(Row(task_id, mine[0].name, hours))
    return sorted(found, key=lambda row: row.name.lower())


def _in_hour(
    entries: Sequence[Entry], bounds: Sequence[datetime], number: int | None
) -> list[Entry]:
    if number is None:
        return []
    first, until = bounds[number], bounds[number + 1]
    return sorted((e for e in entries if first <= e.at < until), key=lambda e: (e.at, e.task_id))
