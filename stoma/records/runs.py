"""Runs and their attempts."""

from stoma.domain.window import Window
from stoma.operations.runs import RunDetail
from stoma.records.base import Fields, iso, of, told
from stoma.storage.read_rows import AttemptLine, RunLine

RUN: Fields[RunLine] = {
    "id": lambda run: run.id,
    "task_id": lambda run: run.task_id,
    "trigger": lambda run: str(run.trigger),
    "state": lambda run: str(run.state),
    "outcome": lambda run: str(run.outcome) if run.outcome else None,
    "status": lambda run: str(run.status),
    "due_at": lambda run: iso(run.due_at),
    "due_to": lambda run: iso(run.due_to),
    "slots": lambda run: run.slots,
    "created_at": lambda run: iso(run.created_at),
    "started_at": lambda run: iso(run.started_at),
    "ended_at": lambda run: iso(run.ended_at),
    "not_before": lambda run: iso(run.not_before),
    "duration_seconds": lambda run: run.duration_seconds,
    "attempts": lambda run: run.attempts,
    "max_attempts": lambda run: run.max_attempts,
    "reason": lambda run: run.reason,
    "detail": lambda run: run.detail,
    "error_kind": lambda run: run.error_kind,
    "error": lambda run: run.error,
    "new": lambda run: run.new,
    "updated": lambda run: run.updated,
    "unchanged": lambda run: run.unchanged,
    "requests": lambda run: run.requests,
    "peak_memory_bytes": lambda run: run.peak_memory_bytes,
    "cpu_seconds": lambda run: run.cpu_seconds,
    "log_path": lambda run: run.log_path,
}

ATTEMPT: Fields[AttemptLine] = {
    "number": lambda attempt: attempt.number,
    "started_at": lambda attempt: iso(attempt.started_at),
    "ended_at": lambda attempt: iso(attempt.ended_at),
    "outcome": lambda attempt: str(attempt.outcome) if attempt.outcome else None,
    "error_kind": lambda attempt: attempt.error_kind,
    "error": lambda attempt: attempt.error,
    "exit_code": lambda attempt: attempt.exit_code,
    "peak_memory_bytes": lambda attempt: attempt.peak_memory_bytes,
    "cpu_seconds": lambda attempt: attempt.cpu_seconds,
}

#: Those of a list, the slot it carries out, and its attempts.
RUN_DETAIL: Fields[RunDetail] = {
    **of(lambda found: found.run, RUN),
    "scheduled_for": lambda found: iso(found.as_of.scheduled_for if found.as_of else None),
    "window_start": lambda found: iso(window.start if (window := window_of(found)) else None),
    "window_end": lambda found: iso(window.end if (window := window_of(found)) else None),
    "attempt_list": lambda found: [told(ATTEMPT, each) for each in found.attempts],
}


def window_of(found: RunDetail) -> Window | None:
    """Return the time that the slot of a run stands for."""
    return found.as_of.window if found.as_of else None
