"""The first page: what will run, what ran, what came, and why not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from starlette.responses import Response

from stoma.api.pages.desk import Desk
from stoma.api.pages.drawing import Pulse, pulse
from stoma.api.pages.format import link
from stoma.api.pages.looks import BAD, GOOD, NOT_RUN
from stoma.api.pages.render import pause_of, show
from stoma.api.pages.spans import HOUR, planned, schedule_of, sums
from stoma.operations.status import BLOCKED, Health, look
from stoma.storage.read_items import ItemFilter
from stoma.storage.read_pages import RunFilter, TaskFilter
from stoma.storage.read_rows import TaskLine

_DAY = timedelta(days=1)
#: A slot is decided within a second; one that waits for so long is not looked after.
_LATE = timedelta(minutes=1)
#: So many tasks, those that are due soonest, are drawn ahead.
_DRAWN = 300
_DONE = (*GOOD, *BAD, "cancelled")
_NAMED = 3
#: How long a pause may be, in words and hours.
PAUSES = (("1 hour", 1), ("8 hours", 8), ("1 day", 24), ("1 week", 168))


@dataclass(frozen=True, slots=True)
class Day:
    """How the last 24 hours went."""

    good: int
    bad: int
    not_run: int

    @property
    def ran(self) -> int:
        """Runs that ended."""
        return self.good + self.bad


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that wants a look."""

    text: str
    tone: str
    href: str = ""
    link: str = ""
    command: str = ""


def overview(desk: Desk) -> Response:
    """Show how everything is."""
    reader, only, now = desk.reader, desk.only, desk.now
    coming = [task for task in reader.coming(limit=_DRAWN) if desk.sees(task.id)]
    running = reader.pages.runs(RunFilter(words=["running"]), only=only, limit=8)
    recent = reader.pages.runs(RunFilter(words=_DONE), only=only, limit=6)
    not_run = reader.pages.since(now - _DAY, NOT_RUN, only=only, limit=5)
    seen = ItemFilter(of_tasks=only)
    since = ItemFilter(of_tasks=only, since=now - _DAY)
    shown = [*running, *recent, *not_run]
    return show(
        desk,
        "overview.html",
        problems=list(_problems(desk, look(reader, now))),
        paused=pause_of(reader, now),
        pauses=PAUSES,
        next=coming[0] if coming else None,
        coming=coming[:6],
        running=running,
        waiting=reader.pages.waiting(only=only),
        recent=recent,
        not_run=not_run,
        names=reader.pages.names(run.task_id for run in shown),
        day=_day(desk),
        pulse=_pulse(desk, coming),
        came=reader.items.newest(seen, limit=6),
        new_items=reader.items.count(since),
        items=reader.items.count(seen),
        tasks=reader.pages.task_count(TaskFilter(), only=only),
        enabled=reader.pages.task_count(TaskFilter(state="enabled"), only=only),
    )


def _problems(desk: Desk, health: Health) -> Iterator[Problem]:
    overview = health.overview
    for text in health.problems:
        if overview.scheduler is None and text.startswith("no scheduler"):
            yield Problem(
                "No scheduler is running: slots pass without a run. To start it:",
                "warn",
                command="stoma scheduler start",
            )
        elif text.startswith(("the scheduler", BLOCKED, "task files")):
            yield Problem(text, "bad")
    prefix = desk.web.prefix
    yield from _about(desk, overview.failing, "failing", link(prefix, "/tasks", state="failing"))
    if overview.scheduler is not None:
        passed = desk.now - _LATE
        late = [task for task in overview.late if task.next_at and task.next_at < passed]
        yield from _about(desk, late, "late", link(prefix, "/tasks"))


def _about(desk: Desk, tasks: Sequence[TaskLine], word: str, all_of_them: str) -> Iterator[Problem]:
    found = [task for task in tasks if desk.sees(task.id)]
    if not found:
        return
    names = ", ".join(task.name for task in found[:_NAMED])
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    tone = "bad" if word == "failing" else "warn"
    if len(found) == 1:
        own = link(desk.web.prefix, "/tasks", found[0].id)
        yield Problem(f"{names} is {word}.", tone, own, "Look at it")
    else:
        yield Problem(f"{names}{more} are {word}.", tone, all_of_them, "Show them")


def _day(desk: Desk) -> Day:
    good = bad = not_run = 0
    for each in desk.reader.pages.decided(desk.now - _DAY, only=desk.only):
        good += each.count if each.word in GOOD else 0
        bad += each.count if each.word in BAD else 0
        not_run += each.count if each.word in NOT_RUN else 0
    return Day(good, bad, not_run)


def _pulse(desk: Desk, coming: list[TaskLine]) -> Pulse:
    reader = desk.reader
    hour = desk.now.replace(minute=0, second=0, microsecond=0)
    bounds = [hour + number * HOUR for number in range(-23, 25)]
    past = [each for each in bounds if each <= desk.now]
    past.append(past[-1] + HOUR)
    tasks = {task.id: task for task in coming}
    stretches = [
        (run, schedule_of(tasks[run.task_id], desk.zone) if run.task_id in tasks else None)
        for run in reader.pages.stretches(bounds[0], past[-1], only=desk.only)
    ]
    found = sums(
        bounds,
        reader.pages.tallies(past, only=desk.only),
        stretches,
        planned(coming, desk.zone, bounds, desk.now),
    )
    return pulse(bounds, found, desk.zone, desk.now)
