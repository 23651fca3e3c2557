"""What can be said of a task on the command line, and how it becomes a definition."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from stoma.cli.options import Bundle, seconds
from stoma.domain.task import Json, TaskPriority
from stoma.exceptions import UsageError


@dataclass(frozen=True, slots=True)
class TaskOptions(Bundle):
    """The fields of a task that have options; None stands for not given."""

    priority: Annotated[
        TaskPriority | None,
        typer.Option(help="Who goes first when more is due than may run.", case_sensitive=False),
    ] = None
    config: Annotated[
        str | None,
        typer.Option(metavar="JSON|@FILE|-", help="What to collect; `-` reads it from stdin."),
    ] = None
    timezone: Annotated[
        str | None,
        typer.Option(metavar="ZONE", help="Whose clock counts: `Europe/Berlin`; '' for none."),
    ] = None
    timeout: Annotated[
        str | None, typer.Option(metavar="TIME", help="The limit of one attempt: `90s`, `15m`.")
    ] = None
    retries: Annotated[
        int | None, typer.Option(min=0, help="Further attempts after a failed one.")
    ] = None
    tag: Annotated[list[str] | None, typer.Option(help="A word to find it by; repeatable.")] = None
    notify: Annotated[
        list[str] | None,
        typer.Option(metavar="CHANNEL", help="Who is told of it, none for nobody; repeatable."),
    ] = None
    description: Annotated[str | None, typer.Option(help="For people.")] = None

    def given(self) -> dict[str, Any]:
        """Return the fields of a definition that were given, by their names in `Task`.

        Raises:
            UsageError: A value can not be read.
        """
        fields: dict[str, Any] = {
            "priority": self.priority,
            "config": None if self.config is None else read_config(self.config),
            "timeout_seconds": seconds(self.timeout, "--timeout"),
            "max_retries": self.retries,
            "tags": None if self.tag is None else tuple(filter(None, self.tag)),
            "notify": None if self.notify is None else tuple(filter(None, self.notify)),
            "description": self.description,
        }
        found = {name: value for name, value in fields.items() if value is not None}
        return found if self.timezone is None else found | {"timezone": self.timezone or None}


def read_config(text: str) -> dict[str, Json]:
    """Return the config that *text* is, or that the file `@FILE` or stdin (`-`) holds.

    Raises:
        UsageError: It is not a JSON object.
    """
    where = "--config"
    if text == "-":
        where, text = "stdin", sys.stdin.read() if sys.stdin else ""
    elif text.startswith("@"):
        where, text = text[1:], _read(text[1:])
    found = parse_json(text, where)
    if not isinstance(found, dict):
        raise UsageError(f"{where} holds {_kind(found)}, must be an object", hint=_EXAMPLE)
    return found


def read_schedule(text: str) -> str | Mapping[str, Json]:
    """Return a schedule as it was typed: a text, or a table as JSON.

    Raises:
        UsageError: It begins as JSON and is none.
    """
    if not text.lstrip().startswith("{"):
        return text
    found = parse_json(text, "the schedule")
    return found if isinstance(found, dict) else text


def read_settings(pairs: list[str] | None) -> dict[str, Json]:
    """Return what `--set key=value` means: values are JSON where they can be, else texts.

    Raises:
        UsageError: There is no `=`.
    """
    found: dict[str, Json] = {}
    for pair in pairs or []:
        key, sign, value = pair.partition("=")
        if not sign or not key:
            raise UsageError(f"--set is {pair!r}, must be key=value", hint="--set max_results=50")
        try:
            found[key] = parse_json(value, "--set")
        except UsageError:
            found[key] = value
    return found


def parse_json(text: str, where: str) -> Json:
    """Return what a JSON text holds.

    Raises:
        UsageError: It is no JSON, has a key twice, or a number that JSON does not know.
    """
    try:
        found: Json = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{where} is not valid JSON: {error}", hint=_EXAMPLE) from None
    return found


_EXAMPLE = """for example: --config '{"search_query": "cat:cs.AI", "max_results": 25}'"""


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"key {twice!r} is there twice")
    return found


def _constant(name: str) -> Json:
    raise ValueError(f"{name} is not a JSON number")


def _kind(value: Json) -> str:
    kinds = {list: "a list", str: "a text", bool: "a truth value", type(None): "null"}
    return kinds.get(type(value), "a number")


def _read(name: str) -> str:
    try:
        return Path(name).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or error
        raise UsageError(f"--config @{name}: can not be read: {problem}") from None
