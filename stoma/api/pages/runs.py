"""Runs: the list of them, and one with its story, its attempts and its log."""

import re
from typing import Annotated

from fastapi import Depends
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from stoma.api.access import Principal, current
from stoma.api.context import web_of
from stoma.api.following import flowing, still
from stoma.api.forms import Form
from stoma.api.pages.desk import Desk, Note, fault_of
from stoma.api.pages.format import link, shown
from stoma.api.pages.looks import BAD, NOT_RUN
from stoma.api.pages.paging import Paging
from stoma.api.pages.render import done, show
from stoma.api.streams import Lines
from stoma.domain.run import ACTIVE, RunState
from stoma.exceptions import StomaError
from stoma.operations import control
from stoma.operations.log_end import log_end
from stoma.operations.slot_story import story_of
from stoma.storage.read_items import ItemFilter
from stoma.storage.read_pages import RunFilter
from stoma.storage.read_rows import RunLine

_ON_A_PAGE, _LINES, _ITEMS = 50, 400, 12
_SHOWN = {
    "": (),
    "bad": tuple(sorted(BAD)),
    "not": tuple(sorted(NOT_RUN)),
    "open": ("pending", "queued", "running"),
}
_LEVEL = re.compile(r"\b(DEBUG|WARNING|ERROR|CRITICAL)\b")


def runs(desk: Desk) -> Response:
    """Show the newest runs."""
    show_ = desk.asked("show") if desk.asked("show") in _SHOWN else ""
    task_id, before = desk.asked("task"), desk.asked_number("before")
    wanted = RunFilter(task_id=task_id or None, words=_SHOWN[show_], before=before or None)
    found = desk.reader.pages.runs(wanted, only=desk.only, limit=_ON_A_PAGE + 1)
    lines = found[:_ON_A_PAGE]
    query = {"show": show_, "task": task_id}
    more = link(desk.web.prefix, "/runs", **query, before=lines[-1].id) if lines else None
    return show(
        desk,
        "runs.html",
        runs=lines,
        names=desk.reader.pages.names(run.task_id for run in lines),
        showing=show_,
        task_id=task_id,
        paging=Paging(
            before=link(desk.web.prefix, "/runs", **query) if before else None,
            after=more if len(found) > _ON_A_PAGE else None,
            said="",
        ),
    )


def run(desk: Desk) -> Response:
    """Show one run."""
    line, reader = desk.run(), desk.reader
    detail = reader.task(line.task_id)
    log = log_end(line, most=_LINES)
    seen = ItemFilter(new_in_run=line.id)
    never = line.state in {RunState.SKIPPED, RunState.COALESCED, RunState.MISSED}
    return show(
        desk,
        "run.html",
        run=line,
        name=detail.line.name if detail else line.task_id,
        known=detail is not None,
        zone_of=(detail.line.timezone if detail else None) or desk.zone,
        active=line.state in ACTIVE,
        script="follow.js" if line.state in ACTIVE else "all.js",
        never=never,
        story=story_of(reader, line, "its moment" if line.due_at else "asked for by hand"),
        attempts=reader.attempts(line.id),
        log=log,
        log_lines=Markup("").join(map(log_line, log.lines)),
        items=reader.items.newest(seen, limit=_ITEMS),
        new_items=reader.items.count(seen),
    )


def log_line(line: str) -> Markup:
    """Return a line of a log as an element; nothing in it is obeyed."""
    level = _LEVEL.search(line[:80])
    name = level[1] if level else "INFO"
    return Markup('<div class="{}">{}</div>').format(name, shown(line) or " ")


# --- following a log ----------------------------------------------------------------------------


async def follow(request: Request, who: Annotated[Principal, Depends(current("read"))]) -> Response:
    """Send the lines of a log as elements, as they come, until the run is over."""
    web = web_of(request)

    def look() -> tuple[RunLine, int]:
        with web.reader() as reader:
            assert reader is not None  # noqa: S101 - a web process has opened it
            desk = Desk(request, web, who, reader, Form())
            known = request.headers.get("last-event-id", "") or desk.asked("after")
            good = known.isascii() and known.isdigit() and len(known) < 19
            return desk.run(), int(known) if good else 0

    line, after = await run_in_threadpool(look)
    web.streams.check_room()
    return flowing(web.streams.log(line, after=after, maker=elements, may=still(web, request)))


def elements(lines: Lines) -> bytes:
    """Return lines as one event that is put at the end of the log."""
    parts = []
    if lines.lines:
        data = "".join(f"data: {log_line(line)}\n" for line in lines.lines)
        parts.append(f"id: {lines.offset}\n{data}\n")
    if lines.ended is not None:
        parts.append(f"event: ended\ndata: {lines.ended.word}\n\n")
    return "".join(parts).encode()


# --- buttons ------------------------------------------------------------------------------------


def cancel(desk: Desk) -> Response:
    """End a run, or keep it from starting."""
    line = desk.run()
    try:
        found = control.cancel_run(desk.app, line.id)
    except StomaError as error:
        return _back(desk, line.id, fault_of(error))
    return _back(desk, line.id, Note(f"Asked for its end: {found.text}"))


def retry(desk: Desk) -> Response:
    """Let a run that is over run again."""
    line = desk.run()
    try:
        desk.web.count_starts(desk.who)
        control.retry_runs(desk.app, [line.id])
    except StomaError as error:
        return _back(desk, line.id, fault_of(error))
    desk.begin_runs()
    return _back(desk, line.id, Note("It waits to run again"))


def _back(desk: Desk, run_id: int, note: Note) -> Response:
    return done(desk, link(desk.web.prefix, "/runs", run_id), note)
