"""What to say of an id that is not there. No SQLAlchemy: readers and writers share it."""

from collections.abc import Iterable

from stoma.exceptions import NotFoundError
from stoma.text import did_you_mean


def unknown_task(task_id: str, known: Iterable[str]) -> NotFoundError:
    """Return the error for a task id that does not exist, with the nearest one that does."""
    return NotFoundError(
        "task", task_id, hint=did_you_mean(task_id, known) or "see: stoma scheduler list-tasks"
    )


def unknown_run(run_id: int | str) -> NotFoundError:
    """Return the error for a run that does not exist."""
    return NotFoundError("run", run_id, hint="see: stoma scheduler history")
