"""A run: what became of one slot, or of one manual start. Its states are a table.

`docs/explanation/state.md` shows the table as a diagram; a test holds the two together.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from stoma.domain.task import Json, TaskStatus


class RunState(StrEnum):
    """Where a run is in its life."""

    PENDING = "pending"  #: decided, waits for its moment or for room
    QUEUED = "queued"  #: claimed by an instance, not started
    RUNNING = "running"  #: an attempt is at work
    DONE = "done"  #: ended; `outcome` says how
    SKIPPED = "skipped"  #: never started: a rule of the task said no
    COALESCED = "coalesced"  #: never started: another run stands for it
    MISSED = "missed"  #: never started: nothing was there to start it


class Outcome(StrEnum):
    """How a run that is done ended."""

    SUCCEEDED = "succeeded"
    EMPTY = "empty"  #: the source said, well-formed, that there is nothing
    PARTIAL = "partial"  #: some was stored, the end was not proven
    FAILED = "failed"  #: will not be tried again
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"  #: cut off by a crash or a shutdown
    DEAD = "dead"  #: every attempt it was allowed has failed


class Trigger(StrEnum):
    """What started a run."""

    SCHEDULE = "schedule"
    MANUAL = "manual"
    WEBHOOK = "webhook"
    DEPENDENCY = "dependency"
    BACKFILL = "backfill"
    CATCH_UP = "catch_up"


#: Outcomes that did what the task is for.
GOOD = frozenset({Outcome.SUCCEEDED, Outcome.EMPTY})

#: The lifecycle: from each state, the states that may follow.
TRANSITIONS: Mapping[RunState, frozenset[RunState]] = {
    RunState.PENDING: frozenset(
        {
            RunState.QUEUED,  # claimed
            RunState.DONE,  # cancelled before it started
            RunState.SKIPPED,
            RunState.COALESCED,
            RunState.MISSED,
        }
    ),
    RunState.QUEUED: frozenset(
        {
            RunState.RUNNING,  # the attempt started
            RunState.PENDING,  # could not start, or the claimant died: no attempt is consumed
            RunState.DONE,  # cancelled
        }
    ),
    RunState.RUNNING: frozenset(
        {
            RunState.DONE,
            RunState.PENDING,  # a retry, not before a moment; or deferred for budget
            RunState.QUEUED,  # interrupted and taken over at once
        }
    ),
    RunState.DONE: frozenset({RunState.PENDING}),  # retried by hand
    RunState.SKIPPED: frozenset({RunState.PENDING}),  # backfilled
    RunState.COALESCED: frozenset({RunState.PENDING}),  # backfilled
    RunState.MISSED: frozenset({RunState.PENDING}),  # backfilled
}

#: States of slots that no run carried out.
NEVER_STARTED = frozenset({RunState.SKIPPED, RunState.COALESCED, RunState.MISSED})
#: States in which somebody holds the run.
HELD = frozenset({RunState.QUEUED, RunState.RUNNING})
#: States in which the run may still do something.
ACTIVE = frozenset({RunState.PENDING, *HELD})


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What a collection brought."""

    new: int = 0  #: items not known before
    updated: int = 0  #: known items with a new version
    unchanged: int = 0  #: known items, seen again
    requests: int = 0  #: requests sent to the source
    pages: int = 0  #: answers stored

    @property
    def items(self) -> int:
        """Everything the source returned that became an item."""
        return self.new + self.updated + self.unchanged

    def __add__(self, other: "Counts") -> "Counts":
        """Return the sums."""
        return Counts(
            new=self.new + other.new,
            updated=self.updated + other.updated,
            unchanged=self.unchanged + other.unchanged,
            requests=self.requests + other.requests,
            pages=self.pages + other.pages,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One row of the ledger.

    A scheduled slot has one row for ever. A long missed or coalesced stretch is one row whose
    `due_at` is its first slot, `due_to` its last, and `slots` their number.
    """

    id: int
    task_id: str
    task_version: int
    trigger: Trigger
    state: RunState
    created_at: datetime
    due_at: datetime | None = None  #: the slot; None for manual and webhook runs
    due_to: datetime | None = None
    slots: int = 1
    outcome: Outcome | None = None  #: set when, and only when, `state` is done
    reason: str = ""  #: the rule that decided: `overlap`, `downtime`, `user`, ...
    detail: str = ""  #: the same for people, with the figures
    priority: int = 2  #: rank of the task's priority; 0 first
    not_before: datetime | None = None  #: a retry or a deferral waits until then
    attempts: int = 0  #: attempts started so far
    max_attempts: int = 1
    fence: int = 0  #: grows with every claim; a holder with an older one can store nothing
    owner: str | None = None  #: the instance that holds it
    lease_until: datetime | None = None
    started_at: datetime | None = None  #: of the newest attempt
    ended_at: datetime | None = None
    error_kind: str = ""
    error: str = ""
    counts: Counts = field(default_factory=Counts)
    log_path: str = ""
    peak_memory_bytes: int | None = None
    cpu_seconds: float | None = None
    parent_run_id: int | None = None
    params: Mapping[str, Json] = field(default_factory=dict)
    cancel_requested: bool = False  #: somebody asked for its end

    @property
    def status(self) -> TaskStatus:
        """The public word for state and outcome."""
        return run_status(self.state, self.outcome)

    @property
    def duration_seconds(self) -> float | None:
        """How long the newest attempt took; None while it runs or if none did."""
        if self.started_at is None or self.ended_at is None:
            return None
        return (self.ended_at - self.started_at).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try of a run. Attempts are only ever added and ended, never rewritten."""

    run_id: int
    number: int  #: counted from 1
    fence: int
    owner: str
    started_at: datetime
    ended_at: datetime | None = None
    outcome: Outcome | None = None
    error_kind: str = ""
    error: str = ""
    pid: int | None = None
    exit_code: int | None = None  #: negative: ended by that signal
    peak_memory_bytes: int | None = None
    cpu_seconds: float | None = None
    log_path: str = ""


_STATUS: Mapping[RunState, TaskStatus] = {
    RunState.PENDING: TaskStatus.PENDING,
    RunState.QUEUED: TaskStatus.PENDING,
    RunState.RUNNING: TaskStatus.RUNNING,
    RunState.SKIPPED: TaskStatus.SKIPPED,
    RunState.COALESCED: TaskStatus.SKIPPED,
    RunState.MISSED: TaskStatus.SKIPPED,
}


def run_status(state: RunState, outcome: Outcome | None) -> TaskStatus:
    """Return the public word for *state* and *outcome*."""
    if state is not RunState.DONE:
        return _STATUS[state]
    if outcome in GOOD:
        return TaskStatus.COMPLETED
    return TaskStatus.CANCELLED if outcome is Outcome.CANCELLED else TaskStatus.FAILED


#: The longest a retry waits by its own policy (a source may ask for longer).
MAX_RETRY_DELAY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class RetryAt:
    """The attempt failed; another one is due."""

    not_before: datetime


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The attempt failed and was the last one."""

    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why an attempt did not succeed."""

    kind: str
    message: str
    outcome: Outcome = Outcome.FAILED
    retryable: bool = True
    retry_after_seconds: float | None = None
    exit_code: int | None = None  #: of a process that ended without a word

    @property
    def names(self) -> frozenset[str]:
        """What `retry_on` and `no_retry_on` of a task may call it: its kind, its exit code."""
        return frozenset({self.kind, "" if self.exit_code is None else str(self.exit_code)})


def after_failure(
    run: Run, failure: Failure, *, now: datetime, base_seconds: float, roll: float
) -> RetryAt | GiveUp:
    """Decide what follows a failed attempt of *run*.

    Exponential backoff: `base * 2^(attempts - 1)`, at most `MAX_RETRY_DELAY`, spread over
    [0.75, 1.25) by *roll* in [0, 1); never earlier than the source asked for.
    """
    if failure.outcome is Outcome.CANCELLED or not failure.retryable:
        return GiveUp(failure.outcome)
    if run.attempts >= run.max_attempts:
        return GiveUp(Outcome.DEAD if run.max_attempts > 1 else failure.outcome)
    exponent = min(max(run.attempts - 1, 0), 32)
    backoff = min(base_seconds * 2**exponent, MAX_RETRY_DELAY.total_seconds())
    delay = max(backoff * (0.75 + roll / 2), failure.retry_after_seconds or 0.0)
    return RetryAt(now + timedelta(seconds=delay))
