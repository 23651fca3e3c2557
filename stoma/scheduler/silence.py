"""What became of an attempt whose process ended without saying so itself."""

import signal

from stoma.domain.run import Failure, Outcome
from stoma.executors.base import AttemptEnd
from stoma.scheduler.attempt import OUT_OF_MEMORY

_ASKED = {
    "cancelled": "stopped: somebody asked for it",
    "replaced": "stopped: the next slot fell due and takes its place",
}


def silent_failure(end: AttemptEnd, limit_seconds: float, asked: str | None) -> Failure:
    """Return why the attempt did not succeed.

    Args:
        end: How its process ended.
        limit_seconds: The time limit it had.
        asked: Why it was stopped, if somebody asked for that: `cancelled` or `replaced`.
    """
    if asked is not None:
        return Failure(kind=asked, message=_ASKED[asked], outcome=Outcome.CANCELLED)
    if end.timed_out:
        return Failure(
            kind="timed_out",
            message=f"stopped after its time limit of {limit_seconds:g} s",
            outcome=Outcome.TIMED_OUT,
        )
    if end.out_of_memory:
        return OUT_OF_MEMORY
    if end.exit_code < 0:
        name = signal.Signals(-end.exit_code).name
        return Failure(kind="signal", message=f"its process was ended by {name}")
    return Failure(
        kind="crash",
        message=f"its process ended with exit code {end.exit_code}",
        exit_code=end.exit_code,
    )
