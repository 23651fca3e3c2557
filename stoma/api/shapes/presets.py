"""Presets, as JSON."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from stoma.api.shapes.base import Shape


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
