"""When tasks are due: coming slots, months, any stretch of time, and why or why not."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query

from stoma.api.access import May, Principal
from stoma.api.context import TheWeb, Web
from stoma.api.document import errors
from stoma.api.errors import TooManyError
from stoma.api.json import JsonResponse
from stoma.api.routes.common import MOST, TaskId, When, listed, seen, task_of, there
from stoma.api.shapes.forecast import ForecastShape
from stoma.api.shapes.schedules import (
    DayShape,
    FireShape,
    OutlookShape,
    RangeShape,
    WhyShape,
)
from stoma.exceptions import UsageError
from stoma.operations.coming import (
    Month,
    Question,
    month_of,
    outlook,
    slots_between,
    task_outlook,
)
from stoma.operations.simulate import Question as Trial
from stoma.operations.simulate import forecast
from stoma.operations.why import Question as WhyQuestion
from stoma.operations.why import needs_of, why
from stoma.records.base import Record, iso, told
from stoma.records.forecast import FORECAST
from stoma.records.runs import RUN
from stoma.records.slots import ANSWER, OUTLOOK, day_fields, fire_fields
from stoma.storage.read import Reader

router = APIRouter(prefix="/api/scheduler", tags=["schedules"])

#: Simulating keeps a processor busy: one at a time.
_SIMULATING: Final = threading.Lock()
_FARTHEST_DAYS: Final = 92


@dataclass(frozen=True)
class AskedSlots:
    """Which slots, as a query says it."""

    count: Annotated[int, Query(ge=1, le=1000, description="So many slots.")] = 10
    begin: Annotated[
        When | None, Query(alias="from", description="Later than this; not than now.")
    ] = None
    explain: Annotated[bool, Query(description="Also what filters skip, and why.")] = False

    def of(self, web: Web, timezone: str | None = None) -> Question:
        """Return the question."""
        return Question(
            moment=self.begin or web.now(),
            count=self.count,
            timezone=timezone or web.timezone,
            skipped=self.explain,
        )


Asked = Annotated[AskedSlots, Depends()]


@router.get(
    "/tasks/{task_id}/upcoming",
    summary="The coming slots of a task",
    responses=errors(404),
    response_model=list[FireShape],
)
def upcoming_of_task(task_id: TaskId, who: May.read, web: TheWeb, asked: Asked) -> JsonResponse:
    """Return when a task is due next."""
    with web.reader() as reader:
        task_of(reader, who, task_id)
        found = task_outlook(reader, task_id, asked.of(web))
    return listed(told(fire_fields(found), each) for each in found.fires)


@router.get(
    "/preview",
    summary="Try a schedule",
    responses=errors(),
    response_model=OutlookShape,
)
def preview(
    who: May.read,
    web: TheWeb,
    asked: Asked,
    schedule: Annotated[
        str,
        Query(
            max_length=2000,
            description="A text, or a table as JSON.",
            examples=["daily_at_09:00"],
        ),
    ],
    timezone: Annotated[str | None, Query(max_length=100, examples=["Europe/Berlin"])] = None,
) -> JsonResponse:
    """Return what a schedule means, and when it would be due. Nothing is stored."""
    return JsonResponse(told(OUTLOOK, outlook(spec_of(schedule), asked.of(web, timezone))))


@router.get(
    "/upcoming",
    summary="The coming slots of all tasks",
    responses=errors(),
    response_model=list[FireShape],
)
def upcoming(
    who: May.read,
    web: TheWeb,
    hours: Annotated[float, Query(gt=0, le=24 * _FARTHEST_DAYS, description="So far ahead.")] = 24,
    limit: Annotated[int, Query(ge=1, le=MOST, description="At most so many.")] = 100,
) -> JsonResponse:
    """Return when your tasks are due next, in order of time."""
    now = web.now()
    with web.reader() as reader:
        fires = _fires(web, there(reader), who, now, now + timedelta(hours=hours))
        return listed(islice(fires, limit))


@router.get(
    "/calendar",
    summary="The coming slots of a month, by day",
    responses=errors(),
    response_model=list[DayShape],
)
def calendar(
    who: May.read,
    web: TheWeb,
    month: Annotated[
        str | None,
        Query(pattern=r"^(19|[2-8]\d|9[0-8])\d\d-(0[1-9]|1[0-2])$", examples=["2026-03"]),
    ] = None,
) -> JsonResponse:
    """Return how many slots each day of a month has; of the present one, what is left."""
    now = web.now()
    year, number = map(int, (month or f"{now:%Y-%m}").split("-"))
    with web.reader() as reader:
        found = there(reader)
        only = seen(found, who)
        tasks = [task for task in found.enabled() if only is None or task.id in only]
        days: Month = month_of(tasks, year, number, timezone=web.timezone, now=now)
    return listed(told(day_fields(days), day) for day in days.days)


@router.get(
    "/calendar/range",
    summary="What was and what will be between two moments",
    responses=errors(),
    response_model=RangeShape,
)
def calendar_range(
    who: May.read,
    web: TheWeb,
    begin: Annotated[When, Query(alias="from", description="The first moment.")],
    end: Annotated[When, Query(alias="to", description="The moment after the last.")],
    limit: Annotated[int, Query(ge=1, le=MOST, description="At most so many of either.")] = 1000,
) -> JsonResponse:
    """Return the runs of slots between two moments, and the slots to come until then."""
    if not begin < end <= begin + timedelta(days=_FARTHEST_DAYS):
        raise UsageError(
            f"the time from {begin.isoformat()} to {end.isoformat()} can not be shown",
            hint=f"`to` must be after `from`, by {_FARTHEST_DAYS} days at most",
        )
    with web.reader() as reader:
        found = there(reader)
        only = seen(found, who)
        runs = found.pages.between(begin, end, only=only, limit=limit + 1)
        fires = list(islice(_fires(web, found, who, max(begin, web.now()), end), limit + 1))
    complete = max(len(runs), len(fires)) <= limit
    return JsonResponse(
        {
            "begin": iso(begin),
            "end": iso(end),
            "runs": [told(RUN, each) for each in runs[:limit]],
            "fires": fires[:limit],
            "complete": complete,
        }
    )


@router.get(
    "/tasks/{task_id}/why",
    summary="Why a slot ran, or did not",
    responses=errors(404),
    response_model=WhyShape,
)
def why_of_task(
    task_id: TaskId,
    who: May.read,
    web: TheWeb,
    at: Annotated[
        When | None, Query(description="A slot, past or to come; by default the newest ones.")
    ] = None,
) -> JsonResponse:
    """Name the rule that decided a slot of a task."""
    with web.reader() as reader:
        task_of(reader, who, task_id)
        answer = why(
            reader,
            WhyQuestion(
                task_id=task_id,
                at=at,
                now=web.now(),
                timezone=web.timezone,
                needs=lambda kind: needs_of(web.loaded, kind),
            ),
        )
    return JsonResponse(told(ANSWER, answer))


@router.get(
    "/simulate",
    summary="Try out the coming days",
    responses=errors(429),
    response_model=ForecastShape,
)
def simulate(
    who: May.read,
    web: TheWeb,
    days: Annotated[float, Query(gt=0, le=_FARTHEST_DAYS, description="So far ahead.")] = 7,
    seconds: Annotated[
        float | None,
        Query(gt=0, le=86400, description="Every run takes so long; else as it usually does."),
    ] = None,
    failures: Annotated[bool, Query(description="Let attempts fail as often as they did.")] = False,
    seed: Annotated[int, Query(ge=0, le=2**32, description="The same seed, the same future.")] = 0,
) -> JsonResponse:
    """Let the scheduler live through the coming days, on a copy. Changes nothing; one at a time."""
    if not _SIMULATING.acquire(blocking=False):
        raise TooManyError("simulations at once", 10)
    try:
        trial = Trial(days=days, fixed=seconds, failures=failures, seed=seed)
        record = told(FORECAST, forecast(web.loaded, trial, now=web.now()))
    finally:
        _SIMULATING.release()
    with web.reader() as reader:
        only = seen(there(reader), who)
    return JsonResponse(record if only is None else _narrowed(record, only))


def _narrowed(record: Record, only: frozenset[str]) -> Record:
    """Return a forecast without what is said of others' tasks."""

    def own(records: object) -> list[Record]:
        found: list[Record] = records if isinstance(records, list) else []
        return [each for each in found if each["task_id"] in only]

    tasks = own(record["tasks"])
    fires = sum(int(str(each["fires"])) for each in tasks)
    changes = own(record["clock_changes"])
    return {**record, "fires": fires, "tasks": [*tasks], "clock_changes": [*changes], "notes": []}


def spec_of(text: str) -> Any:
    """Return a schedule as it was written: a text, or a table as JSON.

    Raises:
        UsageError: It begins as JSON and is none.
    """
    if not text.lstrip().startswith("{"):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise UsageError("the schedule begins as JSON, and is none") from None


def _fires(
    web: Web, reader: Reader, who: Principal, after: datetime, until: datetime
) -> Iterator[Record]:
    """Yield the coming slots of the enabled tasks that somebody may see, by time."""
    only = seen(reader, who)
    tasks = [task for task in reader.enabled() if only is None or task.id in only]
    for at, task in slots_between(tasks, after, until, timezone=web.timezone):
        yield {
            "task_id": task.task.id,
            "at": iso(at),
            "local_at": iso(task.local(at)),
            "timezone": task.schedule.timezone,
            "runs": True,
            "reasons": [],
        }
