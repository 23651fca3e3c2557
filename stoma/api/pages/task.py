"""One task: what it is, when it is due, how it went; and the buttons that change that."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from starlette.responses import Response

from stoma.api.pages.desk import Desk, Note, fault_of
from stoma.api.pages.drawing import run_bars
from stoma.api.pages.format import count, link, span
from stoma.api.pages.overview import PAUSES
from stoma.api.pages.render import done, show
from stoma.domain.task import Json
from stoma.exceptions import NotFoundError, ScheduleError, StomaError, UsageError
from stoma.operations import editing, why
from stoma.operations.asked import ask_for_run
from stoma.operations.backfill import Backfilled, Interval, backfill
from stoma.operations.coming import Outlook, Question, outlook_of
from stoma.storage.read import TaskDetail
from stoma.storage.read_items import ItemFilter
from stoma.storage.read_pages import RunFilter

_SLOTS, _RUNS, _ITEMS, _SAMPLES = 5, 8, 5, 100
#: Shown by a name of their own, or on top.
_APART = frozenset(
    {"id", "name", "description", "type", "schedule", "timezone", "enabled", "config", "tags"}
)


@dataclass(frozen=True, slots=True)
class Coming:
    """When a task is due, or why nobody can say."""

    outlook: Outlook | None
    fault: str = ""


def task(desk: Desk) -> Response:
    """Show one task."""
    detail, reader = desk.task(), desk.reader
    line = detail.line
    definition = detail.definitions[0].definition
    samples = reader.pages.samples(line.id, limit=_SAMPLES)
    return show(
        desk,
        "task.html",
        task=line,
        detail=detail,
        zone_of=line.timezone or desk.zone,
        coming=_coming(desk, detail),
        config=definition.get("config") or {},
        rules=_rules(definition),
        bars=run_bars(samples, line.timezone or desk.zone),
        runs=reader.pages.runs(RunFilter(task_id=line.id), limit=_RUNS),
        items=reader.items.newest(ItemFilter(task_id=line.id), limit=_ITEMS),
        answer=why.why(reader, _question(desk, line.id, None)),
        pauses=PAUSES,
    )


def _coming(desk: Desk, detail: TaskDetail) -> Coming:
    question = Question(moment=desk.now, count=_SLOTS, timezone=desk.zone, skipped=True)
    try:
        return Coming(outlook_of(detail.line, question))
    except ScheduleError as error:
        return Coming(None, str(error))


def _rules(definition: dict[str, Json]) -> list[tuple[str, Json]]:
    """Return what else is set, by names people read."""
    plain = ((name, value) for name, value in definition.items() if name not in _APART)
    return [(name.replace("_", " "), value) for name, value in plain if value not in (None, "", [])]


def _question(desk: Desk, task_id: str, at: datetime | None) -> why.Question:
    return why.Question(task_id=task_id, at=at, now=desk.now, timezone=desk.zone)


def why_not(desk: Desk) -> Response:
    """Show what decided a slot, or the newest slots."""
    detail, text = desk.task(), desk.asked("at")
    zone, fault, at = detail.line.timezone or desk.zone, "", None
    try:
        at = moment(text, zone) if text else None
    except UsageError as error:
        fault = fault_of(error).text
    answer = why.why(desk.reader, _question(desk, detail.line.id, at))
    shown = f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M}" if at else ""
    return show(
        desk, "why.html", task=detail.line, answer=answer, zone_of=zone, at=shown, fault=fault
    )


def moment(text: str, zone: str) -> datetime:
    """Return the moment a text means; on the clock of *zone*, unless it says otherwise.

    Raises:
        UsageError: It is none.
    """
    try:
        found = datetime.fromisoformat(text)
        found = found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))
        return found.astimezone(ZoneInfo("UTC"))
    except (ValueError, OverflowError):
        raise UsageError(
            f"{text[:40]!r} is no date or time", hint="write it as 2026-03-01 or 2026-03-01T09:00"
        ) from None


# --- buttons ------------------------------------------------------------------------------------


def run_now(desk: Desk) -> Response:
    """Ask for a run, and go to it."""
    line = desk.task().line
    try:
        desk.web.count_starts(desk.who)
        run = ask_for_run(desk.app, line.id)
    except StomaError as error:
        return _back(desk, line.id, fault_of(error))
    desk.begin_runs()
    return done(
        desk, link(desk.web.prefix, "/runs", run.id), Note(f"Asked for a run of {line.name}")
    )


def enable(desk: Desk) -> Response:
    """Let a task run by its schedule again."""
    line = desk.task().line

    def act() -> None:
        editing.enable_tasks(desk.app, [line.id])

    return _changed(desk, line.id, f"{line.name} is enabled", act)


def disable(desk: Desk) -> Response:
    """Keep a task from running, for good or for some hours."""
    line, hours = desk.task().line, desk.form.text("hours")
    until = None
    if hours.isascii() and hours.isdigit() and 0 < int(hours) <= 10_000:
        until = desk.now + timedelta(hours=int(hours))
    reason = desk.form.text("reason")[:200]
    ends = f" for {span(timedelta(hours=int(hours)))}" if until else ""

    def act() -> None:
        editing.disable_tasks(desk.app, [line.id], reason=reason, until=until)

    return _changed(desk, line.id, f"{line.name} is disabled{ends}", act)


def remove(desk: Desk) -> Response:
    """Take a task away; its runs and what it collected stay."""
    line = desk.task().line
    try:
        (gone,) = editing.remove_tasks(desk.app, [line.id])
    except StomaError as error:
        return _back(desk, line.id, fault_of(error))
    kept = f"{count(gone.runs, 'run')} and {count(gone.items, 'item')} stay"
    return done(desk, link(desk.web.prefix, "/tasks"), Note(f"Removed {line.name}; {kept}"))


def _changed(desk: Desk, task_id: str, said: str, act: Callable[[], None]) -> Response:
    try:
        act()
    except StomaError as error:
        return _back(desk, task_id, fault_of(error))
    return _back(desk, task_id, Note(said))


def _back(desk: Desk, task_id: str, note: Note) -> Response:
    return done(desk, link(desk.web.prefix, "/tasks", task_id), note)


# --- filling gaps -------------------------------------------------------------------------------


def backfill_form(desk: Desk) -> Response:
    """Show what filling an interval would do; without one, ask for it."""
    return _backfill(desk, desk.asked("first"), desk.asked("until"))


def _backfill(desk: Desk, first: str, until: str) -> Response:
    line = desk.task().line
    plan: Backfilled | None = None
    status = 200
    if first and until:
        try:
            plan = backfill(desk.app, _interval(desk, line.id, first, until), dry_run=True)
        except StomaError as error:
            desk.notes.append(fault_of(error))
            status = 422
    week = desk.now - timedelta(days=7)
    return show(
        desk,
        "backfill.html",
        status=status,
        task=line,
        zone_of=line.timezone or desk.zone,
        plan=plan,
        first_slots=list(islice(plan.slots, 12)) if plan else [],
        first=first or f"{week:%Y-%m-%dT00:00}",
        until=until or f"{desk.now:%Y-%m-%dT%H:%M}",
    )


def fill(desk: Desk) -> Response:
    """Queue the slots of an interval that no run carried out."""
    line = desk.task().line
    first, until = desk.form.text("first"), desk.form.text("until")
    try:
        found = backfill(desk.app, _interval(desk, line.id, first, until))
    except StomaError:
        return _backfill(desk, first, until)  # which says what is wrong
    hint = "" if desk.reader.scheduler() else "They run once a scheduler is at work."
    return _back(desk, line.id, Note(f"{count(len(found.slots), 'slot')} wait to run", hint=hint))


def _interval(desk: Desk, task_id: str, first: str, until: str) -> Interval:
    found = desk.reader.task(task_id)
    if found is None:  # removed in between
        raise NotFoundError("task", task_id)
    zone = found.line.timezone or desk.zone
    return Interval(task_id=task_id, first=moment(first, zone), until=moment(until, zone))
