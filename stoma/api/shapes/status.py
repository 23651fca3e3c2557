"""The scheduler as a whole, and how all have been doing, as JSON."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from pydantic import AwareDatetime, ConfigDict, Field

from stoma.api.shapes.base import AnyJson, Given, Record, Shape, iso
from stoma.api.shapes.runs import RunShape, run_record
from stoma.api.shapes.sources import (
    DeferredShape,
    SourceShape,
    UnusualShape,
    deferred_record,
    source_record,
    unusual_record,
)
from stoma.operations.settings import Setting
from stoma.operations.statistics import Lengths, Statistics
from stoma.operations.status import Health
from stoma.storage.read import SchedulerLine


class UsingShape(Shape):
    """What the scheduler used at its last heartbeat, and what the machine had left."""

    at: datetime
    cpu_percent: float | None = Field(description="Of one core, since the heartbeat before.")
    cpu_seconds: float
    memory_bytes: int | None
    open_files: int | None
    load: float | None
    cores: int
    disk_free_bytes: int | None
    blocked: str | None = Field(description="Why no run starts for now.")


class SchedulerShape(Shape):
    """The scheduler at work."""

    pid: int
    host: str
    version: str
    started_at: datetime
    heartbeat_at: datetime
    using: UsingShape | None


class PauseShape(Shape):
    """A pause that somebody asked for."""

    until: datetime | None = Field(description="It ends then; null: when somebody ends it.")
    reason: str


class SoonShape(Shape):
    """A task that runs soon."""

    task_id: str
    at: datetime | None


class StatusShape(Shape):
    """How the registry is doing."""

    alive: bool = Field(description="Whether a scheduler is at work.")
    healthy: bool = Field(description="Whether nothing is wrong.")
    problems: list[str] = Field(description="What is wrong, in words.")
    scheduler: SchedulerShape | None = Field(description="The one at work; null without one.")
    paused: PauseShape | None = Field(description="A pause in force; null: there is none.")
    sources: list[SourceShape] = Field(description="What may be asked of each.")
    deferred: list[DeferredShape] = Field(description="Runs that wait for a budget.")
    unusual: list[UnusualShape] = Field(description="Tasks that bring less than usual.")
    registry: str = Field(description="The file.")
    database_bytes: int = Field(description="Its size.")
    items: int = Field(description="How many there are.")
    tasks: int = Field(description="How many there are.")
    enabled: int = Field(description="How many of them are enabled.")
    waiting: int = Field(description="Runs that are about to start, or to start again.")
    failing: list[str] = Field(description="Tasks whose newest run ended badly.")
    late: list[str] = Field(description="Tasks whose slot has passed and is not decided.")
    next: list[SoonShape] = Field(description="The soonest five.")
    running: list[RunShape]
    recent: list[RunShape] = Field(description="The newest five.")


class Pausing(Given):
    """Why, and for how long."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "moving house"}]})

    until: AwareDatetime | None = Field(
        default=None, strict=False, description="It ends then; null: when somebody ends it."
    )
    reason: str = Field(default="", max_length=1000, description="Kept, and shown.")


class ResumedShape(Shape):
    """What became of a pause."""

    resumed: bool = Field(description="Whether there was one.")


class LengthsShape(Shape):
    """How long runs took, in seconds."""

    runs: int
    mean: float
    median: float
    p95: float
    longest: float


class TaskCountsShape(Shape):
    """Tasks by state."""

    total: int
    enabled: int
    disabled: int
    running: int
    failing: int


class TaskNumbersShape(Shape):
    """How one task has been doing."""

    task_id: str
    words: dict[str, int] = Field(description="Outcomes and states, counted.")
    success_rate: float | None
    new: int
    updated: int
    lengths: LengthsShape | None


class StatisticsShape(Shape):
    """How all of them have been doing."""

    since: datetime
    until: datetime
    tasks: TaskCountsShape
    due_soon: int = Field(description="Tasks due within the hour.")
    waiting: int = Field(description="Runs that are about to start.")
    words: dict[str, int] = Field(description="Outcomes and states of runs, counted.")
    success_rate: float | None = Field(description="0 to 1; null: nothing was carried out.")
    new: int = Field(description="Items not known before.")
    updated: int = Field(description="Known items with a new version.")
    lengths: LengthsShape | None
    by_task: list[TaskNumbersShape] = Field(description="Those with the most failures first.")


class SettingShape(Shape):
    """One setting in force."""

    key: str
    value: AnyJson = Field(description="A secret is shown as asterisks.")
    origin: str = Field(description="`built-in`, `FILE:LINE`, `environment NAME`.")
    meaning: str


def status_record(health: Health, registry: Path) -> Record:
    """Return how the registry is doing as JSON has it."""
    found = health.overview
    pause = health.pause
    return {
        "alive": health.alive,
        "healthy": health.healthy,
        "problems": list(health.problems),
        "scheduler": None if found.scheduler is None else _scheduler(found.scheduler),
        "paused": None if pause is None else {"until": iso(pause.until), "reason": pause.reason},
        "sources": [source_record(each) for each in health.sources.lines],
        "deferred": [deferred_record(each) for each in health.sources.deferred],
        "unusual": [unusual_record(each) for each in health.sources.unusual],
        "registry": str(registry),
        "database_bytes": found.database_bytes,
        "items": found.items,
        "tasks": found.tasks,
        "enabled": found.enabled,
        "waiting": found.waiting,
        "failing": [task.id for task in found.failing],
        "late": [task.id for task in found.late],
        "next": [{"task_id": task.id, "at": iso(task.next_at)} for task in found.coming],
        "running": [run_record(run) for run in found.running],
        "recent": [run_record(run) for run in found.recent],
    }


def _scheduler(line: SchedulerLine) -> Record:
    sample = line.sample
    using: Record | None = None
    if sample is not None:
        used: Record = dict(asdict(sample.resources))
        percent, blocked = sample.cpu_percent, sample.blocked or None
        using = {"at": iso(sample.at), "cpu_percent": percent, **used, "blocked": blocked}
    return {
        "pid": line.instance.pid,
        "host": line.instance.host,
        "version": line.version,
        "started_at": iso(line.started_at),
        "heartbeat_at": iso(line.heartbeat_at),
        "using": using,
    }


def statistics_record(found: Statistics) -> Record:
    """Return how all have been doing as JSON has it."""
    return {
        "since": iso(found.since),
        "until": iso(found.until),
        "tasks": dict(found.tasks),
        "due_soon": found.due_soon,
        "waiting": found.waiting,
        "words": dict(found.words),
        "success_rate": found.success_rate,
        "new": found.new,
        "updated": found.updated,
        "lengths": _lengths(found.lengths),
        "by_task": [
            {
                "task_id": each.task_id,
                "words": dict(each.words),
                "success_rate": each.success_rate,
                "new": each.new,
                "updated": each.updated,
                "lengths": _lengths(each.lengths),
            }
            for each in found.by_task
        ],
    }


def _lengths(found: Lengths | None) -> Record | None:
    if found is None:
        return None
    return {
        "runs": found.runs,
        "mean": found.mean,
        "median": found.median,
        "p95": found.p95,
        "longest": found.longest,
    }


def setting_record(setting: Setting) -> Record:
    """Return a setting as JSON has it."""
    return {
        "key": setting.key,
        "value": setting.value,
        "origin": setting.origin,
        "meaning": setting.meaning,
    }
