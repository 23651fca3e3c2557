"""How one task is shown."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from itertools import pairwise

from stoma.cli.forms import dumps
from stoma.cli.output import View
from stoma.cli.pages import facts, heading
from stoma.cli.scheduler.fires import fire_at
from stoma.cli.scheduler.views import brought, last_words, next_words, task_mark
from stoma.cli.streams import tinted
from stoma.cli.times import Times, relative, span
from stoma.cli.words import counted, mark, tint
from stoma.domain.task import Json, Task
from stoma.exceptions import ScheduleError
from stoma.operations.coming import Question, outlook_of
from stoma.records.tasks import task_detail_fields
from stoma.storage.read import TaskDetail
from stoma.storage.read_rows import DefinitionLine, TaskLine
from stoma.text import safe

_ALWAYS = {"priority", "timeout_seconds", "max_retries"}
#: Shown on lines of their own, or by their own name.
_APART = {"id", "name", "description", "type", "schedule", "timezone", "enabled", "config"}


def task_detail_view(times: Times) -> View[TaskDetail]:
    """Return the stable fields of one task: those of a list, its definition and its past."""
    return View(
        fields=task_detail_fields(times.timezone),
        name=lambda found: found.line.id,
    )


def task_text(found: TaskDetail, times: Times, *, history: bool) -> str:
    """Return a task as a page."""
    line, definition = found.line, found.definitions[0].definition
    sign = task_mark(line)
    head = f"{tinted(sign, tint(sign))} {safe(line.id)}: {safe(line.name)}".strip()
    page = facts(
        [
            ("", line.description),
            ("type", line.type),
            *_when(line, times),
            ("last", _last(line, times)),
            ("last 10", "".join(map(mark, line.strip))),
            ("unusual", "\n".join(f"! {each.text}" for each in found.unusual)),
            ("so far", f"{counted(found.runs, 'run')}, {counted(found.items, 'item')}"),
            *_config(definition.get("config")),
            *_policies(definition),
            ("preset", line.preset or ""),
            ("added", times.full(found.created_at)),
            ("changed", f"{times.full(found.updated_at)}, version {found.definitions[0].version}"),
        ]
    )
    return f"{head}\n{page}{''.join(_history(found, times)) if history else ''}"


def _of_line(value: Callable[[TaskLine], Json]) -> Callable[[TaskDetail], Json]:
    return lambda found: value(found.line)


def _when(line: TaskLine, times: Times) -> Iterator[tuple[str, str]]:
    """Yield what the schedule means, and when it is due; its text, if it has become unusable."""
    try:
        question = Question(moment=times.now, count=3, timezone=times.timezone)
        outlook = outlook_of(line, question)
    except ScheduleError as error:
        yield "schedule", f"{_shown(line.schedule)} can not be used: {error}"
        return
    yield "schedule", f"{outlook.words}, written as {_shown(line.schedule)}"
    fires = [
        f"{fire_at(each, times)} ({relative(each.due_at, times.now)})" for each in outlook.fires
    ]
    state = next_words(line, times)
    if not line.enabled:
        reason = f": {line.disabled_reason}" if line.disabled_reason else ""
        until = f" until {times.full(line.disabled_until)}" if line.disabled_until else ""
        yield "next", f"disabled{until}{reason}"
    elif line.waiting or state.startswith("late"):
        yield "next", "\n".join([state, *fires])
    else:
        yield "next", "\n".join(fires) or "-"


def _last(line: TaskLine, times: Times) -> str:
    run = line.last
    if run is None:
        return "-"
    words = [f"{last_words(line, times)}, run {run.id}"]
    if run.duration_seconds is not None:
        words.append(f"took {span(run.duration_seconds)}")
    if run.new or run.updated or run.unchanged:
        words.append(brought(run))
    return ", ".join(words) + (f"\n{run.error}" if run.error else "")


def _config(config: Json) -> Iterator[tuple[str, str]]:
    if isinstance(config, Mapping):
        for number, (key, value) in enumerate(config.items()):
            yield ("config" if number == 0 else " ", f"{key} = {dumps(value, None)}")


def _policies(definition: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    """Yield the rest of a definition: what is always of interest, and what is not usual."""
    usual = {each.name: each.default for each in fields(Task)}
    for name, value in definition.items():
        if name in _ALWAYS or (name not in _APART and value not in (usual.get(name), [])):
            yield name.replace("_", " "), _shown(value)


def _shown(value: Json) -> str:
    if value is None or value in ("", []):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, str) else dumps(value, None)


def _history(found: TaskDetail, times: Times) -> Iterator[str]:
    yield f"\n{heading('definitions')}"
    for newer, older in pairwise([*found.definitions, None]):
        if newer is None:
            continue
        changes = "first definition" if older is None else ", ".join(_changes(older, newer))
        yield f"version {newer.version}  {times.at(newer.saved_at)}  {safe(changes)}\n"


def _changes(older: DefinitionLine, newer: DefinitionLine) -> Iterator[str]:
    for name in dict.fromkeys([*older.definition, *newer.definition]):
        before, after = older.definition.get(name), newer.definition.get(name)
        if before != after:
            yield f"{name}: {_shown(before) or '-'} -> {_shown(after) or '-'}"
