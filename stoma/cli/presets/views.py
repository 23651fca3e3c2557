"""How presets and their tasks are shown."""

from pathlib import Path

from stoma.cli.output import View
from stoma.cli.tables import Column
from stoma.cli.words import schedule_words
from stoma.domain.task import Task
from stoma.operations.presets import Listed
from stoma.records.presets import PRESET_TASK, is_own, preset_fields


def preset_view(user_folder: Path) -> View[Listed]:
    """Return how presets are listed; those in *user_folder* are the user's own."""
    return View(
        columns=[
            Column("name", lambda listed: listed.name),
            Column(
                "tasks",
                lambda listed: str(len(listed.preset.tasks) if listed.preset else 0),
                right=True,
            ),
            Column("from", lambda listed: "you" if is_own(listed, user_folder) else "built-in"),
            Column("description", _described, least=20),
            Column("path", _path, wide=True),
        ],
        fields=preset_fields(user_folder),
        name=lambda listed: listed.name,
    )


def task_view(timezone: str) -> View[Task]:
    """Return how the tasks of a preset are listed."""
    return View(
        columns=[
            Column("id", lambda task: task.id, least=27),
            Column("type", lambda task: task.type),
            Column("schedule", lambda task: _schedule(task, timezone), least=12),
            Column("priority", lambda task: str(task.priority), wide=True),
            Column("tags", lambda task: ",".join(task.tags), wide=True),
            Column("name", lambda task: task.name, least=20),
        ],
        fields=PRESET_TASK,
        name=lambda task: task.id,
    )


def _described(listed: Listed) -> str:
    return listed.preset.description if listed.preset else f"can not be used: {listed.error}"


def _count(listed: Listed) -> str:
    return str(len(listed.preset.tasks)) if listed.preset else "0"


def _path(listed: Listed) -> str:
    return str(listed.preset.path) if listed.preset else ""


def _schedule(task: Task, timezone: str) -> str:
    spec = task.schedule if isinstance(task.schedule, str) else dict(task.schedule)
    return schedule_words(spec, task.timezone or timezone)
