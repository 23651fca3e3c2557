"""What `stoma scheduler simulate` shows."""

import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, isinf

from stoma.cli.output import View
from stoma.cli.pages import facts
from stoma.cli.streams import tinted
from stoma.cli.tables import Column, table, width
from stoma.cli.times import Times, local, span
from stoma.cli.words import counted
from stoma.operations.simulate import Forecast, SourceForecast, TaskForecast
from stoma.records.forecast import FORECAST, TASK
from stoma.text import safe

#: From a full cell to an empty one there are so many steps.
_GLYPHS = " ▁▂▃▄▅▆▇█"
#: More tasks than this are shown as hours of the day.
_MANY = 25
#: Columns of the chart where no terminal sets a limit.
_WIDEST = 96
#: Columns from one label to the next.
_LABEL = 7
_DAY = timedelta(days=1)


def task_view() -> View[TaskForecast]:
    """Return how the tasks of a forecast are listed."""
    return View(
        columns=[
            Column("id", lambda each: each.task.id, least=16),
            Column("fires", lambda each: f"{len(each.fires):,}", right=True),
            Column("retries", lambda each: _some(each.retries), right=True, quiet=True),
            Column("failed", lambda each: _some(each.failed), right=True, quiet=True),
            Column("each", lambda each: span(each.seconds) + ("?" if each.assumed else "")),
            Column("waits", lambda each: span(each.latest) if each.latest else "-"),
            Column("requests", lambda each: f"{each.requests:,.0f}", right=True),
            Column("not_run", _not_run, least=16),
            Column("type", lambda each: each.task.type, wide=True),
        ],
        fields=TASK,
        name=lambda each: each.task.id,
    )


def forecast_view() -> View[Forecast]:
    """Return the stable fields of a forecast."""
    return View(
        columns=[Column("fires", lambda found: str(_fires(found)))],
        fields=FORECAST,
        name=lambda found: str(_fires(found)),
    )


def head_text(found: Forecast, times: Times) -> str:
    """Return the sum of a forecast in two lines."""
    days = (found.end - found.begin) / _DAY
    length = counted(int(days), "day") if days.is_integer() else f"{days:g} days"
    first = f"{length} from {times.at(found.begin)}: {counted(_fires(found), 'fire')}"
    peak = f"at most {counted(found.peak, 'run')} at once (limit {found.most})"
    if found.peak_at is not None:
        peak += f", first {times.at(found.peak_at)}"
    return f"{tinted(first, '1')}\n{peak}\n\n"


def tail_text(found: Forecast, times: Times, chart: str | None) -> str:
    """Return what a forecast says besides its tasks."""
    parts = []
    if found.sources:
        parts += ["\n", table(_source_columns(times), found.sources, headers=True)]
    if found.warnings:
        parts.append(f"\n{tinted('CLOCK CHANGES', '2')}\n")
        parts.append(facts((task_id, text) for task_id, _, text in found.warnings))
    busy = [each for each in found.tasks if each.fires]
    if busy and chart != "none":
        by_hour = chart == "hours" or (chart is None and len(busy) > _MANY)
        draw = _hours if by_hour else _lines
        parts += ["\n", *draw(found, busy, times)]
    return "".join(parts)


def _fires(found: Forecast) -> int:
    return sum(len(each.fires) for each in found.tasks)


def _some(count: int) -> str:
    return f"{count:,}" if count else ""


def _not_run(each: TaskForecast) -> str:
    """Return why slots do not run, in short: who knows the rule knows the state."""
    whys = (f"{why.slots:,} {why.reason.replace('_', ' ')}" for why in each.not_run)
    return ", ".join(whys) or "-"


def _source_columns(times: Times) -> Sequence[Column[SourceForecast]]:
    return [
        Column("source", lambda each: each.source),
        Column("runs", lambda each: f"{each.runs:,}", right=True),
        Column("requests", lambda each: f"{each.requests:,.0f}", right=True),
        Column("busiest_hour", lambda each: f"{each.busiest:,.0f}", right=True),
        Column("allowed", lambda each: "-" if isinf(each.allowed) else f"{each.allowed:,.0f}/h"),
        Column("share", lambda each: f"{each.share:.0%}", right=True),
        Column("at", lambda each: times.at(each.busiest_at)),
    ]


# --- the chart ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Axis:
    """Columns of equal lengths of time."""

    begin: datetime
    step: timedelta
    columns: int

    def cells(self, moments: Iterable[datetime]) -> list[int]:
        """Return how many moments lie in each column."""
        found = [0] * self.columns
        for moment in moments:
            found[min((moment - self.begin) // self.step, self.columns - 1)] += 1
        return found

    def labels(self, timezone: str) -> str:
        """Return the line above the columns."""
        line = ""
        for column in range(0, self.columns, _LABEL):
            at = local(self.begin + column * self.step, timezone)
            text = f"{at:%H:%M}" if self.step < _DAY else f"{at:%m-%d}"
            line += f"{text:<{_LABEL}}"
        return line.rstrip()

    @property
    def unit(self) -> str:
        """What one column is."""
        if self.step < _DAY:
            return "hour"
        days = self.step // _DAY
        return "day" if days == 1 else f"{days} days"


def _axis(found: Forecast, times: Times, room: int, *, days: bool = False) -> _Axis:
    """Return hours for up to two days, days for more, several days for very many."""
    length = found.end - found.begin
    begin = local(found.begin, times.timezone).replace(minute=0, second=0, microsecond=0)
    step = timedelta(hours=1)
    if days or length > 2 * _DAY:
        begin = begin.replace(hour=0)
        step = _DAY * ceil(length / _DAY / room)
    return _Axis(begin, step, (found.end - begin) // step + 1)


def _lines(found: Forecast, busy: Sequence[TaskForecast], times: Times) -> Iterator[str]:
    """Yield a row for each task."""
    left = max(width(each.task.id) for each in busy)
    axis = _axis(found, times, _room(left))
    cells = {each.task.id: axis.cells(each.fires) for each in busy}
    yield from _drawn(f"FIRES PER {axis.unit.upper()}", left, axis, cells, times)


def _hours(found: Forecast, busy: Sequence[TaskForecast], times: Times) -> Iterator[str]:
    """Yield a row for each hour of the day, of all tasks together."""
    left = len("00:00")
    axis = _axis(found, times, _room(left), days=True)
    by_hour: dict[int, list[datetime]] = {hour: [] for hour in range(24)}
    for each in busy:
        for fire in each.fires:
            by_hour[local(fire, times.timezone).hour].append(fire)
    cells = {f"{hour:02}:00": axis.cells(fires) for hour, fires in by_hour.items()}
    yield from _drawn(
        f"FIRES OF ALL TASKS, BY HOUR OF THE DAY, PER {axis.unit.upper()}", left, axis, cells, times
    )


def _drawn(
    title: str, left: int, axis: _Axis, cells: Mapping[str, list[int]], times: Times
) -> Iterator[str]:
    top = max(max(row) for row in cells.values())
    yield tinted(f"{title} ({_GLYPHS[-1]} = {top})\n", "2")
    yield tinted(f"{'':<{left}}  {axis.labels(times.timezone)}\n", "2")
    for name, row in cells.items():
        steps = len(_GLYPHS) - 1
        drawn = "".join(_GLYPHS[ceil(count * steps / top)] for count in row)
        yield f"{safe(name)}{' ' * (left - width(name))}  {drawn}".rstrip() + "\n"


def _room(left: int) -> int:
    terminal = shutil.get_terminal_size().columns if sys.stdout.isatty() else _WIDEST + left + 2
    return max(10, min(_WIDEST, terminal - left - 2))
