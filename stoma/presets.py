"""Presets: TOML files that hold tasks, read strictly, and written so that they read back.

A task's config is only checked to be a table here; its type checks it where tasks are stored.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stoma.domain.task import Json, Task
from stoma.exceptions import NotFoundError, PresetError, UsageError
from stoma.tasktables import (
    Problem,
    hints_of,
    is_foreign,
    leaves,
    read_task,
    task_from_table,
    task_to_table,
)
from stoma.text import did_you_mean
from stoma.tomlfile import TomlFile, read_toml

__all__ = [
    "PRESET_NAME",
    "Preset",
    "dump_preset",
    "load_preset",
    "preset_folders",
    "preset_names",
    "task_from_table",
    "task_to_table",
    "validate_file",
]

#: What a preset can be called: its file is `NAME.toml`.
PRESET_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A file of tasks."""

    name: str
    description: str
    path: Path
    tasks: tuple[Task, ...]  #: in the order of the file
    positions: Mapping[tuple[str, ...], int]  #: ("tasks", ID, "config", KEY) -> line, from 1
    shadows: Path | None = None  #: the built-in preset that this one, of the user, replaces

    def where(self, *keys: str) -> str:
        """Return `file:line` of a key, or of the nearest table around it."""
        return TomlFile(self.path, {}, self.positions).where(*keys)


def preset_folders(user_folder: Path) -> tuple[Path, ...]:
    """Return where presets are looked for: the user's own folder wins over the built-in one."""
    package = Path(__file__).parent
    installed = package / "_presets"
    return (user_folder, installed if installed.is_dir() else package.parent / "presets")


def preset_names(search: Sequence[Path]) -> list[str]:
    """Return the names of all presets in the folders *search*, sorted."""
    return sorted(_index(search))


def load_preset(name: str, search: Sequence[Path], *, timezone: str = "UTC") -> Preset:
    """Return the preset of that name from the first folder of *search* that has it.

    Args:
        name: Without `.toml`.
        search: See `preset_folders`; folders that do not exist are skipped.
        timezone: The zone of tasks that name none.

    Raises:
        NotFoundError: There is no such preset.
        PresetError: The file can not be used; the message names every fault.
    """
    index = _index(search)
    if name not in index:
        names = ", ".join(sorted(index)) or "none"
        hint = did_you_mean(name, index) or f"presets there are: {names}"
        raise NotFoundError("preset", name, hint=hint)
    path, *hidden = index[name]
    return _preset(path, timezone, hidden[0] if hidden else None)


def validate_file(path: Path, *, timezone: str = "UTC") -> Preset:
    """Return the preset in the file *path*, wherever it is and whatever it is called.

    Raises:
        NotFoundError: There is no such file.
        PresetError: The file can not be used; the message names every fault.
    """
    return _preset(path, timezone, None)


def _index(search: Sequence[Path]) -> dict[str, list[Path]]:
    index: dict[str, list[Path]] = {}
    for folder in search:
        for path in folder.glob("*.toml"):
            if PRESET_NAME.fullmatch(path.stem):
                index.setdefault(path.stem, []).append(path)
    return index


def _preset(path: Path, timezone: str, shadows: Path | None) -> Preset:
    file = read_toml(path, PresetError)
    if file is None:
        raise NotFoundError("preset file", str(path))
    table = file.table
    problems = list(_misplaced(table))
    tasks: list[Task] = []
    for task_id, entry in table.get("tasks", {}).items() if not problems else ():
        task, found = read_task(task_id, entry, timezone)
        tasks += [task] if task else []
        problems += (
            Problem(("tasks", task_id, *keys), f"task {task_id!r}: {text}", hint)
            for keys, text, hint in found
        )
    if problems:
        raise PresetError(
            "; ".join(f"{file.where(*each.keys)}: {each.text}" for each in problems),
            hint=hints_of(problems),
        )
    return Preset(
        name=path.stem,
        description=table.get("description", ""),
        path=path,
        tasks=tuple(tasks),
        positions=file.lines,
        shadows=shadows,
    )


def _misplaced(table: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what is wrong with a file outside its tasks."""
    for key in set(table) - {"description", "tasks"}:
        hint = did_you_mean(key, ("description", "tasks")) or "tasks are written as [tasks.ID]"
        yield Problem((key,), f"there is no key {key!r}", hint)
    if not isinstance(table.get("description", ""), str):
        yield Problem(("description",), "description must be a text")
    tasks = table.get("tasks")
    if not tasks or not isinstance(tasks, dict):
        yield Problem(("tasks",), "there are no tasks", "write each as a table [tasks.ID]")


def dump_preset(name: str, description: str, tasks: Iterable[Task]) -> str:
    """Return the text of a preset file that loads back to equal tasks.

    Raises:
        UsageError: The name can not be used, there is no task or one twice, or a config holds
            what TOML can not say: null.
    """
    if not PRESET_NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} can not be the name of a preset",
            hint="use 1 to 100 letters, digits, '_' or '-', starting with a letter or digit",
        )
    tables: dict[str, Json] = {}
    for task in tasks:
        if task.id in tables:
            raise UsageError(f"task {task.id!r} is there twice")
        tables[task.id] = table = task_to_table(task)
        for keys, leaf in leaves(table, ()):
            if leaf is None or is_foreign(leaf):
                raise UsageError(
                    f"task {task.id!r}: {'.'.join(keys)} is {leaf}, which a preset can not say",
                    hint="leave the key out",
                )
    if not tables:
        raise UsageError(f"preset {name!r} would have no tasks", hint="name at least one")
    import tomli_w  # only an export writes

    head = f"# Load these tasks: stoma scheduler load-preset --preset {name}\n\n"
    return head + tomli_w.dumps({"description": description, "tasks": tables})
