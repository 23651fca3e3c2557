"""The scheduler as a whole, and how all have been doing, as JSON."""

from datetime import datetime

from pydantic import AwareDatetime, ConfigDict, Field

from stoma.api.shapes.base import AnyJson, Given, Shape
from stoma.api.shapes.runs import RunShape
from stoma.api.shapes.sources import (
    DeferredShape,
    SourceShape,
    UnusualShape,
)


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
