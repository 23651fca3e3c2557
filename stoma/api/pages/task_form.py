"""Making a task and changing one: the form, its live preview, and what comes of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.responses import Response

from stoma.api.forms import Form
from stoma.api.pages.config_fields import PREFIX, Field, config_fields, read_config
from stoma.api.pages.desk import Desk, Note, fault_of
from stoma.api.pages.format import link
from stoma.api.pages.render import done, show
from stoma.collectors import COLLECTORS
from stoma.collectors.base import CollectorConfig
from stoma.domain.task import CatchUp, Overlap, StoredTask, Task, TaskPriority
from stoma.exceptions import ScheduleError, StomaError, TaskConfigError, TaskExistsError, UsageError
from stoma.operations.coming import Outlook, Question, outlook
from stoma.operations.editing import Change, add_task, edit_task
from stoma.scheduler.forecast import Forecast, forecast

#: So many coming slots are shown.
_SLOTS = 6
_ABOUT = {
    "arxiv": "Papers: a search, a harvest, or the daily announcements",
    "github": "Repositories and releases: a search, the trending page, or those you watch",
    "sec_edgar": "Filings: the latest, of companies you name, or found by words",
}
_EXAMPLES = (
    "daily_at_09:00",
    "interval_30m",
    "weekly_on_mon_at_08:00",
    "cron: 0 9 * * 1-5",
    "manual",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a form holds, right or wrong."""

    id: str = ""
    name: str = ""
    description: str = ""
    type: str = ""
    schedule: str = "daily_at_09:00"
    timezone: str = ""
    priority: str = "normal"
    overlap: str = "skip"
    catch_up: str = "latest"
    timeout_seconds: str = "3600"
    max_retries: str = "3"
    config: list[Field] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a schedule means."""

    outlook: Outlook | None
    fault: Note | None = None
    change: Forecast | None = None  #: the fires that an edit loses and gains


_PLAIN = (
    "name",
    "description",
    "schedule",
    "timezone",
    "priority",
    "overlap",
    "catch_up",
    "timeout_seconds",
    "max_retries",
)


# --- pages --------------------------------------------------------------------------------------


def new_task(desk: Desk) -> Response:
    """Show the form for a new task; without a type, the types there are."""
    kind = _kind(desk, desk.asked("type"))
    if kind is None:
        types = [(name, _ABOUT.get(name, "")) for name in COLLECTORS]
        return show(desk, "task_types.html", types=types)
    name = desk.asked("type")
    draft = Draft(type=name, config=config_fields(kind, {}))
    return _form(desk, draft, {}, None)


def add(desk: Desk) -> Response:
    """Make the task that the form describes, or say what is wrong with it."""
    form, name = desk.form, desk.form.text("type")
    kind = _kind(desk, name)
    if kind is None:
        return done(desk, link(desk.web.prefix, "/tasks/new"), Note("Choose a type first", "warn"))
    draft = _draft(form, config_fields(kind, {}, form), id=form.text("id"), type=name)
    if form.text("do") == "preview":
        return _form(desk, draft, {}, None)
    try:
        task = _task(form, draft, read_config(kind, form, {}), owner=desk.who.name)
        if desk.who.tasks is not None and task.id not in desk.who.tasks:
            raise UsageError(f"this token may not make a task {task.id!r}")
        desk.web.count_changes(desk.who)
        added = add_task(desk.app, task)
    except StomaError as error:
        return _form(desk, draft, _faults(error), None)
    note = Note(f"Made {added.task.name}", hint="; ".join(added.notes))
    return done(desk, link(desk.web.prefix, "/tasks", added.task.id), note)


def edit_form(desk: Desk) -> Response:
    """Show a task's form."""
    task = desk.app.tasks.get(desk.task().line.id)
    return _form(desk, _draft_of(desk, task), {}, task)


def edit(desk: Desk) -> Response:
    """Change a task as the form says, or say what is wrong."""
    task, form = desk.app.tasks.get(desk.task().line.id), desk.form
    kind = _kind(desk, task.type)
    fields = config_fields(kind, task.config, form) if kind else []
    draft = _draft(form, fields, id=task.id, type=task.type)
    if form.text("do") == "preview":
        return _form(desk, draft, {}, task)
    try:
        config = read_config(kind, form, task.config) if kind else dict(task.config)
        wanted = _task(form, draft, config, owner=task.owner)
        names = (*_PLAIN, "config")
        change = Change(fields={name: getattr(wanted, name) for name in names})
        edited = edit_task(desk.app, task.id, change)
    except StomaError as error:
        return _form(desk, draft, _faults(error), task)
    changed = ", ".join(name for name, _, _ in edited.changes)
    said = f"Changed {changed}" if changed else "Nothing was different"
    note = Note(said, hint="; ".join(edited.notes))
    return done(desk, link(desk.web.prefix, "/tasks", task.id), note)


def preview(desk: Desk) -> Response:
    """Show what a schedule means: a part of the form, asked for while somebody types."""
    task_id = desk.asked("task")
    stored = desk.app.tasks.find(task_id) if task_id and desk.sees(task_id) else None
    found = _preview(desk, desk.asked("schedule"), desk.asked("timezone"), stored)
    return show(desk, "_preview.html", preview=found)


# --- parts --------------------------------------------------------------------------------------


def _kind(desk: Desk, name: str) -> type[CollectorConfig] | None:
    """Return what tasks of a type may say; None if there is no such type."""
    try:
        return desk.app.collector(name).config if name else None
    except StomaError:
        return None


def _form(desk: Desk, draft: Draft, faults: Mapping[str, str], task: StoredTask | None) -> Response:
    if faults.get(""):
        desk.notes.append(Note(faults[""], "bad", faults.get("hint", "")))
    return show(
        desk,
        "task_form.html",
        status=422 if faults else 200,
        draft=draft,
        faults=faults,
        task=task,
        preview=_preview(desk, draft.schedule, draft.timezone, task),
        examples=_EXAMPLES,
        priorities=list(TaskPriority),
        overlaps=_OVERLAPS,
        catch_ups=_CATCH_UPS,
        zones=_zones(desk, task),
    )


_OVERLAPS = {
    Overlap.SKIP: "Skip the new one",
    Overlap.QUEUE_ONE: "Let one wait",
    Overlap.REPLACE: "Stop the old one",
    Overlap.ALLOW: "Run both",
}
_CATCH_UPS = {
    CatchUp.LATEST: "One run stands for all",
    CatchUp.NONE: "Record them as missed",
    CatchUp.ALL: "Run each of them",
}
_ZONES = (
    "UTC",
    "America/Chicago",
    "America/Los_Angeles",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Europe/Berlin",
    "Europe/London",
    "Europe/Paris",
)


def _zones(desk: Desk, task: StoredTask | None) -> list[str]:
    more = [task.timezone] if task and task.timezone else []
    return sorted({*_ZONES, desk.zone, *more})


def _draft(form: Form, fields: list[Field], **fixed: str) -> Draft:
    given = {name: form.text(name, getattr(Draft(), name)) for name in _PLAIN}
    return Draft(**given, **fixed, config=fields)


def _draft_of(desk: Desk, task: StoredTask) -> Draft:
    kind = _kind(desk, task.type)
    spec = task.schedule
    return Draft(
        id=task.id,
        name=task.name,
        description=task.description,
        type=task.type,
        schedule=spec if isinstance(spec, str) else json.dumps(dict(spec), ensure_ascii=False),
        timezone=task.timezone or "",
        priority=task.priority,
        overlap=task.overlap,
        catch_up=task.catch_up,
        timeout_seconds=f"{task.timeout_seconds:g}",
        max_retries=str(task.max_retries),
        config=config_fields(kind, task.config) if kind else [],
    )


def _task(form: Form, draft: Draft, config: Mapping[str, Any], *, owner: str) -> Task:
    """Return the task that a form describes.

    Raises:
        UsageError: A value can not be used.
    """
    return Task(
        id=draft.id,
        name=draft.name,
        description=draft.description,
        type=draft.type,
        schedule=_spec(draft.schedule),
        timezone=draft.timezone or None,
        priority=_one_of(TaskPriority, "priority", draft.priority),
        overlap=_one_of(Overlap, "overlap", draft.overlap),
        catch_up=_one_of(CatchUp, "catch_up", draft.catch_up),
        timeout_seconds=_number("timeout_seconds", draft.timeout_seconds),
        max_retries=int(_number("max_retries", draft.max_retries)),
        config=dict(config),
        owner=owner,
    )


def _spec(text: str) -> Any:
    """Return a schedule as it is stored: a text, or the table that JSON says."""
    if not text.startswith("{"):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text  # the schedule says what is wrong with it


def _one_of(kind: Any, name: str, text: str) -> Any:
    try:
        return kind(text)
    except ValueError:
        raise UsageError(f"{name} is {text!r}, must be one of {', '.join(kind)}") from None


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"{name} is {text!r}, which is no number") from None


def _faults(error: StomaError) -> dict[str, str]:
    """Return what is wrong, by the field where it is said; under an empty name, on top."""
    fault = fault_of(error)
    said = {"": fault.text, "hint": fault.hint}
    text = f"{fault.text}{f' ({fault.hint})' if fault.hint else ''}"
    if isinstance(error, ScheduleError):
        said["schedule"] = text
    elif isinstance(error, TaskConfigError):
        problem = error.problem
        said[PREFIX + error.key.partition(".")[0]] = f"{problem[:1].upper()}{problem[1:]}"
    elif isinstance(error, TaskExistsError) or " id " in str(error):
        said["id"] = text
    elif "name" in str(error):
        said["name"] = text
    return said


def _preview(desk: Desk, spec: str, timezone: str, task: StoredTask | None) -> Preview:
    question = Question(moment=desk.now, count=_SLOTS, timezone=timezone or desk.zone, skipped=True)
    task_id = task.id if task else ""
    try:
        found = outlook(_spec(spec), question, task_id=task_id)
        change = None
        if task is not None:
            after = replace(task.definition, schedule=_spec(spec), timezone=timezone or None)
            change = forecast(task.definition, after, now=desk.now, timezone=desk.zone)
        return Preview(found, change=change)
    except StomaError as error:
        return Preview(None, fault_of(error))
