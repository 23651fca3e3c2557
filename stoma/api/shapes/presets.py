"""Presets, as JSON."""

from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from stoma.api.shapes.base import Record, Shape, iso
from stoma.domain.task import Task
from stoma.operations.presets import Listed, LoadLine
from stoma.tasktables import task_to_table


class PresetShape(Shape):
    """A preset there is."""

    name: str = Field(examples=["research"])
    description: str
    tasks: int = Field(description="How many.")
    built_in: bool = Field(description="False for your own.")
    path: str = Field(description="Its file.")
    shadows: str | None = Field(description="The built-in preset that yours takes the place of.")
    error: str = Field(description="Why it can not be used; empty if it can.")


class PresetTaskShape(Shape):
    """A task of a preset."""

    id: str
    definition: dict[str, Any] = Field(description="As the preset says it.")


class LoadShape(Shape):
    """What loading a preset does to one task."""

    task_id: str
    action: Literal["added", "changed", "kept", "unchanged", "removed", "left_out"]
    changed_fields: list[str] = Field(description="They take the preset's value.")
    kept_fields: list[str] = Field(description="They keep your value.")
    next_run_at: datetime | None
    fires_lost: int | None = Field(description="Fires of the next 7 days that it loses.")
    fires_gained: int | None = Field(description="Fires of the next 7 days that are new.")
    first_lost: list[datetime] | None = Field(description="The first few of them.")
    first_gained: list[datetime] | None = Field(description="The first few of them.")
    compared_until: datetime | None = Field(description="How far was looked.")


def preset_record(listed: Listed, user_folder: Path) -> Record:
    """Return a preset as JSON has it; those in *user_folder* are the user's own."""
    preset = listed.preset
    shadows = preset.shadows if preset else None
    return {
        "name": listed.name,
        "description": preset.description if preset else "",
        "tasks": len(preset.tasks) if preset else 0,
        "built_in": not (preset is not None and preset.path.parent == user_folder),
        "path": str(preset.path) if preset else "",
        "shadows": None if shadows is None else str(shadows),
        "error": listed.error,
    }


def preset_task_record(task: Task) -> Record:
    """Return a task of a preset as JSON has it."""
    return {"id": task.id, "definition": task_to_table(task)}


def load_record(line: LoadLine) -> Record:
    """Return what loading did to a task as JSON has it."""
    found = line.forecast
    return {
        "task_id": line.step.task.id,
        "action": str(line.step.action),
        "changed_fields": list(line.step.changed_fields),
        "kept_fields": list(line.step.kept_fields),
        "next_run_at": iso(line.next_run_at),
        "fires_lost": found.lost.count,
        "fires_gained": found.gained.count,
        "first_lost": [iso(each) for each in found.lost.first],
        "first_gained": [iso(each) for each in found.gained.first],
        "compared_until": iso(found.until),
    }
