"""A month of coming runs as a grid for people."""

import calendar
from collections.abc import Iterator

from stoma.cli.scheduler.views import task_schedule
from stoma.cli.streams import tinted
from stoma.cli.tables import Column, table
from stoma.cli.times import Times, local
from stoma.operations.coming import Month, TaskMonth

_CELL = 9
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def month_text(month: Month, times: Times) -> str:
    """Return a month: how many runs each day brings, and which tasks they are of."""
    title = f"{calendar.month_name[month.month]} {month.year}, {month.timezone}"
    head = f"{tinted(title, '1')}\n\n{''.join(f'{name:>{_CELL}}' for name in _DAYS)}\n"
    shown = [each for each in month.tasks if month.by_task[each.task.id]]
    shown.sort(key=lambda each: (-month.by_task[each.task.id], each.task.id))
    parts = [head, *_weeks(month, times), "\n", table(_columns(month, times), shown, headers=False)]
    if not shown:
        parts.append("nothing is due\n")
    return "".join(parts)


def _weeks(month: Month, times: Times) -> Iterator[str]:
    today = local(times.now, month.timezone).date()
    for week in calendar.Calendar().monthdatescalendar(month.year, month.month):
        numbers, counts = [], []
        for day in week:
            inside = day.month == month.month
            number = f"{day.day}{'*' if day == today else ''}" if inside else ""
            fires = month.days[day.day] if inside else 0
            numbers.append(tinted(f"{number:>{_CELL}}", "1" if day == today else "2"))
            nothing = "-" if inside and day >= today else ""
            counts.append(f"{f'{fires:,}' if fires else nothing:>{_CELL}}")
        yield f"{''.join(numbers).rstrip()}\n{''.join(counts).rstrip()}\n"


def _columns(month: Month, times: Times) -> list[Column[TaskMonth]]:
    return [
        Column("fires", lambda each: f"{month.by_task[each.task.id]:,}", right=True),
        Column("task", lambda each: each.task.id, least=27),
        Column("schedule", lambda each: task_schedule(each.task, times), least=12),
        Column("first", lambda each: _first(each, month, times)),
    ]


def _first(each: TaskMonth, month: Month, times: Times) -> str:
    at = next(each.moments(month.after, month.until), None)
    return f"first {times.at(at, each.task.timezone)}"
