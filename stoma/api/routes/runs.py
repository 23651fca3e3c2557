"""Runs: the history, single runs, and their logs."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.responses import PlainTextResponse, StreamingResponse

from stoma.api.access import May, Principal
from stoma.api.context import TheWeb, Web
from stoma.api.document import errors
from stoma.api.following import flowing, still
from stoma.api.json import JsonResponse, dumps
from stoma.api.routes.common import (
    LARGEST,
    Limit,
    RunId,
    TaskId,
    When,
    listed,
    next_page,
    run_of,
    seen,
    there,
)
from stoma.api.shapes.runs import RunDetailShape, RunShape
from stoma.api.streams import Lines
from stoma.domain.run import Outcome, RunState, Trigger
from stoma.operations.runs import BAD, read_log
from stoma.operations.tasks import require_task
from stoma.records.base import told
from stoma.records.runs import RUN, RUN_DETAIL
from stoma.storage.lookup import unknown_task
from stoma.storage.read_pages import RunFilter
from stoma.text import safe

router = APIRouter(prefix="/api/scheduler", tags=["runs"])


@dataclass(frozen=True)
class Wanted:
    """Which runs, as a query says it."""

    word: Annotated[
        list[Outcome | RunState] | None,
        Query(max_length=20, description="Only with one of these outcomes or states; repeatable."),
    ] = None
    failed: Annotated[bool, Query(description="Only runs that failed or were cut off.")] = False
    trigger: Annotated[Trigger | None, Query(description="Only started so.")] = None
    since: Annotated[When | None, Query(description="Only decided then or later.")] = None
    until: Annotated[When | None, Query(description="Only decided before then.")] = None
    before: Annotated[
        int | None, Query(ge=1, le=LARGEST, description="Only with a lower number: go on there.")
    ] = None

    def of(self, task_id: str | None) -> RunFilter:
        """Return the filter, for one task or for all."""
        return RunFilter(
            task_id=task_id,
            words=[*map(str, self.word or ()), *(BAD if self.failed else ())],
            trigger=str(self.trigger or ""),
            since=self.since,
            until=self.until,
            before=self.before,
        )


Which = Annotated[Wanted, Depends()]
OneTask = Annotated[str | None, Query(max_length=100, description="Only of this task.")]


def _list(
    request: Request, web: Web, who: Principal, wanted: RunFilter, limit: int
) -> JsonResponse:
    with web.reader() as reader:
        found = there(reader)
        only = seen(found, who)
        if wanted.task_id is not None:
            if only is not None and wanted.task_id not in only:
                raise unknown_task(wanted.task_id, only)
            require_task(found, wanted.task_id)
            only = None  # one task: an index finds its runs
        runs = found.pages.runs(wanted, only=only, limit=limit)
    more = len(runs) == limit
    headers = next_page(request.url, before=runs[-1].id, limit=limit) if more else {}
    return listed((told(RUN, run) for run in runs), headers)


@router.get(
    "/runs",
    summary="List runs (the same as /history)",
    responses=errors(404),
    response_model=list[RunShape],
)
@router.get(
    "/history",
    summary="List runs",
    responses=errors(404),
    response_model=list[RunShape],
)
def history(
    request: Request,
    who: May.read,
    web: TheWeb,
    which: Which,
    task_id: OneTask = None,
    limit: Limit = 100,
) -> JsonResponse:
    """Return runs, newest first: what came, or why not. `Link` names the next page."""
    return _list(request, web, who, which.of(task_id), limit)


@router.get(
    "/tasks/{task_id}/runs",
    summary="List the runs of a task",
    responses=errors(404),
    response_model=list[RunShape],
)
def runs_of_task(
    request: Request,
    task_id: TaskId,
    who: May.read,
    web: TheWeb,
    which: Which,
    limit: Limit = 100,
) -> JsonResponse:
    """Return the runs of one task, newest first; of a removed one too, to an admin."""
    return _list(request, web, who, which.of(task_id), limit)


@router.get(
    "/runs/{run_id}", summary="Show a run", responses=errors(404), response_model=RunDetailShape
)
def show(run_id: RunId, who: May.read, web: TheWeb) -> JsonResponse:
    """Return a run and its attempts."""
    with web.reader() as reader:
        found = run_of(reader, who, run_id, web.timezone)
    return JsonResponse(told(RUN_DETAIL, found))


_TEXT: Final = {"content": {"text/plain": {"schema": {"type": "string"}}}}
_STREAM: Final = {"content": {"text/event-stream": {"schema": {"type": "string"}}}}


@router.get(
    "/runs/{run_id}/log",
    summary="The log of a run",
    responses=errors(404) | {200: {"description": "Its lines.", **_TEXT}},
    response_class=PlainTextResponse,
)
def log(
    run_id: RunId,
    who: May.read,
    web: TheWeb,
    tail: Annotated[
        int | None, Query(ge=0, le=LARGEST, description="Only the last so many lines.")
    ] = None,
) -> PlainTextResponse:
    """Return the lines of a log so far; none, if there is no log. Harmless to a terminal."""
    with web.reader() as reader:
        run = run_of(reader, who, run_id, web.timezone).run
    lines = "".join(f"{_clean(line)}\n" for line in read_log(run, tail=tail))
    name = f'inline; filename="run-{run_id}.log"'
    return PlainTextResponse(lines, headers={"Content-Disposition": name})


@router.get(
    "/runs/{run_id}/log/stream",
    summary="Follow the log of a run",
    responses=errors(404, 429) | {200: {"description": "Server-sent events.", **_STREAM}},
    response_class=StreamingResponse,
)
def follow(
    request: Request,
    run_id: RunId,
    who: May.read,
    web: TheWeb,
    last_event_id: Annotated[
        str | None,
        Header(max_length=20, description="Go on after this event, as browsers do by themselves."),
    ] = None,
) -> StreamingResponse:
    """Send the lines of a log as server-sent events, as they come, until the run is over.

    `line` events carry a line each; their id is how far that is into the log, in bytes. Last comes
    an `end` event with the run.
    """
    with web.reader() as reader:
        run = run_of(reader, who, run_id, web.timezone).run
    web.streams.check_room()
    text = last_event_id or ""
    after = int(text) if text.isascii() and text.isdigit() else 0
    return flowing(web.streams.log(run, after=after, maker=_events, may=still(web, request)))


@router.get(
    "/events",
    tags=["scheduler"],
    summary="Be told of changes",
    responses=errors(429) | {200: {"description": "Server-sent events.", **_STREAM}},
    response_class=StreamingResponse,
)
def events(request: Request, who: May.read, web: TheWeb) -> StreamingResponse:
    """Send a `change` event, twice a second at most, whenever anything in the registry changed."""
    web.streams.check_room()

    async def flow() -> AsyncIterator[bytes]:
        yield b"event: change\ndata: {}\n\n"
        async for version in web.streams.changes(may=still(web, request)):
            yield b": \n\n" if version is None else b"event: change\ndata: {}\n\n"

    return flowing(flow())


def _events(lines: Lines) -> bytes:
    """Return lines as events."""
    parts = [f"event: line\ndata: {_clean(line)}\n\n" for line in lines.lines]
    if parts:  # where one goes on after all of them
        parts[-1] = f"id: {lines.offset}\n{parts[-1]}"
    if lines.ended is not None:
        parts.append(f"event: end\ndata: {dumps(told(RUN, lines.ended))}\n\n")
    return "".join(parts).encode()


def _clean(line: str) -> str:
    """Return a line without what a terminal would obey; tabs stay."""
    return safe(line, lines=True)
