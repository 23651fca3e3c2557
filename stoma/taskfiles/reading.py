"""Reading task files: which tasks one names, in the order and with the lines of the file."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

from stoma.domain.task import Task
from stoma.exceptions import ConfigError, NotFoundError
from stoma.taskfiles.foreign import Translation, translated
from stoma.tasktables import Problem, hints_of, read_task
from stoma.text import did_you_mean
from stoma.tomlfile import TomlFile, parse_toml, read_text

#: No file of tasks is larger; it is read by a scheduler at work.
LARGEST_BYTES: Final = 1_000_000
SUFFIXES: Final = (".toml", ".yaml", ".yml", ".json")
_SECTION: Final = "scheduled_tasks"
_EXAMPLE: Final = "write each as a table [tasks.ID], in YAML under tasks:"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A task that a file names and this version can not have."""

    task_id: str
    where: str  #: `file:line`
    reason: str  #: goes on after its name: `needs the shell action, ...`


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFile:
    """A file of tasks that was read."""

    file: TomlFile
    tasks: tuple[Task, ...]  #: in the order of the file
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()  #: what the file says and has no effect here
    places: Mapping[str, "Place"] = field(default_factory=dict)  #: of each task

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self.file.path

    def where(self, task_id: str, *keys: str) -> str:
        """Return `file:line` of a key of a task, named as in `Task`."""
        place = self.places[task_id]
        problem = place.translation.located(Problem(keys, ""))
        return self.file.where(*place.keys, *problem.keys)


class Place(NamedTuple):
    """Where a task stands in its file, and what was made of its words."""

    keys: tuple[str, ...]
    translation: Translation


class _Entry(NamedTuple):
    """One task as the file has it."""

    task_id: str
    value: object
    keys: tuple[str, ...]


class _Contents(NamedTuple):
    """What a file says."""

    entries: tuple[_Entry, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    enabled: bool = True  #: False: none of the tasks is


def task_paths(places: Iterable[Path]) -> list[Path]:
    """Return the task files that *places* name: files as they are, of folders what is in them.

    Raises:
        ConfigError: A folder has no task files, or can not be read.
    """
    found: dict[Path, Path] = {}
    for place in places:
        for path in _inside(place):
            found.setdefault(path.resolve(), path)
    return list(found.values())


def _inside(place: Path) -> list[Path]:
    """Return the task files in a folder, by name; a place that is no folder as it is."""
    try:
        found = sorted(place.iterdir())
    except (NotADirectoryError, FileNotFoundError):
        return [place]
    except OSError as error:
        raise ConfigError(f"{place}: can not be read: {error.strerror}") from None
    files = [path for path in found if path.suffix in SUFFIXES and not path.name.startswith(".")]
    if not files:
        raise ConfigError(
            f"{place}: no task files there", hint=f"their names end in {', '.join(SUFFIXES)}"
        )
    return files


def read_task_file(path: Path, *, timezone: str = "UTC") -> TaskFile:
    """Return what the file *path* says.

    A task's config is checked to be a table; its type checks the rest where tasks are stored.

    Args:
        path: TOML, YAML or JSON, by its ending.
        timezone: The zone of tasks that name none.

    Raises:
        NotFoundError: There is no such file.
        ConfigError: The file can not be used; the message names every fault.
    """
    file = _parsed(path)
    contents = _contents(file.table)
    problems = list(contents.problems)
    tasks: list[Task] = []
    left_out: list[LeftOut] = []
    notes = list(contents.notes)
    places: dict[str, Place] = {}
    for entry in contents.entries:
        found, faults = _read(entry, contents.enabled)
        task = None
        if found is not None and not faults:
            task, faults = _task(entry, found, timezone)
        problems += _named(entry, faults)
        if found is None:
            continue
        places[entry.task_id] = Place(entry.keys, found)
        notes += [f"task {entry.task_id!r}: {each}" for each in found.notes]
        if found.left_out:
            left_out.append(LeftOut(entry.task_id, file.where(*entry.keys), found.left_out))
        elif task is not None:
            tasks.append(task)
    if problems:
        raise ConfigError(
            "; ".join(f"{file.where(*each.keys)}: {each.text}" for each in problems),
            hint=hints_of(problems),
        )
    return TaskFile(
        file=file,
        tasks=tuple(tasks),
        left_out=tuple(left_out),
        notes=tuple(f"{path}: {each}" for each in notes),
        places=places,
    )


def _parsed(path: Path) -> TomlFile:
    if path.suffix not in SUFFIXES:
        raise ConfigError(
            f"{path}: not a name of a task file", hint=f"it must end in {', '.join(SUFFIXES)}"
        )
    text = read_text(path, ConfigError, limit=LARGEST_BYTES + 1)
    if text is None:
        raise NotFoundError("task file", str(path))
    if len(text) > LARGEST_BYTES:
        raise ConfigError(f"{path}: larger than {LARGEST_BYTES} bytes", hint="use several files")
    if path.suffix == ".toml":
        return parse_toml(path, text, ConfigError)
    from stoma.taskfiles.yamltext import YamlError, parse_yaml  # only where there is YAML

    try:
        value, lines = parse_yaml(text)
    except YamlError as error:
        raise ConfigError(
            f"{path}:{error.line}: {error}", hint=error.hint or "is the file complete?"
        ) from None
    return TomlFile(path, value, lines)


def _contents(value: object) -> _Contents:
    """Return the tasks of any of the shapes that a file may have."""
    if isinstance(value, Mapping):
        return _of_table(value)
    if isinstance(value, list):
        return _listed(value, ())
    return _Contents(problems=(Problem((), "there are no tasks", _EXAMPLE),))


def _of_table(value: Mapping[str, Any]) -> _Contents:
    if _SECTION in value:
        return _scheduled(value)
    if "action" in value:
        return _Contents((_entry(value, ()),))
    problems = tuple(_misplaced(value))
    if problems:
        return _Contents(problems=problems)
    tasks = value["tasks"]
    if isinstance(tasks, Mapping):
        return _Contents(_by_id(tasks, ("tasks",)))
    return _listed(tasks, ("tasks",))


def _scheduled(table: Mapping[str, Any]) -> _Contents:
    """Return the tasks of a config.yaml, whose other sections are not ours."""
    section = table[_SECTION]
    tasks = section.get("tasks") if isinstance(section, Mapping) else None
    if not isinstance(section, Mapping) or not isinstance(tasks, Mapping) or not tasks:
        return _Contents(problems=(Problem((_SECTION, "tasks"), "there are no tasks", _EXAMPLE),))
    enabled = section.get("enabled", True)
    problems: tuple[Problem, ...] = ()
    if not isinstance(enabled, bool):
        problems = (
            Problem((_SECTION, "enabled"), f"enabled is {enabled!r}, must be true or false"),
        )
    notes = [
        f"{_SECTION}.{key} has no effect here{_REASONS.get(key, '')}"
        for key in section
        if key not in {"enabled", "tasks"}
    ]
    others = [key for key in table if key != _SECTION]
    notes += [f"other sections are not read: {', '.join(others)}"] if others else []
    notes += [] if enabled else [f"{_SECTION}.enabled is false, so no task is enabled"]
    return _Contents(_by_id(tasks, (_SECTION, "tasks")), problems, tuple(notes), bool(enabled))


_REASONS: Final = {"state_file": ": the registry keeps the state"}


def _misplaced(table: Mapping[str, Any]) -> Iterator[Problem]:
    known = ("description", "tasks", _SECTION)
    for key in [key for key in table if key not in known]:
        yield Problem((key,), f"there is no key {key!r}", did_you_mean(key, known) or _EXAMPLE)
    if not isinstance(table.get("description", ""), str):
        yield Problem(("description",), "description must be a text")
    tasks = table.get("tasks")
    if not tasks or not isinstance(tasks, Mapping | list):
        yield Problem(("tasks",), "there are no tasks", _EXAMPLE)


def _by_id(tasks: Mapping[str, object], keys: tuple[str, ...]) -> tuple[_Entry, ...]:
    return tuple(_Entry(task_id, value, (*keys, task_id)) for task_id, value in tasks.items())


def _listed(tasks: list[Any], keys: tuple[str, ...]) -> _Contents:
    entries = tuple(_entry(value, (*keys, str(number))) for number, value in enumerate(tasks))
    seen: set[str] = set()
    problems = []
    for entry in entries:
        if entry.task_id in seen:
            text = f"task {entry.task_id!r} is there twice"
            problems.append(Problem(entry.keys, text, "give each an id of its own"))
        seen.add(entry.task_id)
    if not entries:
        problems.append(Problem(keys, "there are no tasks", _EXAMPLE))
    return _Contents(entries, tuple(problems))


def _entry(value: object, keys: tuple[str, ...]) -> _Entry:
    """Return a task that is not written under its id: it has one, or its name makes one."""
    if not isinstance(value, Mapping):
        return _Entry(keys[-1] if keys else "", value, keys)
    given = value.get("id")
    name = re.sub(r"[^a-z0-9]+", "_", str(value.get("name", "")).lower()).strip("_")
    rest = value if "action" in value else {key: each for key, each in value.items() if key != "id"}
    return _Entry(name[:100] if given is None else str(given), rest, keys)


def _read(entry: _Entry, enabled: bool) -> tuple[Translation | None, list[Problem]]:
    if not isinstance(entry.value, Mapping):
        return None, [Problem((), "must be a table", _EXAMPLE)]
    found = translated(entry.value)
    if not enabled:
        found.table["enabled"] = False
    return found, found.problems


def _task(entry: _Entry, found: Translation, timezone: str) -> tuple[Task | None, list[Problem]]:
    if found.left_out:
        return None, []
    task, problems = read_task(entry.task_id, found.table, timezone)
    return task, [found.located(each) for each in problems]


def _named(entry: _Entry, problems: Iterable[Problem]) -> Iterator[Problem]:
    """Yield problems of a task as problems of its file."""
    for each in problems:
        text = f"task {entry.task_id!r}: {each.text}"
        yield each._replace(keys=(*entry.keys, *each.keys), text=text)
