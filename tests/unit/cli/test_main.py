"""The way in: usage, help, versions, and errors that nobody foresaw."""

import io
import json
import os
import sqlite3
from pathlib import Path

import pytest

import stoma
from stoma.cli.main import run
from stoma.cli.topics import EXIT_CODES
from tests.unit.cli.support import Cli, Registry


def test_the_version_is_one_line(cli: Cli) -> None:
    assert cli("--version").out == f"stoma {stoma.__version__}\n"
    assert cli("version").lines[0] == f"stoma    {stoma.__version__}"
    assert json.loads(cli("version", "--json").out)["stoma"] == stoma.__version__


def test_exit_codes_can_be_read_about(cli: Cli) -> None:
    assert len(cli("help").lines) == len(EXIT_CODES)
    assert cli("help", "exit-codes").lines[0].strip().startswith("0  success")
    assert cli("help", "exit-code").code == 5


@pytest.mark.parametrize("arguments", [[], ["scheduler"], ["items"], ["presets"], ["config"]])
def test_without_a_command_the_help_is_shown(cli: Cli, arguments: list[str]) -> None:
    shown = cli(*arguments)

    assert (shown.code, shown.out) == (2, "")
    assert shown.err.startswith(f"Usage: {' '.join(['stoma', *arguments])} [OPTIONS] COMMAND ...")


def test_help_says_what_a_command_takes(cli: Cli) -> None:
    shown = cli.scheduler("add-task", "--help")

    assert shown.code == 0
    assert shown.lines[0] == (
        "Usage: stoma scheduler add-task [OPTIONS] TASK_ID NAME TYPE SCHEDULE"
    )
    assert "  TYPE      arxiv, github, sec_edgar." in shown.lines
    assert "  --retries N                     Further attempts after a failed one.  [x>=0]" in (
        shown.lines
    )


def test_no_summary_of_a_command_is_cut(cli: Cli) -> None:
    listed = cli("--help").out.partition("Commands:\n")[2].partition("\n\n")[0].splitlines()
    groups = [line.split()[0] for line in listed]
    for group in [(), *((name,) for name in groups if name != "help")]:
        assert "...\n" not in cli(*group, "--help").out.partition("Commands:")[2], group


@pytest.mark.parametrize(
    ("arguments", "message", "see"),
    [
        (["shceduler"], "No such command 'shceduler'. Did you mean 'scheduler'?", "stoma"),
        (["scheduler", "list-task"], "Did you mean 'list-tasks'", "stoma scheduler"),
        (["scheduler", "run-task"], "Missing argument 'TASK_ID'", "stoma scheduler run-task"),
        (["scheduler", "load-preset"], "Missing option '--preset'", "stoma scheduler load-preset"),
        (
            ["scheduler", "history", "--faild"],
            "No such option: --faild (Possible options: --failed, --fields)",
            "stoma scheduler history",
        ),
        (["scheduler", "history", "-n", "x"], "Invalid value for '-n'", "stoma scheduler history"),
        (["config", "path", "extra"], "extra argument", "stoma config path"),
    ],
)
def test_a_usage_error_is_one_line_and_where_to_read_on(
    cli: Cli, arguments: list[str], message: str, see: str
) -> None:
    shown = cli(*arguments)

    first, second = shown.err.splitlines()
    assert (shown.code, shown.out) == (2, "")
    assert first.startswith("error: ")
    assert message in first
    assert second == f"  see: {see} --help"


def test_what_is_no_text_is_refused(cli: Cli) -> None:
    shown = cli.scheduler("run-task", "caf\udce9")

    assert shown.code == 2
    assert "is not UTF-8 text" in shown.err


def test_ctrl_c_exits_130(cli: Cli, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    class Impatient(io.StringIO):
        def write(self, text: str) -> int:
            raise KeyboardInterrupt

    monkeypatch.setattr("sys.stdout", Impatient())

    assert cli.scheduler("status").code == 130


# --- errors that nobody foresaw ---------------------------------------------------------------


@pytest.fixture
def odd_registry(registry: Registry) -> Registry:
    """A registry in which somebody else's hands have been."""
    registry.task("a")
    with registry.app.database.write() as connection:
        connection.exec_driver_sql("UPDATE tasks SET tags = 'no json'")
    return registry


def call_run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["stoma", *arguments])
    with pytest.raises(SystemExit) as end:
        run()
    return int(end.value.code or 0)


def test_a_bug_is_a_line_and_a_traceback_on_file(
    odd_registry: Registry,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = call_run(monkeypatch, "scheduler", "list-tasks")

    _, err = capsys.readouterr()
    log = (home / "logs" / "bugs.log").read_text()
    assert code == 1
    assert "error: a bug in stoma: JSONDecodeError" in err
    assert f"the traceback is in {home}/logs/bugs.log; please report it" in err
    assert "Traceback" not in err
    assert "stoma scheduler list-tasks\nTraceback" in log


def test_a_bug_is_told_in_full_where_no_file_can_be_written(
    odd_registry: Registry,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (home / "logs").write_text("not a folder")

    code = call_run(monkeypatch, "scheduler", "list-tasks")

    _, err = capsys.readouterr()
    assert code == 1
    assert err.startswith("Traceback")
    assert "the traceback is in" not in err


def test_debug_lets_tracebacks_through(
    odd_registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOMA_DEBUG", "1")
    monkeypatch.setattr("sys.argv", ["stoma", "scheduler", "list-tasks"])

    with pytest.raises(json.JSONDecodeError):
        run()


def test_a_foreseen_error_is_no_bug(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call_run(monkeypatch, "scheduler", "show-task", "nothing") == 5
    assert "bug" not in capsys.readouterr().err


def test_a_file_that_is_no_registry_is_left_alone(cli: Cli, home: Path) -> None:
    home.mkdir()
    (home / "stoma.db").write_text("a diary")

    for command in (["list-tasks"], ["run-task", "a"]):
        shown = cli.scheduler(*command)
        assert shown.code == 78
        assert "can not be used as the registry" in shown.err
    assert (home / "stoma.db").read_text() == "a diary"


def test_a_registry_of_a_newer_program_is_refused(cli: Cli, registry: Registry) -> None:
    connection = sqlite3.connect(registry.app.paths.database)
    connection.execute("PRAGMA user_version = 99")
    connection.close()

    shown = cli.scheduler("status")

    assert shown.code == 78
    assert "upgrade stoma" in shown.err


def test_nothing_is_written_by_looking(cli: Cli, home: Path) -> None:
    for command in (["scheduler", "list-tasks"], ["scheduler", "status"], ["items", "list"]):
        cli(*command)

    assert not home.exists()
    assert not os.environ["STOMA_HOME"].endswith("/")
