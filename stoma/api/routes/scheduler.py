"""The scheduler as a whole: how it is, what there is to count, and a pause."""

from dataclasses import replace
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Body, Query

from stoma.api.access import May
from stoma.api.context import TheWeb
from stoma.api.document import errors
from stoma.api.errors import ForbiddenError
from stoma.api.json import JsonResponse
from stoma.api.routes.common import listed, seen, there
from stoma.api.shapes.status import (
    PauseShape,
    Pausing,
    ResumedShape,
    SettingShape,
    StatisticsShape,
    StatusShape,
)
from stoma.operations import control
from stoma.operations.settings import list_settings
from stoma.operations.statistics import statistics
from stoma.operations.status import Health, look
from stoma.records.base import told
from stoma.records.settings import SETTING
from stoma.records.statistics import STATISTICS
from stoma.records.status import status_fields
from stoma.storage.item_lines import ItemFilter
from stoma.storage.read import Reader
from stoma.storage.read_pages import RunFilter, TaskFilter
from stoma.storage.read_rows import TaskLine

router = APIRouter(prefix="/api/scheduler", tags=["scheduler"])

#: So many tasks and runs a status names.
_FEW = 5


@router.get(
    "/status", summary="How the registry is doing", responses=errors(), response_model=StatusShape
)
def status(who: May.read, web: TheWeb) -> JsonResponse:
    """Return whether a scheduler is at work, what runs, what comes next, and what went wrong."""
    with web.reader() as reader:
        found = there(reader)
        health = look(found, web.now())
        only = seen(found, who)
        if only is not None:
            health = _narrowed(found, health, only)
    return JsonResponse(told(status_fields(web.app.paths.database), health))


@router.get(
    "/statistics",
    summary="How the tasks have been doing",
    responses=errors(),
    response_model=StatisticsShape,
)
def statistics_of(
    who: May.read,
    web: TheWeb,
    hours: Annotated[
        float, Query(gt=0, le=24 * 366, description="Runs decided within so many hours.")
    ] = 24,
    tasks: Annotated[
        int, Query(ge=0, le=10_000, description="So many are told of one by one.")
    ] = 100,
) -> JsonResponse:
    """Return tasks by state, runs by outcome, the success rate, and how long runs take."""
    now = web.now()
    with web.reader() as reader:
        found = there(reader)
        only = seen(found, who)
        since = now - timedelta(hours=hours)
        counted = statistics(found, since, now=now, only=only, most=tasks)
    return JsonResponse(told(STATISTICS, counted))


@router.post(
    "/pause",
    summary="Let no run start",
    responses=errors(body=True),
    response_model=PauseShape,
)
def pause(
    who: May.admin,
    web: TheWeb,
    why: Annotated[Pausing | None, Body(description="May be left out.")] = None,
) -> JsonResponse:
    """Let no run start from now on; what is at work goes on. Slots that pass are recorded."""
    _everybody(who.tasks)
    given = why or Pausing()
    made = control.pause(web.app, until=given.until, reason=given.reason)
    until = made.until.isoformat() if made.until else None
    return JsonResponse({"until": until, "reason": made.reason})


@router.post(
    "/resume", summary="Let runs start again", responses=errors(), response_model=ResumedShape
)
def resume(who: May.admin, web: TheWeb) -> JsonResponse:
    """End a pause."""
    _everybody(who.tasks)
    return JsonResponse({"resumed": control.resume(web.app)})


@router.get(
    "/settings",
    summary="Every setting in force",
    responses=errors(),
    response_model=list[SettingShape],
)
def settings(who: May.admin, web: TheWeb) -> JsonResponse:
    """Return every setting, and which place said so. Secrets are shown as asterisks."""
    return listed(told(SETTING, each) for each in list_settings(web.loaded))


def _everybody(tasks: frozenset[str] | None) -> None:
    """Check that somebody is not limited to some tasks: this concerns all of them.

    Raises:
        ForbiddenError: They are.
    """
    if tasks is not None:
        raise ForbiddenError("admin")


def _narrowed(reader: Reader, health: Health, only: frozenset[str]) -> Health:
    """Return a status without what belongs to others."""
    before = health.overview
    count = reader.pages.task_count
    overview = replace(
        before,
        tasks=count(TaskFilter(), only=only),
        enabled=count(TaskFilter(state="enabled"), only=only),
        failing=[task for task in before.failing if task.id in only],
        late=[task for task in before.late if task.id in only],
        coming=_coming(reader, only),
        running=[run for run in before.running if run.task_id in only],
        waiting=reader.pages.waiting(only=only),
        recent=reader.pages.runs(RunFilter(), only=only, limit=_FEW),
        items=reader.items.count(ItemFilter(of_tasks=only)),
    )
    whole = [each for each in health.problems if not each.startswith(("late:", "failing:"))]
    lists = {"late": overview.late, "failing": overview.failing}
    own = [f"{word}: {', '.join(t.id for t in tasks)}" for word, tasks in lists.items() if tasks]
    sources = replace(
        health.sources,
        deferred=[each for each in health.sources.deferred if each.task_id in only],
        unusual=[each for each in health.sources.unusual if each.task_id in only],
    )
    late = [each for each in health.late if each in only]
    return replace(health, overview=overview, problems=[*whole, *own], late=late, sources=sources)


def _coming(reader: Reader, only: frozenset[str]) -> list[TaskLine]:
    lines = [line for line in reader.lines(sorted(only), strip=0) if line.enabled and line.next_at]
    return sorted(lines, key=lambda line: (line.next_at is None, line.next_at, line.id))[:_FEW]
