"""What `stoma scheduler status` shows."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from stoma.cli.output import View
from stoma.cli.scheduler.source_page import (
    deferred_columns,
    source_columns,
    unusual_columns,
)
from stoma.cli.scheduler.views import (
    brought,
    coming_view,
    last_words,
    next_words,
    run_at,
    run_mark,
    run_said,
    task_mark,
)
from stoma.cli.streams import tinted
from stoma.cli.tables import Column, table
from stoma.cli.times import Times, size, span, stamp
from stoma.cli.words import counted, tint
from stoma.operations.status import BLOCKED, Health
from stoma.records.status import status_fields
from stoma.storage.read_rows import RunLine, TaskLine
from stoma.text import safe

T = TypeVar("T")

#: A list is a look, not an inventory: `list-tasks` shows all.
_MOST = 10


def status_view(registry: Path) -> View[Health]:
    """Return the stable fields of a status."""
    return View(
        fields=status_fields(registry),
        name=lambda health: "healthy" if health.healthy else "unhealthy",
    )


def status_text(health: Health, registry: Path, times: Times) -> str:
    """Return a status as a page."""
    overview = health.overview
    kept = f"{registry} ({size(overview.database_bytes)}, {counted(overview.items, 'item')})"
    head = [_scheduler(health, times), *_paused(health, times), *_using(health)]
    head += [_line("registry", kept), _line("tasks", _counts(health))]
    head += [
        _line("files", f"✗ {each}", tint("✗"))
        for each in health.problems
        if each.startswith("task files")
    ]
    shown: list[tuple[str, Iterator[str]]] = [
        ("RUNNING", _rows(_running(times), overview.running)),
        ("FAILING", _rows(_failing(times), overview.failing)),
        ("UNUSUAL", _rows(unusual_columns(times), health.sources.unusual)),
        ("DEFERRED", _rows(deferred_columns(times), health.sources.deferred)),
        ("NEXT", _rows(coming_view(times).columns, overview.coming)),
        ("RECENT", _rows(_recent(times), overview.recent)),
        ("SOURCES", _rows(source_columns(times), health.sources.lines)),
    ]
    parts = [f"\n{tinted(title, '1')}\n{rows}" for title, made in shown if (rows := "".join(made))]
    return "".join([*head, *parts])


def _line(name: str, text: str, colour: str = "") -> str:
    return f"{name:<11}{tinted(safe(text), colour)}\n"


def _scheduler(health: Health, times: Times) -> str:
    line = health.overview.scheduler
    if line is None:
        return _line("scheduler", "✗ not running; start it: stoma scheduler start", tint("✗"))
    trouble = next((each for each in health.problems if "does not respond" in each), "")
    if trouble:
        return _line("scheduler", f"! {trouble}", tint("!"))
    since = (
        f"since {stamp(line.started_at)}" if times.utc else f"for {_ago(line.started_at, times)}"
    )
    where = f"process {line.instance.pid} on {line.instance.host}, version {line.version}"
    return _line("scheduler", f"✓ running {since} ({where})", tint("✓"))


def _paused(health: Health, times: Times) -> Iterator[str]:
    pause = health.pause
    if pause is None:
        return
    until = f" until {times.full(pause.until)}" if pause.until else ""
    reason = f": {pause.reason}" if pause.reason else ""
    yield _line("paused", f"! no run starts{until}{reason}; go on: {_RESUME}", tint("!"))


_RESUME = "stoma scheduler resume"


def _using(health: Health) -> Iterator[str]:
    """Yield what the scheduler uses and the machine has left, and whether that is too little."""
    line = health.overview.scheduler
    if line is None or line.sample is None:
        return
    found, percent = line.sample.resources, line.sample.cpu_percent
    words = {
        "CPU": None if percent is None else f"{percent:.1f} %",
        "memory": None if found.memory_bytes is None else size(found.memory_bytes),
        "disk free": None if found.disk_free_bytes is None else size(found.disk_free_bytes),
        "load": None if found.load is None else f"{found.load:.2f} of {found.cores}",
    }
    yield _line("using", ", ".join(f"{name} {text}" for name, text in words.items() if text))
    yield from (
        _line("limits", f"✗ {each}", tint("✗"))
        for each in health.problems
        if each.startswith(BLOCKED)
    )


def _counts(health: Health) -> str:
    overview = health.overview
    counts = {
        "disabled": overview.tasks - overview.enabled,
        "running": len(overview.running),
        "waiting": overview.waiting,
        "failing": len(overview.failing),
        "late": len(overview.late),
    }
    words = [f"{count} {name}" for name, count in counts.items() if count]
    return ", ".join([str(overview.tasks), *words])


def _rows(columns: Sequence[Column[T]], records: Sequence[T]) -> Iterator[str]:
    yield table(columns, records[:_MOST], headers=False)
    if len(records) > _MOST:
        yield f"   and {len(records) - _MOST} more: stoma scheduler list-tasks\n"


def _marked(sign: Callable[[T], str]) -> Column[T]:
    return Column("state", sign, tint=lambda record: tint(sign(record)))


def _running(times: Times) -> list[Column[RunLine]]:
    return [
        _marked(run_mark),
        Column("task", lambda run: run.task_id, least=27),
        Column("for", lambda run: _ago(run.started_at or run.created_at, times)),
        Column("got", brought),
        Column("run", lambda run: f"run {run.id}"),
    ]


def _failing(times: Times) -> list[Column[TaskLine]]:
    return [
        _marked(task_mark),
        Column("task", lambda task: task.id, least=27),
        Column("last", lambda task: last_words(task, times)),
        Column("next", lambda task: f"next {next_words(task, times)}"),
        Column("why", lambda task: task.last.error if task.last else "", least=20),
    ]


def _recent(times: Times) -> list[Column[RunLine]]:
    return [
        _marked(run_mark),
        Column("task", lambda run: run.task_id, least=27),
        Column("result", lambda run: f"{run_said(run)} {times.near(run_at(run))}"),
        Column("took", lambda run: span(run.duration_seconds), spare=True),
        Column("got", brought),
        Column("run", lambda run: f"run {run.id}"),
    ]


def _ago(moment: datetime, times: Times) -> str:
    return span(max(times.now - moment, timedelta(0)))
