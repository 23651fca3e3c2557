"""The list of tasks, and what is done to several at once."""

from starlette.responses import Response

from stoma.api.errors import ForbiddenError
from stoma.api.pages.desk import Desk, Note, fault_of
from stoma.api.pages.format import count, link
from stoma.api.pages.paging import Paging
from stoma.api.pages.render import done, show
from stoma.exceptions import StomaError
from stoma.operations.asked import ask_for_run
from stoma.operations.editing import disable_tasks, enable_tasks
from stoma.storage.lookup import unknown_task
from stoma.storage.read_pages import TaskFilter

_ON_A_PAGE = 50


def tasks(desk: Desk) -> Response:
    """Show the tasks that fit."""
    reader, only = desk.reader, desk.only
    wanted = TaskFilter(text=desk.asked("q"), state=desk.asked("state"), type=desk.asked("type"))
    found = reader.pages.task_count(wanted, only=only)
    first = desk.asked_number("from")
    ids = reader.pages.task_ids(wanted, only=only, limit=_ON_A_PAGE, offset=first)
    lines = reader.lines(ids)

    def page(start: int) -> str:
        query = {"q": wanted.text, "state": wanted.state, "type": wanted.type, "from": start or ""}
        return link(desk.web.prefix, "/tasks", **query)

    part = f"{first + 1:,} to {first + len(lines):,} of {found:,}" if found > len(lines) else ""
    return show(
        desk,
        "tasks.html",
        tasks=lines,
        types=reader.pages.types(),
        wanted=wanted,
        filtered=wanted != TaskFilter(),
        found=found,
        shown=len(lines),
        here=page(first),
        paging=Paging(
            before=page(max(first - _ON_A_PAGE, 0)) if first else None,
            after=page(first + _ON_A_PAGE) if first + _ON_A_PAGE < found else None,
            said=part,
        ),
    )


def bulk(desk: Desk) -> Response:
    """Do one thing to the chosen tasks."""
    back = link(desk.web.prefix, "/tasks")
    verb, ids = desk.form.text("do"), list(dict.fromkeys(desk.form.all("task")))
    if not ids:
        return done(desk, back, Note("No task was chosen", "warn"))
    if verb in {"enable", "disable"} and not desk.who.may("write"):
        raise ForbiddenError("write")
    try:
        for task_id in ids:
            if not desk.sees(task_id):
                raise unknown_task(task_id[:200], filter(desk.sees, desk.reader.task_ids()))
        said = _all(desk, verb, ids)
    except StomaError as error:
        return done(desk, back, fault_of(error))
    return done(desk, back, Note(f"{count(len(ids), 'task')}: {said}"))


def _all(desk: Desk, verb: str, ids: list[str]) -> str:
    if verb == "enable":
        enable_tasks(desk.app, ids)
        return "enabled"
    if verb == "disable":
        disable_tasks(desk.app, ids)
        return "disabled"
    desk.web.count_starts(desk.who, len(ids))
    for task_id in ids:
        ask_for_run(desk.app, task_id)
    desk.begin_runs()
    return "asked to run now"
