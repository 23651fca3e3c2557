"""What readers return of tasks and runs, and how rows become it. No SQLAlchemy."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime

from stoma.domain.run import GOOD, Outcome, RunState, run_status
from stoma.domain.task import Json, TaskStatus
from stoma.storage.schema import parse_utc
from stoma.usage import Resources, Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLine:
    """A run, as lists show it. Times are aware UTC."""

    id: int
    task_id: str
    trigger: str
    state: RunState
    outcome: Outcome | None
    due_at: datetime | None
    due_to: datetime | None
    slots: int
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    not_before: datetime | None
    attempts: int
    max_attempts: int
    reason: str
    detail: str
    error_kind: str
    error: str
    new: int
    updated: int
    unchanged: int
    requests: int
    log_path: str
    peak_memory_bytes: int | None
    cpu_seconds: float | None
    task_version: int
    params: Mapping[str, Json]  #: what was decided with it

    @property
    def status(self) -> TaskStatus:
        """The public word for state and outcome."""
        return run_status(self.state, self.outcome)

    @property
    def word(self) -> str:
        """The most telling single word: the outcome of a run that is done, else its state."""
        return str(self.outcome or self.state)

    @property
    def retrying(self) -> bool:
        """Whether an attempt failed and another one will follow."""
        return self.state in _WAITING and self.reason == "retry"

    @property
    def failed(self) -> bool:
        """Whether it ended badly, or its newest attempt did. A partial collection is not bad."""
        bad = self.outcome is not None and self.outcome not in _HARMLESS
        return bad or self.retrying

    @property
    def duration_seconds(self) -> float | None:
        """How long the newest attempt took; None while it runs or if none did."""
        if self.started_at is None or self.ended_at is None:
            return None
        return max(0.0, (self.ended_at - self.started_at).total_seconds())


_WAITING = frozenset({RunState.PENDING, RunState.QUEUED})
_HARMLESS = GOOD | {Outcome.PARTIAL, Outcome.CANCELLED}


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLine:
    """A task, as lists show it."""

    id: str
    name: str
    description: str
    type: str
    schedule: Json
    timezone: str | None
    priority: str
    enabled: bool
    tags: Sequence[str]
    preset: str | None
    jitter_seconds: float
    next_run_at: datetime | None
    disabled_reason: str
    disabled_until: datetime | None
    owner: str = ""  #: whose it is; empty: nobody's in particular
    last: RunLine | None = None  #: the newest run that started; if none did, the newest
    waiting: RunLine | None = None  #: the newest run that is about to start, or to start again
    strip: Sequence[str] = field(default_factory=tuple)  #: words of the newest runs, oldest first

    @property
    def status(self) -> TaskStatus:
        """The public word: disabled, or what its newest run says."""
        if not self.enabled:
            return TaskStatus.DISABLED
        return TaskStatus.PENDING if self.last is None else self.last.status

    @property
    def failing(self) -> bool:
        """Whether its newest run, or the newest attempt of that, ended badly."""
        return self.enabled and self.last is not None and self.last.failed

    @property
    def next_at(self) -> datetime | None:
        """When something will happen: a run that waits, or the next slot; None if disabled."""
        if self.waiting is not None:
            return self.waiting.not_before or self.waiting.due_at or self.waiting.created_at
        return self.next_run_at


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptLine:
    """One try of a run."""

    number: int
    started_at: datetime
    ended_at: datetime | None
    outcome: Outcome | None
    error_kind: str
    error: str
    exit_code: int | None
    peak_memory_bytes: int | None
    cpu_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionLine:
    """An earlier or the present definition of a task: every field, as JSON holds it."""

    version: int
    saved_at: datetime
    definition: dict[str, Json]


def moment(text: str) -> datetime:
    """Return the stored *text*, which is never missing, as an aware moment."""
    return datetime.fromisoformat(f"{text}+00:00")


def run_line(row: sqlite3.Row) -> RunLine:
    """Return the run that a row of `runs` holds."""
    outcome = row["outcome"]
    return RunLine(
        id=row["id"],
        task_id=row["task_id"],
        trigger=row["trigger"],
        state=_STATES[row["state"]],
        outcome=_OUTCOMES[outcome] if outcome else None,
        due_at=parse_utc(row["due_at"]),
        due_to=parse_utc(row["due_to"]),
        slots=row["slots"],
        created_at=moment(row["created_at"]),
        started_at=parse_utc(row["started_at"]),
        ended_at=parse_utc(row["ended_at"]),
        not_before=parse_utc(row["not_before"]),
        attempts=row["attempts"],
        max_attempts=row["max_attempts"],
        reason=row["reason"],
        detail=row["detail"],
        error_kind=row["error_kind"],
        error=row["error"],
        new=row["new"],
        updated=row["updated"],
        unchanged=row["unchanged"],
        requests=row["requests"],
        log_path=row["log_path"],
        peak_memory_bytes=row["peak_memory_bytes"],
        cpu_seconds=row["cpu_seconds"],
        task_version=row["task_version"],
        params=_NONE if row["params"] == "{}" else json.loads(row["params"]),
    )


_NONE: Mapping[str, Json] = {}
_STATES = {state.value: state for state in RunState}
_OUTCOMES = {outcome.value: outcome for outcome in Outcome}


def task_line(
    row: sqlite3.Row,
    *,
    last: RunLine | None = None,
    waiting: RunLine | None = None,
    strip: Sequence[str] = (),
) -> TaskLine:
    """Return the task that a row of `tasks` holds."""
    return TaskLine(
        id=row["id"],
        name=row["name"],
        description=row["description"],
        type=row["type"],
        schedule=json.loads(row["schedule"]),
        timezone=row["timezone"],
        priority=row["priority"],
        enabled=bool(row["enabled"]),
        tags=tuple(json.loads(row["tags"])),
        preset=row["preset"],
        owner=row["owner"],
        jitter_seconds=row["jitter_seconds"],
        next_run_at=parse_utc(row["next_run_at"]),
        disabled_reason=row["disabled_reason"],
        disabled_until=parse_utc(row["disabled_until"]),
        last=last,
        waiting=waiting,
        strip=strip,
    )


def attempt_line(row: sqlite3.Row) -> AttemptLine:
    """Return the attempt that a row of `attempts` holds."""
    outcome = row["outcome"]
    return AttemptLine(
        number=row["number"],
        started_at=moment(row["started_at"]),
        ended_at=parse_utc(row["ended_at"]),
        outcome=_OUTCOMES[outcome] if outcome else None,
        error_kind=row["error_kind"],
        error=row["error"],
        exit_code=row["exit_code"],
        peak_memory_bytes=row["peak_memory_bytes"],
        cpu_seconds=row["cpu_seconds"],
    )


def sample_line(row: sqlite3.Row) -> Sample:
    """Return what a row of `samples` says that an instance used."""
    return Sample(
        at=moment(row["at"]),
        resources=Resources(**{each.name: row[each.name] for each in fields(Resources)}),
        cpu_percent=row["cpu_percent"],
        blocked=row["blocked"],
    )


def definition_line(row: sqlite3.Row) -> DefinitionLine:
    """Return the definition that a row of `task_versions` holds."""
    return DefinitionLine(
        version=row["version"],
        saved_at=moment(row["saved_at"]),
        definition=json.loads(row["definition"]),
    )
