"""Tasks: looked at, made, changed, removed."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends, Query, Request

from stoma.api.access import May, Principal
from stoma.api.context import TheWeb, Web
from stoma.api.document import errors
from stoma.api.errors import ForbiddenError
from stoma.api.json import JsonResponse
from stoma.api.routes.common import Limit, Offset, TaskId, listed, next_page, seen, task_of, there
from stoma.api.shapes.tasks import (
    Definition,
    Disabling,
    NewTask,
    RemovedShape,
    ScheduleChange,
    TaskChangedShape,
    TaskDetailShape,
    TaskShape,
)
from stoma.domain.task import Task
from stoma.exceptions import ConflictError, UsageError
from stoma.operations import editing
from stoma.operations.tasks import show_task
from stoma.records.base import Record, told
from stoma.records.tasks import task_detail_fields, task_fields
from stoma.storage.read_pages import TaskFilter
from stoma.tasktables import task_from_table

router = APIRouter(prefix="/api/scheduler/tasks", tags=["tasks"])

State = Literal["enabled", "disabled", "running", "failing"]


@dataclass(frozen=True)
class Wanted:
    """Which tasks, as a query says it."""

    q: Annotated[
        str, Query(max_length=200, description="Words of the id, name or description.")
    ] = ""
    state: Annotated[State | None, Query(description="Only such tasks.")] = None
    type: Annotated[str, Query(max_length=100, description="Only of this type.")] = ""
    tag: Annotated[str, Query(max_length=200, description="Only with this tag.")] = ""

    def of(self) -> TaskFilter:
        """Return the filter."""
        return TaskFilter(text=self.q, state=self.state or "", type=self.type, tag=self.tag)


@router.get(
    "", summary="List tasks", responses=errors(), response_model=list[TaskShape], name="list_tasks"
)
def list_tasks(
    request: Request,
    who: May.read,
    web: TheWeb,
    which: Annotated[Wanted, Depends()],
    limit: Limit = 500,
    offset: Offset = 0,
) -> JsonResponse:
    """Return the tasks you may see, by id: how each went last, and when it runs next.

    `X-Total-Count` says how many fit; `Link` names the next page, if there is one.
    """
    wanted, fields = which.of(), task_fields(web.timezone)
    with web.reader() as reader:
        found = there(reader)
        only = seen(found, who)
        ids = found.pages.task_ids(wanted, only=only, limit=limit, offset=offset)
        total = found.pages.task_count(wanted, only=only)
        records = [told(fields, line) for line in found.lines(ids)]
    headers = {"X-Total-Count": str(total)}
    if offset + len(ids) < total:
        headers |= next_page(request.url, offset=offset + len(ids), limit=limit)
    return listed(records, headers)


@router.post(
    "",
    summary="Register a task",
    status_code=201,
    responses=errors(409, 429, body=True),
    response_model=TaskChangedShape,
)
def add_task(new: NewTask, who: May.write, web: TheWeb) -> JsonResponse:
    """Register a task, which is yours, and return it with its next fires' notes."""
    table = new.model_dump(mode="json", exclude={"id"}, exclude_unset=True)
    task = task_from_table(new.id, _plain(table, who), timezone=web.timezone)
    _check_new(web, who, task.id)
    web.count_changes(who)
    added = editing.add_task(web.app, task)
    headers = {"Location": f"{web.prefix}/api/scheduler/tasks/{task.id}"}
    return JsonResponse(_changed(web, added), 201, headers=headers)


@router.get(
    "/{task_id}", summary="Show a task", responses=errors(404), response_model=TaskDetailShape
)
def show(task_id: TaskId, who: May.read, web: TheWeb) -> JsonResponse:
    """Return everything kept of a task, its earlier definitions included."""
    with web.reader() as reader:
        found = task_of(reader, who, task_id)
    return JsonResponse(told(task_detail_fields(web.timezone), found))


@router.patch(
    "/{task_id}",
    summary="Change a task",
    responses=errors(404, 409, body=True),
    response_model=TaskChangedShape,
)
def edit_task(
    task_id: TaskId,
    changes: Annotated[
        dict[str, Any],
        Body(
            description="Fields of a definition: those given change, all else stays. A `config` "
            "takes the place of the whole config.",
            examples=[{"priority": "high", "timeout_seconds": 600}],
            json_schema_extra={
                "properties": {name: {} for name in Definition.model_fields},
                "additionalProperties": False,
            },
        ),
    ],
    who: May.write,
    web: TheWeb,
) -> JsonResponse:
    """Change what is given; all else stays. Its next slot stays unless its schedule changes."""
    _own(web, who, task_id)
    edited = editing.edit_task(web.app, task_id, editing.Change(fields=_fields(web, who, changes)))
    return JsonResponse(_changed(web, edited))


@router.put(
    "/{task_id}/schedule",
    summary="Give a task another schedule",
    responses=errors(404, 409, body=True),
    response_model=TaskChangedShape,
)
def set_schedule(
    task_id: TaskId, change: ScheduleChange, who: May.write, web: TheWeb
) -> JsonResponse:
    """Change when a task is due. To see what a schedule means before: `/preview`."""
    _own(web, who, task_id)
    fields = change.model_dump(exclude_unset=True)
    edited = editing.edit_task(web.app, task_id, editing.Change(fields=_fields(web, who, fields)))
    return JsonResponse(_changed(web, edited))


@router.put(
    "/{task_id}/enable",
    summary="Enable a task",
    responses=errors(404),
    response_model=TaskChangedShape,
)
def enable_task(task_id: TaskId, who: May.write, web: TheWeb) -> JsonResponse:
    """Let a task run again by its schedule."""
    _own(web, who, task_id)
    (found,) = editing.enable_tasks(web.app, [task_id])
    return JsonResponse(_changed(web, found))


@router.put(
    "/{task_id}/disable",
    summary="Disable a task",
    responses=errors(404, body=True),
    response_model=TaskDetailShape,
)
def disable_task(
    task_id: TaskId,
    who: May.write,
    web: TheWeb,
    why: Annotated[Disabling | None, Body(description="May be left out.")] = None,
) -> JsonResponse:
    """Keep a task, but run it no more by its schedule; with `until`, for a while."""
    _own(web, who, task_id)
    given = why or Disabling()
    editing.disable_tasks(web.app, [task_id], reason=given.reason, until=given.until)
    return JsonResponse(_detail(web, task_id))


@router.put(
    "/{task_id}/pause",
    summary="Pause a task (the same as /disable)",
    responses=errors(404, body=True),
    response_model=TaskDetailShape,
)
def pause_task(
    task_id: TaskId,
    who: May.write,
    web: TheWeb,
    why: Annotated[Disabling | None, Body(description="May be left out.")] = None,
) -> JsonResponse:
    """Keep a task, but run it no more by its schedule; with `until`, for a while."""
    return disable_task(task_id, who, web, why)


@router.put(
    "/{task_id}/resume",
    summary="Resume a task (the same as /enable)",
    responses=errors(404),
    response_model=TaskChangedShape,
)
def resume_task(task_id: TaskId, who: May.write, web: TheWeb) -> JsonResponse:
    """Let a task run again by its schedule."""
    return enable_task(task_id, who, web)


@router.delete(
    "/{task_id}", summary="Remove a task", responses=errors(404), response_model=RemovedShape
)
def remove_task(task_id: TaskId, who: May.write, web: TheWeb) -> JsonResponse:
    """Remove a task. Its runs and what it collected stay."""
    _own(web, who, task_id)
    (found,) = editing.remove_tasks(web.app, [task_id])
    return JsonResponse(
        {
            "task_id": found.task_id,
            "runs": found.runs,
            "items": found.items,
            "running": list(found.running),
        }
    )


def _own(web: Web, who: Principal, task_id: str) -> None:
    """Check that a task is there to be changed by *who*.

    Raises:
        NotFoundError: There is none to be seen.
    """
    with web.reader() as reader:
        task_of(reader, who, task_id)


def _check_new(web: Web, who: Principal, task_id: str) -> None:
    """Check that somebody may use an id.

    Raises:
        ForbiddenError: They are limited to other tasks.
        ConflictError: The ledger of that id is somebody else's: its runs would become theirs.
    """
    if who.tasks is not None and task_id not in who.tasks:
        raise ForbiddenError("admin")
    if who.is_admin:
        return
    with web.reader() as reader:
        before = there(reader).pages.last_owner(task_id)
    if before is not None and before != who.name:
        raise ConflictError(f"the id {task_id!r} is taken, or was once", hint="choose another id")


def _plain(table: dict[str, Any], who: Principal) -> dict[str, Any]:
    """Return a definition as tasks are read: what says nothing left out, and whose it is."""
    said = {name: value for name, value in table.items() if value is not None}
    if not who.is_admin:
        said["owner"] = who.name
    return said


def _fields(web: Web, who: Principal, changes: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a definition that are to change, read as in a new task.

    Raises:
        ForbiddenError: Somebody wants to give their task away.
        UsageError: A field or value can not be used.
    """
    if "owner" in changes and not who.is_admin:
        raise ForbiddenError("admin")
    if "id" in changes:
        raise UsageError("the id of a task stays", hint="remove it, and add another one")
    empty = {"timezone", "misfire_grace_seconds", "max_running", "memory_limit_mb"}
    absent = {name: None for name, value in changes.items() if value is None and name in empty}
    rest = {name: value for name, value in changes.items() if name not in absent}
    needed = {"name": "x", "type": "x", "schedule": "manual"}
    read: Task = task_from_table("task", needed | rest, timezone=web.timezone)
    return absent | {name: getattr(read, name) for name in rest}


def _changed(web: Web, found: editing.Registered) -> Record:
    return {**_detail(web, found.task.id), "notes": list(found.notes)}


def _detail(web: Web, task_id: str) -> Record:
    with web.reader() as reader:
        return told(task_detail_fields(web.timezone), show_task(reader, task_id))
