"""A simulated future, as JSON."""

from datetime import datetime

from pydantic import ConfigDict, Field

from stoma.api.shapes.base import Shape


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
