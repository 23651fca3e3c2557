"""`stoma config get`, `set` and `unset`: one line of a file changes, and nothing else."""

import json
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stoma.settings import load_settings
from stoma.settings.editing import changed_text
from tests.unit.cli.support import Cli

WRITTEN = """\
# Mine.
timezone = "Europe/Berlin"  # at home

[scheduler]
# Not more: the machine is small.
max_concurrent_tasks = 2
"""


@pytest.fixture
def file(home: Path) -> Path:
    home.mkdir()
    (home / "config.toml").write_text(WRITTEN)
    return home / "config.toml"


def test_one_line_changes_and_comments_stay(cli: Cli, file: Path) -> None:
    shown = cli("config", "set", "scheduler.max_concurrent_tasks", "5")

    assert shown.out == f"changed {file}: scheduler.max_concurrent_tasks\n"
    assert file.read_text() == WRITTEN.replace("= 2", "= 5")
    assert cli("config", "get", "scheduler.max_concurrent_tasks").out == "5\n"


def test_setting_what_is_set_changes_nothing(cli: Cli, file: Path) -> None:
    before = file.stat().st_mtime_ns

    shown = cli("config", "set", "timezone", "Europe/Berlin")

    assert shown.out.startswith("unchanged ")
    assert (file.read_text(), file.stat().st_mtime_ns) == (WRITTEN, before)


def test_what_is_taken_out_has_its_default_again(cli: Cli, file: Path) -> None:
    cli("config", "unset", "timezone")

    assert file.read_text() == WRITTEN.replace('timezone = "Europe/Berlin"  # at home\n', "")
    assert cli("config", "get", "timezone").out == "UTC\n"
    assert cli("config", "unset", "timezone").out.startswith("unchanged ")
    assert cli("config", "unset", "sources.arxiv.page_size").out.startswith("unchanged ")


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("sources.arxiv.page_size", "200", "page_size = 200"),
        ("scheduler.drain_seconds", "5", "drain_seconds = 5.0"),
        ("scheduler.task_files", "a.toml:b.yaml", 'task_files = ["a.toml", "b.yaml"]'),
        ("scheduler.task_files", '["a.toml"]', 'task_files = ["a.toml"]'),
        ("secrets.command", "pass show {name}", 'command = ["pass", "show", "{name}"]'),
        ("web.https", "true", "https = true"),
        ("variables.topic", "graph learning", 'topic = "graph learning"'),
        ("sources.github.token", '{secret = "GH"}', 'token = {secret = "GH"}'),
    ],
)
def test_a_new_setting_gets_its_section(
    cli: Cli, file: Path, key: str, value: str, line: str
) -> None:
    shown = cli("config", "set", key, value)

    assert shown.code == 0
    assert file.read_text().startswith(WRITTEN)
    assert line in file.read_text().splitlines()
    load_settings(home=file.parent, environ={})


@pytest.mark.parametrize(
    ("key", "value", "code", "message"),
    [
        ("scheduler.max_concurent_tasks", "3", 5, "did you mean: scheduler.max_concurrent_tasks ?"),
        ("scheduler", "3", 5, "no setting 'scheduler'"),
        ("variables", "3", 5, "no setting 'variables'"),
        ("scheduler.max_concurrent_tasks", "0", 2, "must be greater than or equal to 1"),
        ("scheduler.max_concurrent_tasks", "many", 2, "must be a valid integer"),
        ("timezone", "Mars", 2, "must be an IANA time zone"),
        ("scheduler.task_files", '["a', 2, "is no TOML value"),
        ("database.url", "postgresql://me:secret@db/x", 2, "must be sqlite:///PATH of a file"),
        ("logging.file", "stoma.log", 2, "must be the whole path of a file"),
        ("heartbeat.url", "hc-ping.com/x", 2, "must be a web address"),
    ],
)
def test_what_can_not_be_set_changes_nothing(
    cli: Cli, file: Path, key: str, value: str, code: int, message: str
) -> None:
    shown = cli("config", "set", key, value)

    assert (shown.code, shown.out) == (code, "")
    assert message in shown.err
    assert "me:secret" not in shown.err
    assert file.read_text() == WRITTEN


def test_a_file_that_can_not_be_used_is_left_alone(cli: Cli, file: Path) -> None:
    file.write_text("timezone =\n")

    shown = cli("config", "set", "timezone", "UTC")

    assert shown.code == 78
    assert f"{file}:1: not valid TOML" in shown.err
    assert file.read_text() == "timezone =\n"


def test_a_stronger_place_is_named(cli: Cli, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOMA_TIMEZONE", "UTC")

    shown = cli("config", "set", "timezone", "Asia/Tokyo")

    assert "not in force: environment STOMA_TIMEZONE is stronger" in shown.err


def test_a_file_keeps_its_mode_and_its_link(cli: Cli, file: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "dotfiles.toml"
    file.rename(elsewhere)
    elsewhere.chmod(0o640)
    file.symlink_to(elsewhere)

    cli("config", "set", "timezone", "UTC")

    assert file.is_symlink()
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o640
    assert 'timezone = "UTC"' in elsewhere.read_text()


def test_a_new_file_is_for_nobody_else(cli: Cli, home: Path) -> None:
    cli("config", "set", "timezone", "Asia/Tokyo")

    assert (home / "config.toml").read_text() == 'timezone = "Asia/Tokyo"\n'
    assert stat.S_IMODE((home / "config.toml").stat().st_mode) == 0o600


def test_a_folder_that_can_not_be_is_named(cli: Cli, home: Path) -> None:
    home.write_text("a file")

    assert cli("config", "set", "timezone", "Asia/Tokyo").code == 78


def test_one_setting_is_shown_for_scripts(cli: Cli, file: Path) -> None:
    found = json.loads(cli("config", "get", "timezone", "--json").out)

    assert (found["value"], found["origin"]) == ("Europe/Berlin", f"{file}:2")
    assert cli("config", "get", "timezon").code == 5


def test_every_fault_is_named_at_once(
    cli: Cli, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text('x = 1\ntimezone = "Mars"\n[scheduler]\nmax_concurrent_tasks = "5"\n')
    monkeypatch.setenv("STOMA_LOGGING__LEVL", "INFO")

    shown = cli("config", "validate")

    assert (shown.code, shown.out) == (78, "")
    assert [line for line in shown.err.splitlines() if line.startswith("error: ")] == [
        f"error: {file}:1: x: no such setting",
        "error: environment STOMA_LOGGING__LEVL: no such setting",
        f"error: {file}:2: timezone is 'Mars', must be an IANA time zone such as 'Europe/Berlin'",
        f"error: {file}:4: scheduler.max_concurrent_tasks is '5', must be a valid integer",
    ]


@settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    number=st.integers(1, 50),
    comment=st.text(st.characters(codec="utf-8", categories=["L", "P", "Zs"]), max_size=20),
)
def test_a_change_and_its_opposite_leave_the_file_as_it_was(
    tmp_path: Path, number: int, comment: str
) -> None:
    file = tmp_path / "config.toml"
    text = f"# {comment}\n[scheduler]\nmax_concurrent_tasks = {number} # {comment}\n"
    file.write_text(text, encoding="utf-8")

    changed = changed_text(file, "scheduler.max_concurrent_tasks", str(number + 1))
    assert changed is not None
    file.write_text(changed, encoding="utf-8")

    assert changed_text(file, "scheduler.max_concurrent_tasks", str(number)) == text
