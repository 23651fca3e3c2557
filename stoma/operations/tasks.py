"""Looking at tasks. Light; `stoma.operations.editing` changes them."""

from collections.abc import Sequence
from datetime import datetime

from stoma.storage.lookup import unknown_task
from stoma.storage.read import Reader, TaskDetail
from stoma.storage.read_rows import TaskLine


def list_tasks(reader: Reader | None) -> list[TaskLine]:
    """Return every task, by id."""
    return reader.tasks() if reader else []


def show_task(reader: Reader | None, task_id: str) -> TaskDetail:
    """Return everything about one task.

    Raises:
        NotFoundError: There is none; the hint names the nearest id.
    """
    found = reader.task(task_id) if reader else None
    if found is None:
        raise unknown_task(task_id, reader.task_ids() if reader else [])
    return found


def coming_tasks(reader: Reader | None, *, limit: int) -> list[TaskLine]:
    """Return the tasks that run next, the soonest first."""
    return reader.coming(limit=limit) if reader else []


def require_task(reader: Reader | None, task_id: str) -> None:
    """Check that there is, or was, a task of that id: its runs outlive it.

    Raises:
        NotFoundError: There never was one.
    """
    known = reader.task_ids() if reader else []
    if task_id not in known and not (reader and reader.history(task_id, limit=1)):
        raise unknown_task(task_id, known)


def waits_since(task: TaskLine, now: datetime) -> datetime | None:
    """Return since when *task* should have run; None if it is not late."""
    at = task.next_at if task.enabled else None
    return at if at is not None and at <= now else None


def summary(tasks: Sequence[TaskLine], *, scheduler_runs: bool) -> str:
    """Return in a line or two how many tasks there are, and what wants a look."""
    if not tasks:
        return "no tasks yet; for a first set: stoma scheduler load-preset --preset default"
    failing = [task for task in tasks if task.failing]
    lines = [f"{len(tasks)} task{'' if len(tasks) == 1 else 's'}"]
    if failing:
        lines[0] += f", {len(failing)} failing: stoma scheduler logs {failing[0].id}"
    if not scheduler_runs:
        lines.append("no scheduler is running: stoma scheduler start")
    return "\n".join(lines)
