"""What a crash left behind: runs whose holder is dead are taken over, at once."""

import logging
from contextlib import suppress
from datetime import datetime

from stoma.app import App
from stoma.domain.run import GiveUp, Outcome, Run, RunState
from stoma.domain.task import OnInterrupt
from stoma.exceptions import LostClaimError
from stoma.executors.supervision.marks import kill_marked
from stoma.scheduler.attempt import CANCELLED

_log = logging.getLogger(__name__)


def recover(app: App) -> list[Run]:
    """Take every run of a dead instance from it and return them, as they were.

    A collector's run goes back to pending, once per allowed attempt: what it stored before is
    complete up to its checkpoint. Runs of tasks with `on_interrupt = "report"` end as
    interrupted.
    """
    taken = []
    for instance in app.instances.dead():
        # What its attempts left running stores nothing more, but it may still ask a source.
        kill_marked(instance.id)
        now = app.clock.now()
        error = f"the {instance.kind} process {instance.pid} that ran it ended without a word"
        for run in app.runs.held_by(instance.id):
            with suppress(LostClaimError):  # another process that recovers was faster
                _take(app, run, error, now)
                taken.append(run)
        app.instances.leave(instance.id, now=now)
    return taken


def _take(app: App, run: Run, error: str, now: datetime) -> None:
    """Take a run from an instance that is dead."""
    if run.cancel_requested and run.state is RunState.RUNNING:
        app.runs.fail(run, CANCELLED, GiveUp(Outcome.CANCELLED), now=now)
        _log.warning("run %d of task %s is cancelled, as was asked", run.id, run.task_id)
        return
    task = app.tasks.definition(run.task_id, run.task_version)
    again = (
        task.on_interrupt is OnInterrupt.RETRY
        # A slot keeps its one budget of attempts; a crash on the only one is forgiven.
        and run.attempts < max(run.max_attempts, 2)
        and run.due_at is not None
    )
    app.runs.interrupt(run, now=now, again=again, error=error)
    words = "; it runs again" if again else ""
    _log.warning("run %d of task %s was interrupted: %s%s", run.id, run.task_id, error, words)
