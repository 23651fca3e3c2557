"""`stoma config`."""

import json
from pathlib import Path

import pytest

from stoma.exceptions import SettingsError
from stoma.settings import glance, load_settings
from tests.unit.cli.support import Cli


def test_every_setting_in_force_is_shown(cli: Cli) -> None:
    shown = cli("config", "show")

    assert shown.lines[0].split() == ["KEY", "VALUE"]
    assert ["timezone", "UTC"] in [line.split() for line in shown.lines]
    assert ["scheduler.drain_seconds", "30.0"] in [line.split() for line in shown.lines]


def test_origin_says_which_place_won(cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.mkdir()
    (home / "config.toml").write_text('timezone = "Europe/Berlin"\n[variables]\ntopic = "x"\n')
    monkeypatch.setenv("STOMA_SCHEDULER__DRAIN_SECONDS", "5")

    rows = {
        line.split()[0]: " ".join(line.split()[1:])
        for line in cli("config", "show", "--origin").lines
    }

    assert rows["timezone"] == f"Europe/Berlin {home}/config.toml:1"
    assert rows["scheduler.drain_seconds"] == "5.0 environment STOMA_SCHEDULER__DRAIN_SECONDS"
    assert rows["scheduler.max_concurrent_tasks"] == "3 built-in"
    assert rows["variables.topic"] == f"x {home}/config.toml:3"


def test_json_has_typed_values(cli: Cli) -> None:
    found = {each["key"]: each for each in json.loads(cli("config", "show", "--json").out)}

    assert found["scheduler.max_concurrent_tasks"]["value"] == 3
    assert found["scheduler.max_concurrent_tasks"]["meaning"]


def test_a_secret_is_never_printed(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOMA_SOURCES__GITHUB__TOKEN", "ghp_abcdefghijklmnopqrstuvwxyz0123456789")

    for form in ("table", "wide", "json", "csv"):
        shown = cli("config", "show", "--origin", "-o", form)
        assert "ghp_" not in shown.out + shown.err
        assert "*****" in shown.out


def test_settings_decide_how_a_read_command_sees_the_world(
    cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOMA_TIMEZONE", "Asia/Tokyo")
    monkeypatch.setenv("STOMA_DATABASE__URL", "sqlite:///elsewhere.db")

    assert cli.scheduler("calendar").lines[0] == "March 2026, Asia/Tokyo"
    assert f"database          {home}/elsewhere.db" in cli("config", "path").lines


def test_paths_are_shown_for_people_and_scripts(cli: Cli, home: Path) -> None:
    shown = cli("config", "path")
    found = json.loads(cli("config", "path", "--json").out)

    assert f"config_file       {home}/config.toml" in shown.lines
    assert found["logs_dir"] == f"{home}/logs"
    assert cli("config", "path", "-o", "name").out == f"{home}/config.toml\n"


def test_home_wins_over_the_environment(cli: Cli, tmp_path: Path) -> None:
    found = json.loads(cli("--home", tmp_path / "other", "config", "path", "--json").out)

    assert found["database"] == str(tmp_path / "other" / "stoma.db")


def test_valid_settings_are_called_so(
    cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOMA_TIMEZONE", "Asia/Tokyo")

    before = cli("config", "validate")
    home.mkdir()
    (home / "config.toml").write_text('timezone = "Europe/Berlin"\n')
    after = cli("config", "validate")

    assert before.out == f"not there {home}/config.toml\nok environment: 1 set\n"
    assert after.lines[0] == f"ok {home}/config.toml"


@pytest.mark.parametrize("command", [["config", "validate"], ["config", "show"], ["items", "list"]])
def test_wrong_settings_are_a_configuration_error(cli: Cli, home: Path, command: list[str]) -> None:
    home.mkdir()
    (home / "config.toml").write_text("[scheduler]\nmax_concurent_tasks = 3\n")

    shown = cli(*command)

    assert (shown.code, shown.out) == (78, "")
    assert f"{home}/config.toml:2: scheduler.max_concurent_tasks: no such setting" in shown.err
    assert "max_concurrent_tasks ?" in shown.err


@pytest.mark.parametrize("name", ["STOMA_TIMEZON", "STOMA_OUTPUTT"])
def test_a_misspelt_variable_is_not_ignored(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "x")

    assert cli.scheduler("list-tasks").code == 78


def test_a_glance_says_what_the_settings_say(home: Path) -> None:
    environ = {"STOMA_HOME": str(home), "PATH": "/bin"}

    before, loaded = glance(environ=environ), load_settings(environ=environ)
    home.mkdir()
    (home / "config.toml").write_text(
        'timezone = "Asia/Tokyo"\n[database]\nurl = "sqlite:///x.db"\n'
    )
    after = glance(environ=environ)

    assert (before.paths, before.timezone) == (loaded.paths, loaded.settings.timezone)
    assert (after.paths.database, after.timezone) == (home / "x.db", "Asia/Tokyo")


def test_a_glance_leaves_what_it_can_not_see_to_the_settings(tmp_path: Path) -> None:
    (tmp_path / "home").symlink_to(tmp_path / "home")

    with pytest.raises(SettingsError, match="can not be read"):
        glance(environ={"STOMA_HOME": str(tmp_path / "home")})
