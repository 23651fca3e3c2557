"""Asking for runs: of one task, of many, again, and of what was missed."""

from collections.abc import Callable
from typing import Final, TypeVar

from fastapi import APIRouter

from stoma.api.access import May, Principal
from stoma.api.context import TheWeb, Web
from stoma.api.document import errors
from stoma.api.errors import ForbiddenError, WebError
from stoma.api.json import JsonResponse
from stoma.api.problems import status_of
from stoma.api.routes.common import RunId, TaskId, listed, run_of, task_of
from stoma.api.shapes.runs import (
    AskedShape,
    BulkRunLine,
    BulkRuns,
    CancelledShape,
)
from stoma.api.shapes.schedules import BackfilledShape, Backfilling
from stoma.api.shapes.tasks import BulkTaskLine, BulkTasks
from stoma.domain.run import Run
from stoma.exceptions import StomaError
from stoma.operations import asked, control, editing
from stoma.operations.backfill import Interval, backfill
from stoma.operations.runs import show_run
from stoma.records.base import Record, told
from stoma.records.runs import RUN
from stoma.records.slots import backfill_fields
from stoma.text import safe

router = APIRouter(prefix="/api/scheduler")

T = TypeVar("T")

#: So long an answer waits for the end of a run that is stopped; it comes anyway.
_PATIENCE_SECONDS: Final = 2.0


@router.post(
    "/tasks/{task_id}/run",
    tags=["tasks"],
    summary="Run a task now",
    status_code=202,
    responses=errors(404, 409, 429),
    response_model=AskedShape,
)
def run_task(task_id: TaskId, who: May.run, web: TheWeb) -> JsonResponse:
    """Let a task run now, a disabled one too, and return the run, which is about to start.

    The scheduler at work carries it out; while there is none, this web process does. `Location` is
    the run, to see how it goes.
    """
    with web.reader() as reader:
        task_of(reader, who, task_id)
    web.count_starts(who)
    return _asked(web, asked.ask_for_run(web.app, task_id))


@router.post(
    "/tasks/{task_id}/backfill",
    tags=["tasks"],
    summary="Run missed slots after all",
    responses=errors(404, 409, 429, body=True),
    response_model=BackfilledShape,
)
def backfill_task(task_id: TaskId, wanted: Backfilling, who: May.run, web: TheWeb) -> JsonResponse:
    """Let slots of the past run that nothing was carried out for: missed, skipped, dead or new.

    The scheduler runs them, one at a time, after everything else.
    """
    with web.reader() as reader:
        task_of(reader, who, task_id)
    if not wanted.dry_run:
        web.count_starts(who)
    until = wanted.until or web.now()
    interval = Interval(task_id=task_id, first=wanted.first, until=until, limit=wanted.limit)
    found = backfill(web.app, interval, dry_run=wanted.dry_run)
    return JsonResponse(told(backfill_fields(dry_run=wanted.dry_run), found))


@router.post(
    "/tasks/bulk",
    tags=["tasks"],
    summary="Enable, disable, run or remove many tasks",
    responses=errors(429, body=True),
    response_model=list[BulkTaskLine],
)
def bulk_tasks(many: BulkTasks, who: May.run, web: TheWeb) -> JsonResponse:
    """Do the same with each of many tasks, and return what became of each, in their order."""
    ids = list(dict.fromkeys(many.task_ids))
    if many.action == "run":
        web.count_starts(who, len(ids))
    elif not who.may("write"):
        raise ForbiddenError("write")

    def do(task_id: str) -> Record:
        with web.reader() as reader:
            task_of(reader, who, task_id)
        if many.action == "enable":
            editing.enable_tasks(web.app, [task_id])
        elif many.action == "disable":
            editing.disable_tasks(web.app, [task_id], reason=many.reason)
        elif many.action == "delete":
            editing.remove_tasks(web.app, [task_id])
        else:
            run = asked.ask_for_run(web.app, task_id)
            return _line(202, f"run {run.id} is about to start", run_id=run.id)
        return _line(200, _DONE[many.action])

    lines = [{"task_id": each, "run_id": None, **_tried(do, each)} for each in ids]
    _begin(web)
    return listed(lines)


_DONE = {"enable": "enabled", "disable": "disabled", "delete": "removed"}


@router.post(
    "/runs/bulk",
    tags=["runs"],
    summary="Cancel or retry many runs",
    responses=errors(429, body=True),
    response_model=list[BulkRunLine],
)
def bulk_runs(many: BulkRuns, who: May.run, web: TheWeb) -> JsonResponse:
    """Do the same with each of many runs, and return what became of each, in their order."""
    ids = list(dict.fromkeys(many.run_ids))
    if many.action == "retry":
        web.count_starts(who, len(ids))

    def do(run_id: int) -> Record:
        with web.reader() as reader:
            run_of(reader, who, run_id, web.timezone)
        if many.action == "cancel":
            return _line(200, _cancel(web, run_id).text)
        control.retry_runs(web.app, [run_id])
        return _line(202, "it waits to run again")

    lines = [{"run_id": each, **_tried(do, each)} for each in ids]
    _begin(web)
    return listed(lines)


@router.post(
    "/runs/{run_id}/cancel",
    tags=["runs"],
    summary="Cancel a run",
    responses=errors(404, 409),
    response_model=CancelledShape,
)
def cancel_run(run_id: RunId, who: May.run, web: TheWeb) -> JsonResponse:
    """End a run: one that waits will not start, one at work is stopped."""
    _own(web, who, run_id)
    found = _cancel(web, run_id)
    return JsonResponse({**_record(web, run_id), "text": found.text})


@router.post(
    "/runs/{run_id}/retry",
    tags=["runs"],
    summary="Run it again",
    status_code=202,
    responses=errors(404, 409, 429),
    response_model=AskedShape,
)
def retry_run(run_id: RunId, who: May.run, web: TheWeb) -> JsonResponse:
    """Let a run that is over, or never started, run again, with the attempts its task allows."""
    _own(web, who, run_id)
    web.count_starts(who)
    (run,) = control.retry_runs(web.app, [run_id])
    return _asked(web, run)


def _own(web: Web, who: Principal, run_id: int) -> None:
    with web.reader() as reader:
        run_of(reader, who, run_id, web.timezone)


def _asked(web: Web, run: Run) -> JsonResponse:
    by = _begin(web)
    headers = {"Location": f"{web.prefix}/api/scheduler/runs/{run.id}"}
    return JsonResponse({**_record(web, run.id), "executed_by": by}, 202, headers=headers)


def _cancel(web: Web, run_id: int) -> control.Cancelled:
    return control.cancel_run(web.app, run_id, patience_seconds=_PATIENCE_SECONDS)


def _record(web: Web, run_id: int) -> Record:
    with web.reader() as reader:
        return told(RUN, show_run(reader, run_id).run)


def _begin(web: Web) -> str:
    """See to it that what was asked for is begun; return by whom."""
    if asked.scheduler_at_work(web.app):
        return "scheduler"
    web.runs.begin()
    return "web"


def _tried(do: Callable[[T], Record], each: T) -> Record:
    """Return what became of one of many."""
    try:
        return do(each)
    except WebError:
        raise
    except StomaError as error:
        return {"ok": False, "status": status_of(error), "detail": safe(error)}


def _line(status: int, detail: str, **more: int) -> Record:
    return {"ok": True, "status": status, "detail": detail, **more}
