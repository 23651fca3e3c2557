"""Commands are imported when they are called; values that need no conversion get none."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import pytest
import typer

from stoma.cli.lazy import LazyGroup, group

CALLS: list[tuple[object, ...]] = []


def take(
    text: Annotated[str, typer.Argument(help="A text.")],
    count: Annotated[int, typer.Option(min=0)] = 3,
    path: Annotated[Path | None, typer.Option()] = None,
    word: Annotated[list[str] | None, typer.Option()] = None,
    more: Annotated[list[str] | None, typer.Argument()] = None,
) -> None:
    """Take one of each kind."""
    CALLS.append((text, count, path, word, more))


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> LazyGroup:
    """A group whose one command lives in a module of its own."""
    module = ModuleType("a_module_of_its_own")
    module.take = take  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "a_module_of_its_own", module)
    table = {"take": "a_module_of_its_own:take", "gone": "a_module_that_is_gone:gone"}
    return group("things", "A group.", table)


def call(commands: LazyGroup, *arguments: str) -> tuple[object, ...]:
    command: Any = commands
    command.main(args=["take", *arguments], prog_name="things", standalone_mode=False)
    return CALLS.pop()


@pytest.mark.parametrize(
    ("arguments", "taken"),
    [
        (["a"], ("a", 3, None, None, None)),
        (["a", "--count", "5"], ("a", 5, None, None, None)),
        (["a", "--path", "x/y"], ("a", 3, Path("x/y"), None, None)),
        (["a", "--word", "x", "--word", "y"], ("a", 3, None, ["x", "y"], None)),
        (["a", "b", "c"], ("a", 3, None, None, ["b", "c"])),
        (["--", "-1"], ("-1", 3, None, None, None)),
    ],
)
def test_values_arrive_as_what_they_are_declared(
    commands: LazyGroup, arguments: list[str], taken: tuple[object, ...]
) -> None:
    assert call(commands, *arguments) == taken


@pytest.mark.parametrize(
    "arguments", [["a", "--count", "x"], ["a", "--count", "-1"], [], ["a", "--path"]]
)
def test_values_that_do_not_fit_are_refused(commands: LazyGroup, arguments: list[str]) -> None:
    with pytest.raises(typer.TyperException) as caught:
        call(commands, *arguments)

    assert caught.value.exit_code == 2


def test_listing_commands_imports_none(commands: LazyGroup) -> None:
    assert commands.list_commands(None) == ["take", "gone"]
    assert commands.commands.get("unknown") is None
    assert commands.commands.get("take") is commands.commands.get("take")
    with pytest.raises(ModuleNotFoundError):
        commands.commands.get("gone")
