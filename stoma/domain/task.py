"""A task: what is done, when, and under which rules."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from stoma.exceptions import UsageError

#: What TOML, YAML and JSON can say.
Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
#: A schedule as written: a text such as `daily_at_09:00`, or a table.
ScheduleSpec: TypeAlias = "str | Mapping[str, Json]"
#: A condition as written: a table with a `type`; see `stoma.domain.condition`.
Condition: TypeAlias = "Mapping[str, Json]"

TASK_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


class TaskPriority(StrEnum):
    """Who goes first when more is due than may run at once."""

    CRITICAL = "critical"  #: runs first
    HIGH = "high"
    NORMAL = "normal"  #: the default
    LOW = "low"  #: runs last

    @property
    def rank(self) -> int:
        """0 for the most urgent, growing."""
        return list(TaskPriority).index(self)


class TaskStatus(StrEnum):
    """Where a task or a run is in its life: one word for people, derived, never stored."""

    PENDING = "pending"  #: waits for its next moment
    RUNNING = "running"  #: an attempt is at work
    COMPLETED = "completed"  #: the newest run did what it should (also when it found nothing)
    FAILED = "failed"  #: the newest run ended badly
    CANCELLED = "cancelled"  #: somebody stopped the newest run
    SKIPPED = "skipped"  #: a rule kept the slot from running; the run row says which
    DISABLED = "disabled"  #: kept, never run by the schedule


class CatchUp(StrEnum):
    """What happens to slots that were missed while nothing was running."""

    LATEST = "latest"  #: one run stands for all of them, the others are recorded as coalesced
    NONE = "none"  #: all are recorded as missed
    ALL = "all"  #: each runs, up to `max_catch_up`


class Overlap(StrEnum):
    """What happens to a slot that falls due while the task's last run is still going."""

    SKIP = "skip"  #: recorded, not run
    QUEUE_ONE = "queue_one"  #: one waits
    REPLACE = "replace"  #: the old run is stopped
    ALLOW = "allow"  #: both run


class AfterOn(StrEnum):
    """How a run must have ended for the tasks after it to run."""

    SUCCESS = "success"  #: it did what it should, also when it found nothing
    FAILURE = "failure"
    ALWAYS = "always"


class OnInterrupt(StrEnum):
    """What happens to a run that a crash cut off."""

    RETRY = "retry"  #: back into the queue: for work that commits atomically, as collecting does
    REPORT = "report"  #: ends as interrupted: for effects that must not happen twice


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A definition, as a preset, a command or a program gives it.

    Raises:
        UsageError: The id or a limit can not be used.
    """

    id: str  #: letters, digits, `_`, `-`, `.`; unique in a registry
    name: str  #: for people
    type: str  #: a collector (`arxiv`, ...)
    schedule: ScheduleSpec
    config: Mapping[str, Json] = field(default_factory=dict)
    description: str = ""
    timezone: str | None = None  #: IANA name; None means the setting `timezone`
    priority: TaskPriority = TaskPriority.NORMAL
    enabled: bool = True
    owner: str = ""
    tags: tuple[str, ...] = ()
    timeout_seconds: float = 3600.0  #: hard limit of one attempt
    max_retries: int = 3  #: further attempts after the first
    retry_delay_seconds: float = 60.0  #: wait before the first retry; doubles each time
    catch_up: CatchUp = CatchUp.LATEST
    max_catch_up: int = 10  #: at most so many runs when `catch_up = "all"`
    misfire_grace_seconds: float | None = None  #: None: half the gap to the next slot, bounded
    overlap: Overlap = Overlap.SKIP
    jitter_seconds: float = 0.0
    on_interrupt: OnInterrupt = OnInterrupt.RETRY
    retry_on: tuple[str, ...] = ()  #: only these error kinds and exit codes; empty: all
    no_retry_on: tuple[str, ...] = ()  #: and never these
    after: tuple[str, ...] = ()  #: runs after these: `task`, `task:failure`, `task:always`
    only_if: tuple[Condition, ...] = ()  #: conditions that must hold when a run is to start
    concurrency_key: str = ""  #: of all tasks with one key, one runs at a time
    max_running: int | None = None  #: runs at once, where `overlap` is `allow`; None: no limit
    memory_limit_mb: int | None = None  #: an attempt that needs more is ended
    notify: tuple[str, ...] = ()  #: channels that are told; empty: those of the settings

    def __post_init__(self) -> None:
        if not TASK_ID.fullmatch(self.id):
            raise UsageError(
                f"task id {self.id!r} can not be used",
                hint="use 1 to 100 letters, digits, '_', '-' or '.', starting with a letter "
                "or digit",
            )
        if not self.name.strip():
            raise UsageError(f"task {self.id!r} needs a name")
        for limit, least in _LEAST.items():
            value = getattr(self, limit)
            if value is not None and not value >= least:
                raise UsageError(f"task {self.id!r}: {limit} is {value!r}, must be {least} or more")
            if value is not None and value > _MOST:
                raise UsageError(f"task {self.id!r}: {limit} is {value!r}, must be {_MOST} or less")
        for each in self.after:
            upstream(self.id, each)
        for each in self.notify:
            check_told(self.id, each)

    @property
    def upstreams(self) -> Mapping[str, AfterOn]:
        """The tasks this one runs after, and what must have become of each."""
        return dict(upstream(self.id, each) for each in self.after)


def upstream(task_id: str, text: str) -> tuple[str, AfterOn]:
    """Return which task *text* (`task`, `task:failure`, `task:always`) names, and how it ends.

    Raises:
        UsageError: It names none.
    """
    name, _, word = text.partition(":")
    if not TASK_ID.fullmatch(name) or word not in {"", *AfterOn}:
        raise UsageError(
            f"task {task_id!r}: after names {text!r}",
            hint="write a task's id, or id:failure, or id:always",
        )
    return name, AfterOn(word or "success")


def check_told(task_id: str, text: str) -> None:
    """Check that *text* can name who is told of a task: `channel`, `channel:event` or `none`.

    Raises:
        UsageError: It can not.
    """
    if not _TOLD.fullmatch(text):
        raise UsageError(
            f"task {task_id!r}: notify names {text!r}",
            hint="write a channel's name, or name:event such as mail:success, or none",
        )


_TOLD = re.compile(r"[a-z][a-z0-9_-]{0,39}(:[a-z]+)?")
#: The most of anything: as seconds, 68 years.
_MOST = 2**31 - 1
_LEAST = {
    "timeout_seconds": 0.001,
    "max_retries": 0,
    "retry_delay_seconds": 0,
    "max_catch_up": 1,
    "misfire_grace_seconds": 0,
    "jitter_seconds": 0,
    "max_running": 1,
    "memory_limit_mb": 16,
}

#: The names a definition has, in the order people read them.
DEFINITION_FIELDS = tuple(spec.name for spec in fields(Task))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTask(Task):
    """A task as the registry keeps it: the definition and what became of it so far."""

    version: int = 1  #: counts the definitions this task has had
    preset: str | None = None  #: the preset it came from
    created_at: datetime
    updated_at: datetime
    next_slot_at: datetime | None = None  #: the next slot; None: no slot to come, or disabled
    next_run_at: datetime | None = None  #: the next slot that no filter of the schedule skips
    watermark_at: datetime | None = None  #: every slot up to here has been decided
    disabled_until: datetime | None = None
    disabled_reason: str = ""
    status: TaskStatus = TaskStatus.PENDING  #: derived from `enabled` and the newest run

    @property
    def definition(self) -> Task:
        """The definition alone, comparable with another one."""
        return Task(**{name: getattr(self, name) for name in DEFINITION_FIELDS})
