"""A task as people write it: a table of keys and values, read strictly, and written again.

Presets, task files and the API share it. A config is only checked to be a table here; its type
checks it where tasks are stored.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from enum import EnumType, StrEnum
from functools import cache
from math import isfinite
from typing import Any, Final, NamedTuple

from pydantic import TypeAdapter, ValidationError

from stoma.domain.task import CatchUp, Json, OnInterrupt, Overlap, Task, TaskPriority
from stoma.exceptions import ScheduleError, UsageError
from stoma.schedules import parse_schedule
from stoma.schedules.zones import zone_named
from stoma.text import did_you_mean

_REQUIRED: Final = ("name", "type", "schedule")
#: The keys of a task's table in the order people write them, and what each holds.
_FIELDS: Final[Mapping[str, Any]] = {
    "name": str,
    "description": str,
    "type": str,
    "schedule": str | dict,
    "timezone": str,
    "priority": TaskPriority,
    "enabled": bool,
    "owner": str,
    "tags": tuple[str, ...],
    "timeout_seconds": float,
    "max_retries": int,
    "retry_delay_seconds": float,
    "catch_up": CatchUp,
    "max_catch_up": int,
    "misfire_grace_seconds": float,
    "overlap": Overlap,
    "jitter_seconds": float,
    "on_interrupt": OnInterrupt,
    "retry_on": tuple[str, ...],
    "no_retry_on": tuple[str, ...],
    "after": tuple[str, ...],
    "only_if": tuple[dict[str, Any], ...],
    "concurrency_key": str,
    "max_running": int,
    "memory_limit_mb": int,
    "notify": tuple[str, ...],
    "config": dict,
}
#: Written as text or array, held as something narrower; a text never stands for a number.
_CONVERTED: Final = frozenset(
    {
        "priority",
        "tags",
        "catch_up",
        "overlap",
        "on_interrupt",
        "retry_on",
        "no_retry_on",
        "after",
        "only_if",
        "notify",
    }
)
#: How we say what a value must be; of the enums, pydantic names the words.
_RULES: Final[Mapping[Any, str]] = {
    bool: "must be true or false",
    dict: "must be a table",
    float: "must be a number",
    int: "must be a whole number",
    str: "must be a text",
    str | dict: "must be a text or a table",
    tuple[str, ...]: "must be an array of texts",
    tuple[dict[str, Any], ...]: "must be an array of tables",
}
_EXAMPLE: Final = Task(id="x", name="x", type="x", schedule="manual")


class Problem(NamedTuple):
    """What is wrong, where, and the way out."""

    keys: tuple[str, ...]
    text: str
    hint: str = ""


def task_from_table(task_id: str, table: Mapping[str, Any], *, timezone: str = "UTC") -> Task:
    """Return the task that a table of a preset, or an object of the API, describes.

    Args:
        task_id: Its id, which the table does not repeat.
        table: Keys and values as people write them.
        timezone: The zone of tasks that name none.

    Raises:
        UsageError: A key or value can not be used; the message names every fault.
    """
    task, problems = read_task(task_id, table, timezone)
    if task is None:
        raise UsageError(
            f"task {task_id!r}: {'; '.join(each.text for each in problems)}",
            hint=hints_of(problems),
        )
    return task


def read_task(task_id: str, table: object, timezone: str) -> tuple[Task | None, list[Problem]]:
    """Return the task, or None and everything that is wrong with it."""
    if not isinstance(table, Mapping):
        return None, [Problem((), "must be a table", f"write it as [tasks.{task_id}]")]
    problems = [Problem((), f"{key} is missing") for key in _REQUIRED if key not in table]
    values: dict[str, Any] = {}
    try:
        replace(_EXAMPLE, id=task_id)
    except UsageError as error:
        problems.append(Problem((), str(error), error.hint))
    for key, given in table.items():
        found = _value(key, given)
        if isinstance(found, Problem):
            problems.append(found)
        else:
            values[key] = found
    if "schedule" in values:
        try:
            parse_schedule(values["schedule"], values.get("timezone", timezone), key=task_id)
        except ScheduleError as error:
            problems.append(Problem(("schedule",), str(error), error.hint))
    return (None if problems else Task(id=task_id, **values)), problems


def _value(key: str, given: object) -> object:
    """Return *given* as the field *key* of a task holds it, or what is wrong with it."""
    kind = _FIELDS.get(key)
    if kind is None:
        hint = did_you_mean(key, _FIELDS) or f"keys of a task: {', '.join(_FIELDS)}"
        return Problem((key,), f"there is no key {key!r}", hint)
    for keys, leaf in leaves(given, (key,)):
        if is_foreign(leaf):
            hint = "" if isinstance(leaf, float) else "write dates and times as texts, in quotes"
            return Problem(keys, f"{'.'.join(keys)} is {leaf}, must be plain data", hint)
    try:
        found = _adapter(key).validate_python(given, strict=key not in _CONVERTED)
        if key == "timezone":
            zone_named(found)
        replace(_EXAMPLE, **{key: found})  # the rules that a task keeps itself
    except ValidationError as error:
        rule = _RULES.get(kind) or error.errors()[0]["msg"].replace("Input should be", "must be")
        hint = did_you_mean(str(given), kind) if isinstance(kind, EnumType) else ""
        return Problem((key,), f"{key} is {_shown(given)}, {rule}", hint)
    except UsageError as error:
        text = re.sub(r"^task 'x':? ", "", str(error))
        return Problem((key,), text if key in text else f"{key}: {text}", error.hint)
    return found


def leaves(value: object, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], object]]:
    """Yield what tables and arrays hold, each with the keys that lead to it."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from leaves(inner, (*keys, str(name)))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from leaves(inner, keys)
    else:
        yield keys, value


def is_foreign(leaf: object) -> bool:
    """Return whether JSON could not hold *leaf*."""
    if isinstance(leaf, float):
        return not isfinite(leaf)
    return not isinstance(leaf, str | int | None)


@cache
def _adapter(key: str) -> TypeAdapter[Any]:
    return TypeAdapter(_FIELDS[key])


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def hints_of(problems: Iterable[Problem]) -> str:
    """Return the ways out of *problems*, each once."""
    return "; ".join(dict.fromkeys(each.hint for each in problems if each.hint))


def task_to_table(task: Task) -> dict[str, Json]:
    """Return *task* as `task_from_table` reads it: defaults left out, keys in reading order."""
    table: dict[str, Json] = {}
    for key in _FIELDS:
        value = getattr(task, key)
        if key in _REQUIRED or value != getattr(_EXAMPLE, key):
            table[key] = _plain(value)
    return table


def _plain(value: Any) -> Json:
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value
