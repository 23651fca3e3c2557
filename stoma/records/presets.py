"""Presets and their tasks."""

from pathlib import Path

from stoma.domain.task import Task
from stoma.operations.presets import Listed
from stoma.presets import task_to_table
from stoma.records.base import Fields

PRESET_TASK: Fields[Task] = {
    "id": lambda task: task.id,
    "definition": lambda task: task_to_table(task),
}


def preset_fields(user_folder: Path) -> Fields[Listed]:
    """Return the fields of a preset; those in *user_folder* are the user's own."""
    return {
        "name": lambda listed: listed.name,
        "description": lambda listed: listed.preset.description if listed.preset else "",
        "tasks": lambda listed: len(listed.preset.tasks) if listed.preset else 0,
        "built_in": lambda listed: not is_own(listed, user_folder),
        "path": lambda listed: str(listed.preset.path) if listed.preset else "",
        "shadows": lambda listed: (
            str(listed.preset.shadows) if listed.preset and listed.preset.shadows else None
        ),
        "error": lambda listed: listed.error,
    }


def is_own(listed: Listed, user_folder: Path) -> bool:
    """Return whether a preset is one of the user's own."""
    return listed.preset is not None and listed.preset.path.parent == user_folder
