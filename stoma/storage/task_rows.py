"""Tasks as rows: every column of a definition, and what is kept beside it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import RowMapping

from stoma.domain.run import run_status
from stoma.domain.task import DEFINITION_FIELDS, StoredTask, Task, TaskStatus
from stoma.storage.tables import TASKS

_LISTS = ("tags", "retry_on", "no_retry_on", "after", "only_if", "notify")
_WORDS = {
    name: TASKS.c[name].type.words  # type: ignore[attr-defined]
    for name in ("priority", "catch_up", "overlap", "on_interrupt")
}
_BOOKKEEPING = (
    "version",
    "preset",
    "created_at",
    "updated_at",
    "next_slot_at",
    "next_run_at",
    "watermark_at",
    "disabled_until",
    "disabled_reason",
)


def task_to_json(task: Task) -> dict[str, Any]:
    """Return every field of a definition as JSON can hold it."""
    values = {name: getattr(task, name) for name in DEFINITION_FIELDS}
    schedule = task.schedule
    return values | {
        "schedule": schedule if isinstance(schedule, str) else dict(schedule),
        "config": dict(task.config),
        **{name: list(getattr(task, name)) for name in _LISTS},
    }


def task_from_json(values: Mapping[str, Any]) -> Task:
    """Return the definition that `task_to_json` wrote."""
    return Task(**_typed({name: values[name] for name in DEFINITION_FIELDS if name in values}))


def _typed(values: dict[str, Any]) -> dict[str, Any]:
    for name, words in _WORDS.items():
        if name in values:
            values[name] = words(values[name])
    return values | {name: tuple(values[name]) for name in _LISTS if name in values}


def stored_task(row: RowMapping) -> StoredTask:
    """Return the task of a row; where its newest run came along, with the status that it means."""
    values = _typed({name: row[name] for name in DEFINITION_FIELDS})
    kept = {name: row[name] for name in _BOOKKEEPING}
    status = TaskStatus.PENDING
    if not values["enabled"]:
        status = TaskStatus.DISABLED
    elif (state := row.get("run_state")) is not None:
        status = run_status(state, row["run_outcome"])
    return StoredTask(**values, **kept, status=status)
