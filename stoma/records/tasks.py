"""Tasks, their definitions and their past."""

from stoma.records.base import Fields, iso, of, told
from stoma.records.sources import UNUSUAL
from stoma.storage.read import TaskDetail
from stoma.storage.read_rows import DefinitionLine, TaskLine

DEFINITION: Fields[DefinitionLine] = {
    "version": lambda line: line.version,
    "saved_at": lambda line: iso(line.saved_at),
    "definition": lambda line: {**line.definition},
}


def task_fields(timezone: str) -> Fields[TaskLine]:
    """Return the fields of a task in a list; *timezone* is that of tasks that name none."""
    return {
        "id": lambda task: task.id,
        "name": lambda task: task.name,
        "description": lambda task: task.description,
        "type": lambda task: task.type,
        "schedule": lambda task: task.schedule,
        "timezone": lambda task: task.timezone or timezone,
        "priority": lambda task: task.priority,
        "enabled": lambda task: task.enabled,
        "disabled_reason": lambda task: task.disabled_reason,
        "disabled_until": lambda task: iso(task.disabled_until),
        "owner": lambda task: task.owner,
        "tags": lambda task: list(task.tags),
        "preset": lambda task: task.preset,
        "status": lambda task: str(task.status),
        "failing": lambda task: task.failing,
        "next_run_at": lambda task: iso(task.next_at if task.enabled else None),
        "last_run_id": lambda task: task.last.id if task.last else None,
        "last_outcome": lambda task: task.last.word if task.last else None,
        "last_started_at": lambda task: iso(task.last.started_at if task.last else None),
        "last_ended_at": lambda task: iso(task.last.ended_at if task.last else None),
        "last_duration_seconds": lambda task: task.last.duration_seconds if task.last else None,
        "last_error": lambda task: task.last.error if task.last else None,
        "recent": lambda task: list(task.strip),
    }


def task_detail_fields(timezone: str) -> Fields[TaskDetail]:
    """Return the fields of one task: those of a list, its definition and its past."""
    return {
        **of(lambda found: found.line, task_fields(timezone)),
        "definition": lambda found: {**found.definitions[0].definition},
        "version": lambda found: found.definitions[0].version,
        "created_at": lambda found: iso(found.created_at),
        "updated_at": lambda found: iso(found.updated_at),
        "runs": lambda found: found.runs,
        "items": lambda found: found.items,
        "unusual": lambda found: [told(UNUSUAL, each) for each in found.unusual],
        "history": lambda found: [told(DEFINITION, each) for each in found.definitions],
    }
