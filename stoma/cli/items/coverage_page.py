"""The days of a task as a calendar: weeks are columns, as many as the terminal has room for."""

import shutil
import sys
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby

from stoma.cli.output import View
from stoma.cli.streams import tinted
from stoma.cli.tables import Column
from stoma.operations.coverage import Coverage, CoveredDay, DayState
from stoma.text import safe

#: The mark and the colour of a day.
_MARKS = {
    DayState.COMPLETE: ("█", "32"),
    DayState.HOLE: ("·", "31"),
    DayState.OPEN: ("░", "2"),
}
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WIDTH, _MARGIN, _CELL = 80, 5, 2
#: So many stretches of holes are listed.
_LISTED = 12


def day_view(task_id: str) -> View[CoveredDay]:
    """Return how days are shown to scripts."""
    return View(
        columns=[
            Column("day", lambda each: each.day.isoformat()),
            Column("state", lambda each: each.state),
            Column("run", lambda each: str(each.run_id or "-")),
        ],
        fields={
            "task_id": lambda _: task_id,
            "day": lambda each: each.day.isoformat(),
            "state": lambda each: each.state.value,
            "run_id": lambda each: each.run_id,
        },
        name=lambda each: each.day.isoformat(),
    )


def coverage_text(found: Coverage) -> str:
    """Return the days as a calendar, then the holes."""
    counts = {state: sum(each.state is state for each in found.days) for state in DayState}
    legend = "  ".join(
        f"{_mark(state)} {counts[state]:,} {state}" for state in DayState if counts[state]
    )
    lines = [*_calendar(found.days), "", legend]
    holes = found.holes
    lines += (
        ["", *(f"hole  {each}  ({len(each):,} d)" for each in holes[-_LISTED:])] if holes else []
    )
    if len(holes) > _LISTED:
        lines.append(f"and {len(holes) - _LISTED:,} earlier ones; all of them: --json")
    return "".join(f"{line}\n" for line in lines)


def hole_notes(found: Coverage) -> Iterator[str]:
    """Yield what to do about holes."""
    if found.obstacle:
        yield f"the past of {safe(found.task_id)} can not be filled: {found.obstacle}"
    elif found.holes:
        first = found.holes[0].first
        yield f"to fill them: stoma scheduler backfill {safe(found.task_id)} --holes --from {first}"


def _mark(state: DayState) -> str:
    sign, colour = _MARKS[state]
    return tinted(sign, colour)


def _calendar(days: Sequence[CoveredDay]) -> Iterator[str]:
    """Yield blocks of weeks, each a column, under the names of their months."""
    room = shutil.get_terminal_size().columns if sys.stdout.isatty() else _WIDTH
    at_once = max(4, (room - _MARGIN) // _CELL)
    weeks = [list(each) for _, each in groupby(days, key=lambda each: _monday(each.day))]
    for start in range(0, len(weeks), at_once):
        some = weeks[start : start + at_once]
        if start:
            yield ""
        yield _heading(some)
        by_day = [{each.day.weekday(): each for each in week} for week in some]
        for number, name in enumerate(_WEEKDAYS):
            cells = (_mark(week[number].state) if number in week else " " for week in by_day)
            yield f"{name}  {' '.join(cells)}".rstrip()


def _heading(weeks: Sequence[Sequence[CoveredDay]]) -> str:
    """Return the months, each above the first of its weeks; the year where it begins."""
    line, said = " " * _MARGIN, None
    for place, week in enumerate(weeks):
        month = (
            f"{week[-1].day:%b}"
            if said and week[-1].day.year == said[0]
            else f"{week[-1].day:%b %Y}"
        )
        key = (week[-1].day.year, week[-1].day.month)
        column = _MARGIN + place * _CELL
        if key != said and len(line) <= column:
            line = f"{line:<{column}}{month} "
            said = key
    return line.rstrip()


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
