"""How presets and their tasks are shown."""

from pathlib import Path

from stoma.cli.output import View
from stoma.cli.tables import Column
from stoma.cli.words import schedule_words
from stoma.domain.task import Task
from stoma.operations.presets import Listed
from stoma.presets import task_to_table


def preset_view(user_folder: Path) -> View[Listed]:
    """Return how presets are listed; those in *user_folder* are the user's own."""

    def own(listed: Listed) -> bool:
        return listed.preset is not None and listed.preset.path.parent == user_folder

    def tasks(listed: Listed) -> int:
        return len(listed.preset.tasks) if listed.preset else 0

    return View(
        columns=[
            Column("name", lambda listed: listed.name),
            Column("tasks", lambda listed: str(tasks(listed)), right=True),
            Column("from", lambda listed: "you" if own(listed) else "built-in"),
            Column("description", _described, least=20),
            Column("path", _path, wide=True),
        ],
        fields={
            "name": lambda listed: listed.name,
            "description": lambda listed: listed.preset.description if listed.preset else "",
            "tasks": tasks,
            "built_in": lambda listed: not own(listed),
            "path": _path,
            "shadows": lambda listed: _text(listed.preset.shadows) if listed.preset else None,
            "error": lambda listed: listed.error,
        },
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
        fields={
            "id": lambda task: task.id,
            "definition": lambda task: task_to_table(task),
        },
        name=lambda task: task.id,
    )


def _described(listed: Listed) -> str:
    return listed.preset.description if listed.preset else f"can not be used: {listed.error}"


def _path(listed: Listed) -> str:
    return str(listed.preset.path) if listed.preset else ""


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _schedule(task: Task, timezone: str) -> str:
    spec = task.schedule if isinstance(task.schedule, str) else dict(task.schedule)
    return schedule_words(spec, task.timezone or timezone)
