"""A group of commands that are imported when they are called, not when the program starts."""

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command


class _Plain:
    """What we want otherwise than Typer: values as they are, and help without type names."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters of a command."""
        params: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        for param in params:
            if not isinstance(param.process_value, partial):
                _adapt(param)
        return params

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return what stands behind the name of a command: `[OPTIONS] TASK_ID [N]...`."""
        params = self.get_params(ctx)
        pieces = ["[OPTIONS]", *(_placed(each) for each in params if _is_argument(each))]
        return [*pieces, "COMMAND ..."] if isinstance(self, LazyGroup) else pieces


def _adapt(param: Any) -> None:
    """Name what a parameter takes, and let it keep what it got if that needs no conversion.

    Typer converts every value, a text to a text and even None, with pydantic, whose import costs
    more than all else that the reading commands do.
    """
    wanted = param.type_descriptor.annotation
    if param.metavar is None and _is_argument(param):
        param.metavar = param.name.upper()
    elif param.metavar is None and not param.is_flag and param.type_descriptor.choices is None:
        param.metavar = _TAKEN.get(wanted, "TEXT")
    process = param.process_value
    simple = not param.multiple and param.nargs == 1
    for name, made in {
        "process_value": partial(_process, param, process) if simple else partial(process),
        "get_help_record": partial(_record, param, param.get_help_record),
    }.items():
        setattr(param, name, made)


#: What an option takes that does not say it itself.
_TAKEN = {int: "N", Path: "FILE"}


def _is_argument(param: Any) -> bool:
    return bool(param.param_type_name == "argument")


def _placed(param: Any) -> str:
    name = param.metavar if param.nargs == 1 else f"{param.metavar}..."
    return str(name if param.required else f"[{name}]")


def _record(param: Any, made: Callable[..., Any], context: Any) -> tuple[str, str] | None:
    record: tuple[str, str] | None = made(context)
    if record is None or not _is_argument(param):
        return record
    return _placed(param), param.help or ""


def _process(param: Any, convert: Callable[..., Any], context: Any, value: Any) -> Any:
    wanted = param.type_descriptor.annotation
    missing = param.required and not context.resilient_parsing
    fits = not missing if value is None else type(value) is wanted
    if not fits:
        return convert(context, value)
    return value if param.callback is None else param.callback(context, param, value)


class _Command(_Plain, TyperCommand):
    """A command."""


class LazyGroup(_Plain, TyperGroup):
    """Knows its commands from a table: name to `package.module:function` (or `:GROUP`)."""

    def __init__(self, *, table: Mapping[str, str] | None = None, **attributes: Any) -> None:
        attributes.setdefault("rich_markup_mode", None)
        super().__init__(**attributes)
        self.commands = _Commands(table or self.table)

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names, in the order of the table; imports nothing."""
        return list(self.commands)

    #: Set by a subclass that Typer itself instantiates.
    table: Mapping[str, str] = {}


class _Commands(dict[str, Any]):
    """The table as the mapping a group expects: keys at once, commands on demand."""

    def __init__(self, table: Mapping[str, str]) -> None:
        super().__init__(dict.fromkeys(table))
        self._table = table

    def get(self, name: str, default: Any = None) -> Any:
        """Return the command *name*, imported now if it was not before."""
        if name not in self:
            return default
        if self[name] is None:
            self[name] = _load(name, self._table[name])
        return self[name]


def group(name: str, help_text: str, table: Mapping[str, str]) -> LazyGroup:
    """Return a group that is not asked for options of its own."""
    return LazyGroup(name=name, help=help_text, table=table, no_args_is_help=True)


def _load(name: str, target: str) -> Any:
    module, _, attribute = target.partition(":")
    found: Callable[..., Any] | LazyGroup = getattr(import_module(module), attribute)
    if isinstance(found, LazyGroup):
        return found
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(name, cls=_Command)(found)
    return get_command(app)
