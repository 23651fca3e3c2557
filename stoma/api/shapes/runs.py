"""Runs, as JSON."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from stoma.api.shapes.base import Given, Shape
from stoma.domain.run import Outcome, RunState, Trigger
from stoma.domain.task import TaskStatus


class RunShape(Shape):
    """What became of one slot, or of one start by hand."""

    id: int = Field(description="The run.", examples=[412])
    task_id: str = Field(description="The task.", examples=["arxiv_daily_trending"])
    trigger: Trigger = Field(description="What started it.")
    state: RunState = Field(description="Where it is in its life.")
    outcome: Outcome | None = Field(description="How it ended, if it is done.")
    status: TaskStatus = Field(description="The same in one word, as for a task.")
    due_at: datetime | None = Field(description="The slot; null for a run somebody asked for.")
    due_to: datetime | None = Field(
        description="The last slot, where one record stands for a stretch of them."
    )
    slots: int = Field(description="How many slots it stands for.")
    created_at: datetime = Field(description="When it was decided.")
    started_at: datetime | None = Field(description="Of its newest attempt.")
    ended_at: datetime | None = Field(description="Of its newest attempt.")
    not_before: datetime | None = Field(description="It waits until then.")
    duration_seconds: float | None = Field(description="Of its newest attempt.")
    attempts: int = Field(description="Started so far.")
    max_attempts: int = Field(description="Allowed.")
    reason: str = Field(description="The rule that decided; may be empty.")
    detail: str = Field(description="The same in words.")
    error_kind: str = Field(description="`network`, `rate_limited`, ...; may be empty.")
    error: str = Field(description="In words.")
    new: int = Field(description="Items not known before.")
    updated: int = Field(description="Known items with a new version.")
    unchanged: int = Field(description="Known items, seen again.")
    requests: int = Field(description="Sent to the source.")
    peak_memory_bytes: int | None = Field(description="Of its process.")
    cpu_seconds: float | None = Field(description="Of its process.")
    log_path: str = Field(description="Its log on the server; empty if it never started.")


class AttemptShape(Shape):
    """One try of a run."""

    number: int = Field(description="Counted from 1.")
    started_at: datetime
    ended_at: datetime | None
    outcome: Outcome | None
    error_kind: str
    error: str
    exit_code: int | None = Field(description="Negative: ended by that signal.")
    peak_memory_bytes: int | None
    cpu_seconds: float | None


class RunDetailShape(RunShape):
    """A run and its attempts."""

    scheduled_for: datetime | None = Field(description="The slot, on the clock of its schedule.")
    window_start: datetime | None = Field(description="Where the time begins it stands for.")
    window_end: datetime | None = Field(description="Where that time ends.")
    attempt_list: list[AttemptShape] = Field(description="Its attempts, in order.")


class AskedShape(RunShape):
    """A run that was asked for."""

    executed_by: Literal["scheduler", "web"] = Field(
        description="Who starts it: the scheduler at work, or this web process while none is."
    )


class CancelledShape(RunShape):
    """A run whose end was asked for."""

    text: str = Field(description="What happens now, in words.")


class BulkRuns(Given):
    """The same for many runs."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"action": "retry", "run_ids": [17, 18]}]}
    )

    action: Literal["cancel", "retry"] = Field(description="What is to be done with each.")
    run_ids: list[Annotated[int, Field(ge=1, le=2**63 - 1)]] = Field(
        description="The runs, each once or more.", min_length=1, max_length=1000
    )


class BulkRunLine(Shape):
    """What became of one run of many."""

    run_id: int
    ok: bool = Field(description="Whether it was done.")
    status: int = Field(description="The status that the single request would have had.")
    detail: str = Field(description="What happened, or what was in the way.")
