"""The timeline, drawn as SVG: every task a lane, every run a bar, every coming slot a mark."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.responses import Response

from stoma.api.pages.desk import Desk
from stoma.api.pages.drawing import Axis, Tick, percent
from stoma.api.pages.format import local
from stoma.api.pages.looks import look
from stoma.api.pages.render import show
from stoma.api.pages.spans import fires
from stoma.storage.read_pages import TaskFilter
from stoma.storage.read_rows import RunLine, TaskLine

#: Name -> how far back, and how far ahead.
WINDOWS: Mapping[str, tuple[timedelta, timedelta]] = {
    "6h": (timedelta(hours=4), timedelta(hours=2)),
    "1d": (timedelta(hours=16), timedelta(hours=8)),
    "3d": (timedelta(days=2), timedelta(days=1)),
    "7d": (timedelta(days=5), timedelta(days=2)),
}
_NAMES = {"6h": "6 hours", "1d": "A day", "3d": "3 days", "7d": "A week"}
_LANES, _RUNS, _FIRES = 40, 4000, 200
LANE_HEIGHT = 30


@dataclass(frozen=True, slots=True)
class Bar:
    """A run, from its start to its end; or the mark of a slot that none was for."""

    x: str
    width: str  #: empty: as narrow as can be seen
    fill: str
    said: str
    run_id: int


@dataclass(frozen=True, slots=True)
class Lane:
    """One task."""

    task_id: str
    name: str
    y: int
    bars: Sequence[Bar]
    fires: Sequence[tuple[str, str]]  #: where, and when in words


def timeline(desk: Desk) -> Response:
    """Show the time around now."""
    name = desk.asked("window") if desk.asked("window") in WINDOWS else "1d"
    back, ahead = WINDOWS[name]
    axis = Axis(desk.now - back, desk.now + ahead, desk.zone)
    found = desk.reader.pages.between(axis.first, desk.now, only=desk.only, limit=_RUNS)
    found += desk.reader.pages.stretches(axis.first, desk.now, only=desk.only)
    lanes = list(_lanes(desk, axis, found))
    return show(
        desk,
        "timeline.html",
        windows=_NAMES,
        window=name,
        lanes=lanes,
        lane_height=LANE_HEIGHT,
        height=len(lanes) * LANE_HEIGHT,
        ticks=list(_spaced(axis.ticks(), axis.at(desk.now))),
        now_at=percent(axis.at(desk.now)),
        left_out=max(0, desk.reader.pages.task_count(TaskFilter(), only=desk.only) - len(lanes)),
    )


def _spaced(ticks: Iterator[Tick], now_at: float) -> Iterator[Tick]:
    """Yield the moments; those without room for their name, at the ends and at now, without."""
    for tick in ticks:
        at = float(tick.x.rstrip("%")) / 100
        free = 0.03 <= at <= 0.97 and abs(at - now_at) > 0.05
        yield tick if free else Tick(tick.x, "")


def _lanes(desk: Desk, axis: Axis, runs: Sequence[RunLine]) -> Iterator[Lane]:
    """Yield a lane for each task that had, or will have, something to do; the busiest first."""
    mine: dict[str, list[RunLine]] = {}
    for run in runs:
        mine.setdefault(run.task_id, []).append(run)
    ids = desk.reader.pages.task_ids(TaskFilter(), only=desk.only, limit=500)
    tasks = {task.id: task for task in desk.reader.lines(ids, strip=0)}
    coming = {
        task.id: fires(task, desk.zone, desk.now, axis.until, most=_FIRES)
        for task in tasks.values()
    }
    chosen = [name for name in {*mine, *tasks} if mine.get(name) or coming.get(name)]
    chosen.sort(key=lambda name: (-len(mine.get(name, ())), name))
    for number, task_id in enumerate(chosen[:_LANES]):
        yield Lane(
            task_id=task_id,
            name=_name(tasks.get(task_id), task_id),
            y=number * LANE_HEIGHT,
            bars=[_bar(run, axis, desk.now) for run in mine.get(task_id, ())],
            fires=[
                (percent(axis.at(at)), f"planned {local(at, axis.zone):%a %H:%M}")
                for at in coming.get(task_id, ())
            ],
        )


def _name(task: TaskLine | None, task_id: str) -> str:
    return task.name if task else task_id


_FILLS = {
    "ok": "f-ok",
    "warn": "f-warn",
    "bad": "f-bad",
    "run": "f-run",
    "again": "f-again",
    "not": "f-not",
}


def _bar(run: RunLine, axis: Axis, now: datetime) -> Bar:
    shape = look(run.word, run.trigger)
    begin = run.started_at or run.due_at or run.created_at
    end = run.ended_at or (now if run.started_at else begin)
    never = run.started_at is None
    if never and run.due_to is not None:
        end = run.due_to
    share = axis.at(end) - axis.at(begin)
    more = f", {run.slots:,} slots" if run.slots > 1 else ""
    return Bar(
        x=percent(axis.at(begin)),
        width=percent(share) if share > 0.004 else "",
        fill="hollow" if never and run.word != "pending" else _FILLS[shape.tone],
        said=f"{local(begin, axis.zone):%a %H:%M}: {shape.said}{more}",
        run_id=run.id,
    )
