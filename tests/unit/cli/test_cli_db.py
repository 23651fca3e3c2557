"""`stoma db`: the registry's file, checked, copied and put back."""

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from stoma.processes import this_process
from stoma.scheduler.lock import only_scheduler
from stoma.storage.schema import SCHEMA_VERSION
from tests.unit.cli.support import Cli, Registry, Terminal


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement)


@pytest.fixture
def path(registry: Registry) -> Path:
    """A registry with one task, which nobody has open."""
    registry.task()
    registry.app.close()
    return registry.app.paths.database


def answers(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    """Sit in front of the terminal and answer."""
    stdin, stderr = Terminal(f"{answer}\n"), Terminal()
    monkeypatch.setattr(sys, "stdin", stdin)
    monkeypatch.setattr(sys, "stderr", stderr)


# --- check, path, migrate -------------------------------------------------------------------------


def test_check_says_that_all_is_well(cli: Cli, path: Path) -> None:
    found = cli("db", "check")

    assert (found.code, found.out, found.err) == (0, f"ok {path}\n", "")
    assert json.loads(cli("db", "check", "--json").out) == {
        "path": str(path),
        "ok": True,
        "findings": [],
    }


def test_check_exits_78_with_what_is_wrong(cli: Cli, path: Path) -> None:
    change(path, "DROP INDEX runs_of_task")
    change(path, "UPDATE runs SET task_id = task_id")

    found = cli("db", "check")

    assert (found.code, found.out) == (78, "index runs_of_task is missing\n")
    assert cli("db", "check", "-o", "csv").code == 78


def test_check_of_what_is_not_there_is_a_finding(cli: Cli, home: Path) -> None:
    found = cli("db", "check")

    assert (found.code, found.out) == (78, f"there is no registry at {home / 'stoma.db'}\n")
    assert not home.exists()


def test_check_of_a_newer_registry_says_what_to_do(cli: Cli, path: Path) -> None:
    change(path, f"PRAGMA user_version = {SCHEMA_VERSION + 1}")

    found = cli("db", "check")

    assert found.code == 78
    assert "upgrade stoma" in found.err


def test_path_is_shown_also_when_nothing_is_there(cli: Cli, home: Path) -> None:
    assert cli("db", "path").out == f"{home / 'stoma.db'}\n"
    assert json.loads(cli("db", "path", "--json").out) == {
        "path": str(home / "stoma.db"),
        "exists": False,
    }


def test_migrate_creates_a_registry_and_then_has_nothing_to_do(cli: Cli, home: Path) -> None:
    made, again = cli("db", "migrate"), cli("db", "migrate")

    assert made.out == f"created {home / 'stoma.db'}, schema version {SCHEMA_VERSION}\n"
    assert again.out.startswith("nothing to do")
    assert cli("db", "check").code == 0


# --- backup ---------------------------------------------------------------------------------------


def test_backup_writes_a_file_that_check_finds_good(cli: Cli, path: Path, tmp_path: Path) -> None:
    target = tmp_path / "deep" / "copy.db"

    found = cli("db", "backup", target)

    assert found.code == 0
    assert found.out.startswith(f"wrote {target} (")
    assert found.out.endswith(f"schema version {SCHEMA_VERSION})\n")
    assert found.err == ""
    with closing(sqlite3.connect(target)) as copy:
        assert copy.execute("SELECT id FROM tasks").fetchall() == [("papers",)]


def test_backup_does_not_replace_a_file_unless_told_to(
    cli: Cli, path: Path, tmp_path: Path
) -> None:
    target = tmp_path / "copy.db"
    target.write_text("precious")

    refused = cli("db", "backup", target)

    assert (refused.code, target.read_text()) == (6, "precious")
    assert "--force" in refused.err
    assert cli("db", "backup", target, "--force").code == 0
    assert target.read_bytes().startswith(b"SQLite format 3")


def test_backup_refuses_a_place_that_can_not_be(cli: Cli, path: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert cli("db", "backup", tmp_path).code == 2
    assert cli("db", "backup", path, "--force").code == 2
    assert cli("db", "backup", tmp_path / "file" / "copy.db").code == 75


def test_backup_of_nothing_is_no_backup(cli: Cli, home: Path, tmp_path: Path) -> None:
    found = cli("db", "backup", tmp_path / "copy.db")

    assert found.code == 5
    assert not (tmp_path / "copy.db").exists()


# --- restore --------------------------------------------------------------------------------------


@pytest.fixture
def saved(cli: Cli, path: Path, tmp_path: Path) -> Path:
    """A copy of a registry whose task has been removed since."""
    cli("db", "backup", tmp_path / "saved.db")
    cli.scheduler("remove-task", "papers")
    return tmp_path / "saved.db"


def test_restore_puts_the_copy_back_and_keeps_what_was_there(
    cli: Cli, path: Path, saved: Path
) -> None:
    found = cli("db", "restore", saved, "--yes")

    assert found.code == 0
    assert found.out.startswith(f"restored {path} (")
    kept = path.parent / "backups" / f"stoma-v{SCHEMA_VERSION}-20260302T120000Z.db"
    assert found.err == f"kept what was there: {kept}\n"
    assert cli.scheduler("list-tasks", "-o", "name").out == "papers\n"
    assert cli("db", "restore", kept, "--yes").code == 0
    assert cli.scheduler("list-tasks", "-o", "name").out == ""


@pytest.mark.parametrize(("answer", "code", "tasks"), [("y", 0, "papers\n"), ("no", 1, "")])
def test_restore_asks_on_a_terminal(
    cli: Cli, saved: Path, monkeypatch: pytest.MonkeyPatch, answer: str, code: int, tasks: str
) -> None:
    with monkeypatch.context() as patch:
        answers(patch, answer)
        found = cli("db", "restore", saved)

    assert found.code == code
    assert cli.scheduler("list-tasks", "-o", "name").out == tasks


def test_restore_does_not_guess_without_a_terminal(cli: Cli, saved: Path) -> None:
    found = cli("db", "restore", saved)

    assert found.code == 2
    assert "--yes" in found.err


def test_restore_needs_no_answer_where_nothing_is_replaced(
    cli: Cli, path: Path, saved: Path
) -> None:
    path.unlink()

    found = cli("db", "restore", saved)

    assert (found.code, found.err) == (0, "")


def test_restore_refuses_while_a_scheduler_works(cli: Cli, path: Path, saved: Path) -> None:
    with only_scheduler(path.with_name("stoma.db.lock"), path):
        found = cli("db", "restore", saved, "--yes")

    assert found.code == 6
    assert "stop it, then restore" in found.err
    assert cli.scheduler("list-tasks", "-o", "name").out == ""


def test_restore_refuses_while_a_task_runs_by_hand(
    cli: Cli, registry: Registry, saved: Path
) -> None:
    registry.app.instances.enter(this_process("run-task"), version="0", now=cli.clock.now())
    registry.app.close()

    assert cli("db", "restore", saved, "--yes").code == 6


@pytest.mark.parametrize(
    ("content", "code"), [(None, 5), (b"hello", 78), (b"\x00" * 8192, 78), (b"", 78)]
)
def test_restore_takes_only_a_good_registry(
    cli: Cli, path: Path, tmp_path: Path, content: bytes | None, code: int
) -> None:
    file = tmp_path / "other.db"
    if content is not None:
        file.write_bytes(content)

    assert cli("db", "restore", file, "--yes").code == code
    assert cli.scheduler("list-tasks", "-o", "name").out == "papers\n"
