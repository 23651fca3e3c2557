"""What a source, a name or a log says is shown, never obeyed."""

import ast
import json
from pathlib import Path

import pytest

import stoma.cli
from stoma.operations.editing import disable_tasks
from tests.fakes import START
from tests.makers import make_item
from tests.unit.cli.support import Cli, Registry, Terminal

#: Colours, a title, an alert, a link, a C1 CSI, a bidirectional override, a line made to look true,
#: and what rich would take for markup.
HOSTILE = (
    "\x1b[31mred\x1b]0;title\x07\x9b2J\u202egnp.exe\rfine [/x] [bold] [link=https://x]\x1b]8;;\x07"
)
OBEYED = ("\x1b", "\x07", "\x9b", "\u202e", "\r")

COMMANDS = (
    ["scheduler", "list-tasks", "-o", "wide"],
    ["scheduler", "list-tasks", "--json"],
    ["scheduler", "list-tasks", "-o", "tsv"],
    ["scheduler", "status"],
    ["scheduler", "show-task", "a", "--history"],
    ["scheduler", "history"],
    ["scheduler", "show-run", "2"],
    ["scheduler", "logs", "1"],
    ["scheduler", "next"],
    ["scheduler", "calendar"],
    ["scheduler", "disable-task", "a"],
    ["items", "list", "-o", "wide"],
    ["items", "search", "red"],
    ["items", "show", "1"],
    ["items", "show", "1", "--json"],
)


@pytest.fixture
def hostile(registry: Registry) -> Registry:
    registry.task("a", name=HOSTILE, description=HOSTILE, tags=(HOSTILE,))
    item = make_item(
        "1", title=HOSTILE, summary=HOSTILE, status_reason=HOSTILE, extra={HOSTILE: HOSTILE}
    )
    registry.ran("a", at=START, items=[item], log=f"{HOSTILE}\n")
    registry.failed("a", at=START, error=HOSTILE)
    return registry


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command))
@pytest.mark.parametrize("place", ["pipe", "terminal"])
def test_no_command_lets_it_reach_the_terminal(
    cli: Cli,
    hostile: Registry,
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
    place: str,
) -> None:
    screen = Terminal()
    monkeypatch.setenv("NO_COLOR", "1")
    if place == "terminal":
        monkeypatch.setattr("sys.stdout", screen)

    shown = cli(*command)

    said = screen.getvalue() + shown.out + shown.err
    assert shown.code == 0
    assert said
    assert [each for each in OBEYED if each in said] == []


def test_json_still_says_what_it_was(cli: Cli, hostile: Registry) -> None:
    (task,) = json.loads(cli.scheduler("list-tasks", "--json").out)

    assert task["name"] == HOSTILE


def test_a_reason_with_markup_is_a_text(cli: Cli, hostile: Registry) -> None:
    disable_tasks(hostile.app, ["a"], reason="[/x]")

    assert "disabled: [/x]" in cli.scheduler("show-task", "a").out


@pytest.mark.parametrize("word", [HOSTILE, "a\x1b[31m"])
def test_what_was_typed_is_not_obeyed_either(cli: Cli, hostile: Registry, word: str) -> None:
    shown = cli.scheduler("show-task", word)

    assert shown.code == 5
    assert "\x1b" not in shown.err


# --- the source itself ------------------------------------------------------------------------

SOURCES = sorted(Path(stoma.cli.__file__).parent.rglob("*.py"))
#: Where bytes leave the program: everything else goes through these.
WRITERS = {"streams.py", "main.py", "bugs.py"}


def calls(tree: ast.AST, *names: str) -> list[ast.Call]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if any(name == each or name.endswith(f".{each}") for each in names):
                found.append(node)
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_rich_gets_texts_never_markup(path: Path) -> None:
    tree = ast.parse(path.read_text())

    for call in calls(tree, "console.print", "Console.print", "add_row", "Panel", "from_markup"):
        for argument in [*call.args, *(keyword.value for keyword in call.keywords)]:
            assert not isinstance(argument, ast.JoinedStr), f"{path.name}:{argument.lineno}"
    assert not calls(tree, "from_markup", "rich.print")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_everything_is_written_through_one_door(path: Path) -> None:
    tree = ast.parse(path.read_text())

    printed = calls(tree, "print") if path.name not in {"topics.py", "version.py"} else []
    written = calls(tree, "stdout.write", "stderr.write") if path.name not in WRITERS else []
    assert [
        ast.unparse(call)
        for call in [*printed, *written]
        if "console" not in ast.unparse(call.func)
    ] == []
