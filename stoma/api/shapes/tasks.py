"""Tasks, as JSON."""

from datetime import datetime
from typing import Any, Literal

from pydantic import AwareDatetime, ConfigDict, Field

from stoma.api.shapes.base import Given, Shape
from stoma.api.shapes.sources import UnusualShape
from stoma.domain.task import CatchUp, OnInterrupt, Overlap, TaskPriority, TaskStatus

#: A schedule as written: a text, or a table.
Schedule = str | dict[str, Any]
_SCHEDULE = Field(
    description="When it is due: `hourly`, `daily_at_09:00`, `interval_30m`, `cron: 0 9 * * 1-5`, "
    "`manual`, or a table.",
    examples=["daily_at_09:00"],
)


class TaskShape(Shape):
    """A task, as lists show it."""

    id: str = Field(description="The task.", examples=["ml_papers_scan"])
    name: str = Field(description="For people.")
    description: str = Field(description="For people; may be empty.")
    type: str = Field(description="What it does.", examples=["arxiv", "github", "sec_edgar"])
    schedule: Schedule = Field(description="As it was written.")
    timezone: str = Field(description="Whose clock counts.")
    priority: TaskPriority
    enabled: bool = Field(description="Whether its schedule counts.")
    disabled_reason: str = Field(description="Why not; may be empty.")
    disabled_until: datetime | None = Field(description="When it is enabled again by itself.")
    owner: str = Field(description="Whose it is; empty: nobody's in particular.")
    tags: list[str] = Field(description="Words to find it by.")
    preset: str | None = Field(description="The preset it came from.")
    status: TaskStatus = Field(description="How it is doing, in one word.")
    failing: bool = Field(description="Whether its newest run, or attempt, ended badly.")
    next_run_at: datetime | None = Field(description="When something happens next.")
    last_run_id: int | None = Field(description="Its newest run that started, or its newest.")
    last_outcome: str | None = Field(description="The outcome of that run, or its state.")
    last_started_at: datetime | None
    last_ended_at: datetime | None
    last_duration_seconds: float | None
    last_error: str | None = Field(description="In words; empty if there is none.")
    recent: list[str] = Field(description="Outcomes or states of its ten newest runs.")


class DefinitionShape(Shape):
    """One definition that a task has, or had."""

    version: int
    saved_at: datetime
    definition: dict[str, Any] = Field(description="Every field of it, the config included.")


class TaskDetailShape(TaskShape):
    """Everything kept of one task."""

    definition: dict[str, Any] = Field(description="Every field of it, the config included.")
    version: int = Field(description="Which definition of this task it is, counted from 1.")
    created_at: datetime
    updated_at: datetime
    runs: int = Field(description="How many there are.")
    items: int = Field(description="How many things it returned.")
    unusual: list[UnusualShape] = Field(description="What is unusual about what it brings.")
    history: list[DefinitionShape] = Field(description="Its definitions, newest first.")


class TaskChangedShape(TaskDetailShape):
    """A task that was made or changed, and what is worth knowing of it."""

    notes: list[str] = Field(description="What is worth knowing; may be empty.")


class Definition(Given):
    """The fields of a definition."""

    # Only shapes are checked here; what a value means is checked where all tasks are read.
    name: str = Field(description="For people.", examples=["Daily ML papers"])
    type: str = Field(description="What it does.", examples=["arxiv"])
    schedule: Schedule = _SCHEDULE
    config: dict[str, Any] = Field(default={}, description="What to collect, by type.")
    description: str = Field(default="", description="For people.")
    timezone: str | None = Field(default=None, description="IANA name; null: the setting.")
    priority: TaskPriority = Field(
        default=TaskPriority.NORMAL, strict=False, description="Who goes first."
    )
    enabled: bool = Field(default=True, description="Whether its schedule counts.")
    owner: str = Field(default="", description="Whose it is; for admins only, else it is yours.")
    tags: list[str] = Field(default=[], description="Words to find it by.")
    timeout_seconds: float = Field(default=3600.0, description="The limit of one attempt.")
    max_retries: int = Field(default=3, description="Further attempts after the first.")
    retry_delay_seconds: float = Field(default=60.0, description="Doubles with each retry.")
    catch_up: CatchUp = Field(
        default=CatchUp.LATEST, strict=False, description="What happens to missed slots."
    )
    max_catch_up: int = Field(default=10, description="With `all`: at most so many.")
    misfire_grace_seconds: float | None = Field(
        default=None, description="So late it still runs as itself; null: by its schedule."
    )
    overlap: Overlap = Field(
        default=Overlap.SKIP, strict=False, description="When its last run is still going."
    )
    jitter_seconds: float = Field(default=0.0, description="Starts are spread over so long.")
    on_interrupt: OnInterrupt = Field(
        default=OnInterrupt.RETRY, strict=False, description="After a crash."
    )
    retry_on: list[str] = Field(default=[], description="Only these error kinds are retried.")
    no_retry_on: list[str] = Field(default=[], description="These error kinds are not.")
    after: list[str] = Field(default=[], description="Runs after these tasks.")
    only_if: list[dict[str, Any]] = Field(default=[], description="Conditions to start.")
    concurrency_key: str = Field(default="", description="Of all with one key, one runs.")
    max_running: int | None = Field(default=None, description="With overlap `allow`.")
    memory_limit_mb: int | None = Field(default=None, description="An attempt's memory.")


class NewTask(Definition):
    """A task to register."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "ml_papers_scan",
                    "name": "Daily ML papers",
                    "type": "arxiv",
                    "schedule": "daily_at_09:00",
                    "config": {"search_query": "cat:cs.LG OR cat:cs.AI", "max_results": 50},
                    "priority": "high",
                }
            ]
        }
    )

    id: str = Field(description="Unique; letters, digits, `_`, `-`, `.`.", max_length=100)


class ScheduleChange(Given):
    """A schedule to take the place of the one there is."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"schedule": "daily_at_08:30", "timezone": "Europe/Berlin"}]
        }
    )

    schedule: Schedule = _SCHEDULE
    timezone: str | None = Field(
        default=None, description="Whose clock counts; left out: as it is. null: the setting's."
    )


class Disabling(Given):
    """Why, and for how long."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "source moved"}]})

    reason: str = Field(default="", max_length=1000, description="Kept, and shown.")
    until: AwareDatetime | None = Field(
        default=None, strict=False, description="Enabled again then; null: when somebody does."
    )


class RemovedShape(Shape):
    """A task that is no longer registered, and what stays of it."""

    task_id: str
    runs: int = Field(description="Kept.")
    items: int = Field(description="Kept.")
    running: list[int] = Field(description="Runs that are still going.")


class BulkTasks(Given):
    """The same for many tasks."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"action": "disable", "task_ids": ["a", "b"]}]}
    )

    action: Literal["enable", "disable", "run", "delete"] = Field(
        description="What is to be done with each."
    )
    task_ids: list[str] = Field(description="The tasks.", min_length=1, max_length=1000)
    reason: str = Field(default="", max_length=1000, description="With `disable`: kept.")


class BulkTaskLine(Shape):
    """What became of one task of many."""

    task_id: str
    ok: bool = Field(description="Whether it was done.")
    status: int = Field(description="The status that the single request would have had.")
    detail: str = Field(description="What happened, or what was in the way.")
    run_id: int | None = Field(description="With `run`: the run.")
