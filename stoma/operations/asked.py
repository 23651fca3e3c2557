"""Asking for runs: written down at once, carried out by the scheduler, or by whoever serves."""

from stoma.app import App
from stoma.domain.run import Run
from stoma.operations.audited import record
from stoma.scheduler.asked import AskedRuns, ask, scheduler_at_work

__all__ = ["AskedRuns", "ask_for_run", "scheduler_at_work"]


def ask_for_run(app: App, task_id: str) -> Run:
    """Let a task run now, a disabled one too; return the run, which waits to be started.

    Raises:
        NotFoundError: There is no such task.
        TaskRunningError: It runs already, and its `overlap` is not `allow`.
        ConflictError: It was asked for before, and has not started yet.
    """
    with app.database.together():
        run = ask(app, app.tasks.get(task_id))
        record(app, "run-task", task_id, None, {"run_id": run.id})
    return run
