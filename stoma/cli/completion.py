"""What the shell completes: ids and names. Light, and silent about every trouble."""

from collections.abc import Callable, Iterator
from pathlib import Path

import typer

from stoma.exceptions import StomaError
from stoma.settings import Paths, glance
from stoma.text import safe


def task_ids(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Return the ids of tasks, with their names."""
    return _offered(_tasks, context, incomplete)


def presets(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Return the names of presets."""
    return _offered(_presets, context, incomplete)


def settings(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Return the names of settings, with their meanings."""
    return _offered(_settings, context, incomplete)


def _offered(
    names: Callable[[Paths], Iterator[tuple[str, str]]], context: typer.Context, incomplete: str
) -> list[tuple[str, str]]:
    home = context.find_root().params.get("home")
    try:
        paths = glance(home=Path(home) if home else None).paths
        return [each for each in names(paths) if each[0].startswith(incomplete)]
    except (StomaError, OSError):
        return []  # whoever presses Tab wants no error between the words


def _tasks(paths: Paths) -> Iterator[tuple[str, str]]:
    from stoma.storage.read import reading

    with reading(paths.database) as reader:
        for task_id, name in reader.task_names() if reader else ():
            yield task_id, safe(name)


def _settings(paths: Paths) -> Iterator[tuple[str, str]]:
    from stoma.settings import known_settings

    for key, known in known_settings().items():
        yield key, known.description or ""


def _presets(paths: Paths) -> Iterator[tuple[str, str]]:
    from stoma.presets import preset_folders, preset_names

    for name in preset_names(preset_folders(paths.user_presets_dir)):
        yield name, ""
