"""A simulated future, as JSON."""

from dataclasses import asdict
from datetime import datetime
from math import isinf

from pydantic import ConfigDict, Field

from stoma.api.shapes.base import Record, Shape, iso
from stoma.operations.simulate import Forecast, SourceForecast, TaskForecast


class NotRunShape(Shape):
    """Slots that a rule keeps from running."""

    state: str
    reason: str = Field(description="The rule.")
    slots: int
    detail: str = Field(description="The rule in words, of the newest of them.")


class TaskForecastShape(Shape):
    """What the time holds for one task."""

    task_id: str
    enabled: bool
    fires: int = Field(description="Runs that start, retries left out.")
    retries: int
    failed: int = Field(description="Runs that end badly, all attempts used.")
    first_at: datetime | None
    last_at: datetime | None
    seconds: float = Field(description="How long a run was taken to need.")
    measured_runs: int = Field(description="From so many recorded runs; 0: from none.")
    longest_wait_seconds: float
    longest_wait_at: datetime | None
    requests: float
    not_run: list[NotRunShape]


class SourceForecastShape(Shape):
    """What the time asks of one source."""

    source: str
    runs: int
    requests: float
    busiest_hour: float = Field(description="Requests in it.")
    busiest_hour_at: datetime
    allowed_per_hour: float | None = Field(description="Null: no limit.")
    share: float = Field(description="Which part of its budget that hour takes.")


class ClockChangeShape(Shape):
    """What a clock change does to a task."""

    task_id: str
    at: datetime
    text: str


class ForecastShape(Shape):
    """What a time holds."""

    model_config = ConfigDict(extra="forbid", serialize_by_alias=True)

    begin: datetime = Field(alias="from")
    until: datetime
    seed: int = Field(description="The same seed, the same future.")
    fires: int = Field(description="Runs that start.")
    peak: int = Field(description="The most at work together.")
    peak_at: datetime | None
    max_concurrent_tasks: int
    tasks: list[TaskForecastShape]
    sources: list[SourceForecastShape]
    clock_changes: list[ClockChangeShape]
    notes: list[str]


def forecast_record(found: Forecast) -> Record:
    """Return a forecast as JSON has it."""
    return {
        "from": iso(found.begin),
        "until": iso(found.end),
        "seed": found.seed,
        "fires": sum(len(each.fires) for each in found.tasks),
        "peak": found.peak,
        "peak_at": iso(found.peak_at),
        "max_concurrent_tasks": found.most,
        "tasks": [_task_record(each) for each in found.tasks],
        "sources": [_source_record(each) for each in found.sources],
        "clock_changes": [
            {"task_id": task_id, "at": iso(at), "text": text}
            for task_id, at, text in found.warnings
        ],
        "notes": list(found.notes),
    }


def _task_record(each: TaskForecast) -> Record:
    return {
        "task_id": each.task.id,
        "enabled": each.task.enabled,
        "fires": len(each.fires),
        "retries": each.retries,
        "failed": each.failed,
        "first_at": iso(each.fires[0] if each.fires else None),
        "last_at": iso(each.fires[-1] if each.fires else None),
        "seconds": each.seconds,
        "measured_runs": each.measured,
        "longest_wait_seconds": each.latest.total_seconds(),
        "longest_wait_at": iso(each.latest_at),
        "requests": each.requests,
        "not_run": [asdict(why) for why in each.not_run],
    }


def _source_record(each: SourceForecast) -> Record:
    return {
        "source": each.source,
        "runs": each.runs,
        "requests": each.requests,
        "busiest_hour": each.busiest,
        "busiest_hour_at": iso(each.busiest_at),
        "allowed_per_hour": None if isinf(each.allowed) else each.allowed,
        "share": each.share,
    }
