"""Hands on the wheel: runs stopped and run again, and the scheduler paused."""

import os
import signal
import socket
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from stoma.app import App
from stoma.domain.pause import Pause
from stoma.domain.run import ACTIVE, GiveUp, Outcome, Run
from stoma.domain.task import Json
from stoma.exceptions import ConflictError, LostClaimError, NotFoundError
from stoma.executors.base import GRACE_SECONDS
from stoma.executors.supervision.marks import kill_marked
from stoma.operations.audited import record
from stoma.operations.editing import refuse_past
from stoma.processes import Instance
from stoma.scheduler.attempt import CANCELLED
from stoma.scheduler.now import PROGRAM, RUN_TASK
from stoma.scheduler.pausing import pause as _pause
from stoma.scheduler.pausing import resume as _resume
from stoma.scheduler.recovery import recover

#: So long somebody who cancels waits for the end, and between two looks.
PATIENCE_SECONDS, _LOOK_SECONDS = 10.0, 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """A run whose end was asked for, and what happened then."""

    run: Run
    text: str


def cancel_run(
    app: App,
    run_id: int,
    *,
    patience_seconds: float = PATIENCE_SECONDS,
    grace_seconds: float = GRACE_SECONDS,
) -> Cancelled:
    """End a run: one that waits ends here, one at work is stopped with all that it started.

    Args:
        app: The registry.
        run_id: The run.
        patience_seconds: So long its end is waited for; whoever holds it goes on to stop it.
        grace_seconds: A process of its own that has not ended by then is killed.

    Raises:
        NotFoundError: There is no such run.
        ConflictError: It is over already.
    """
    recover(app)  # what a dead process held waits again, and can be ended here
    before = app.runs.get(run_id)
    if before.state not in ACTIVE:
        raise ConflictError(
            f"run {run_id} is over already: {_word(before)}",
            hint=f"see: stoma scheduler show-run {run_id}",
        )
    with app.database.together():
        run = app.runs.request_cancel(run_id, now=app.clock.now())
        record(app, "cancel-run", str(run_id), _told(before), _told(run))
    if run.state not in ACTIVE:
        return Cancelled(run=run, text="it had not started, and will not")
    text = _stopped(app, run, patience_seconds, grace_seconds)
    run = app.runs.get(run_id)
    if run.state not in ACTIVE and run.outcome is not Outcome.CANCELLED:
        text = f"it ended before it could be stopped: {_word(run)}"
    return Cancelled(run=run, text=text)


def _word(run: Run) -> str:
    return str(run.outcome or run.state).replace("_", " ")


def _stopped(app: App, run: Run, patience_seconds: float, grace_seconds: float) -> str:
    """See to the end of a run at work; return in words what came of that."""
    holder = app.instances.find(run.owner or "")
    if holder is None:  # it was pruned: nobody is left to do it
        _record(app, run)
        return "nobody was at work on it any more"
    who = f"the {holder.kind} process {holder.pid}"
    if holder.kind == PROGRAM:
        _record(app, run)
        return f"nothing that {who} does from now on is stored"
    own = holder.kind == RUN_TASK and holder.host == socket.gethostname()
    if own:
        if not _signal(holder, signal.SIGTERM):
            return f"{who} was told, but may not be signalled by you"
        if _over(app, run, holder, min(patience_seconds, grace_seconds)):
            return "it was stopped"
        if patience_seconds > grace_seconds:
            _signal(holder, signal.SIGKILL)
    if _over(app, run, holder, patience_seconds):
        return "it was stopped"
    return f"{who} was told to stop it, and has not yet"


def _over(app: App, run: Run, holder: Instance, seconds: float) -> bool:
    """Wait for the end of a run; return whether it came."""
    give_up_at = app.clock.monotonic() + seconds
    while app.runs.get(run.id).state in ACTIVE:
        if holder.kind == RUN_TASK and not holder.is_alive:
            kill_marked(holder.id)
            _record(app, run)
        elif app.clock.monotonic() >= give_up_at:
            return False
        else:
            app.clock.sleep(_LOOK_SECONDS)
    return True


def _signal(holder: Instance, number: int) -> bool:
    """Signal a process, if it still is the one that is meant; False if that is not allowed."""
    try:
        if holder.is_alive:
            os.kill(holder.pid, number)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return True


def _record(app: App, run: Run) -> None:
    """Write down the end of a run whose process does not."""
    with suppress(LostClaimError):  # it has ended itself
        app.runs.fail(run, CANCELLED, GiveUp(Outcome.CANCELLED), now=app.clock.now())


def retry_runs(app: App, run_ids: Iterable[int]) -> list[Run]:
    """Let runs that are over, or never started, run again, with the attempts their tasks allow.

    All of them, or none.

    Raises:
        NotFoundError: There is no such run.
        ConflictError: One is active, or stands for several slots.
    """
    again = []
    with app.database.together():
        for run_id in dict.fromkeys(run_ids):
            run = _repeatable(app, run_id)
            again.append(app.runs.reopen(run_id, max_attempts=_attempts(app, run), reason="user"))
            record(app, "retry-run", str(run_id), _told(run), _told(again[-1]))
    return again


def _repeatable(app: App, run_id: int) -> Run:
    run = app.runs.get(run_id)
    if run.state in ACTIVE:
        raise ConflictError(
            f"run {run_id} is not over: it is {run.state}",
            hint=f"to end it first: stoma scheduler cancel-run {run_id}",
        )
    if run.slots > 1 and run.due_at is not None and run.due_to is not None:
        raise ConflictError(
            f"run {run_id} stands for {run.slots:,} slots",
            hint=f"stoma scheduler backfill {run.task_id} --from {run.due_at.isoformat()}"
            f" --to {(run.due_to + timedelta(seconds=1)).isoformat()}",
        )
    return run


def _told(run: Run) -> dict[str, Json]:
    """Return what the audit log says of a run."""
    outcome = str(run.outcome) if run.outcome else None
    return {"task_id": run.task_id, "state": str(run.state), "outcome": outcome}


def _attempts(app: App, run: Run) -> int:
    task = app.tasks.find(run.task_id)
    if task is not None:
        return 1 + task.max_retries
    try:
        return 1 + app.tasks.definition(run.task_id, run.task_version).max_retries
    except NotFoundError:
        raise ConflictError(f"run {run.id} can not run again: task {run.task_id} is gone") from None


def pause(app: App, *, until: datetime | None, reason: str) -> Pause:
    """Let no run start from now on; what is at work goes on.

    Raises:
        UsageError: The end is past already.
    """
    refuse_past(until, app.clock.now())
    return _pause(app, until=until, reason=reason)


def resume(app: App) -> bool:
    """End a pause; return whether there was one."""
    return _resume(app)
