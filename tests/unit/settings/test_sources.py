"""Where settings come from, what wins, and where everything is."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from stoma.settings import (
    Loaded,
    Settings,
    load_settings,
)
from tests.unit.settings.common import Load, refusal, xdg

# What wins.


def test_without_anything_the_built_in_values_hold(load: Load) -> None:
    loaded = load()

    assert loaded.settings == Settings()
    assert set(loaded.origins.values()) == {"built-in"}
    assert [file.read for file in loaded.files] == [False, False, False]


def test_each_place_is_stronger_than_the_next(load: Load, places: dict[str, Path]) -> None:
    ways: list[tuple[str, Callable[[], Loaded]]] = [
        ("built-in", load),
        (f"{places['system']}:1", load),
        (f"{places['user']}:1", load),
        (f"{places['working']}:1", load),
        (
            "environment STOMA_TIMEZONE",
            lambda: load(environ={"STOMA_TIMEZONE": "Asia/Tokyo"}),
        ),
        (
            "option",
            lambda: load(
                environ={"STOMA_TIMEZONE": "Asia/Tokyo"}, overrides={"timezone": "Asia/Seoul"}
            ),
        ),
    ]
    zones = ["UTC", "Europe/Berlin", "Europe/Paris", "Europe/Rome", "Asia/Tokyo", "Asia/Seoul"]
    files = {1: "system", 2: "user", 3: "working"}

    for rank, (origin, way) in enumerate(ways):
        if rank in files:
            places[files[rank]].write_text(f'timezone = "{zones[rank]}"\n')
        loaded = way()
        assert (loaded.settings.timezone, loaded.origins["timezone"]) == (zones[rank], origin)


def test_places_add_up(load: Load, places: dict[str, Path]) -> None:
    places["user"].write_text("[scheduler]\nmax_concurrent_tasks = 5\n")
    places["working"].write_text("[scheduler]\ndrain_seconds = 5\n")

    loaded = load(environ={"STOMA_SOURCES__ARXIV__PAGE_SIZE": "50"})

    assert loaded.settings.scheduler.max_concurrent_tasks == 5
    assert loaded.settings.scheduler.drain_seconds == 5.0
    assert loaded.settings.sources.arxiv.page_size == 50
    assert loaded.origins["scheduler.max_concurrent_tasks"] == f"{places['user']}:2"
    assert loaded.origins["scheduler.drain_seconds"] == f"{places['working']}:2"
    assert loaded.origins["logging.level"] == "built-in"


def test_the_files_that_were_looked_for_are_named(load: Load, places: dict[str, Path]) -> None:
    places["user"].write_text("")

    files = load().files

    assert [(file.path, file.read) for file in files] == [
        (places["working"], False),
        (places["user"], True),
        (places["system"], False),
    ]


def test_an_option_that_was_not_given_is_none(load: Load) -> None:
    assert load(overrides={"logging.level": None}).settings.logging.level == "INFO"


def test_options_may_be_texts_or_values(load: Load) -> None:
    loaded = load(overrides={"scheduler.drain_seconds": "5", "sources.arxiv.page_size": 7})

    assert loaded.settings.scheduler.drain_seconds == 5.0
    assert loaded.settings.sources.arxiv.page_size == 7


def test_an_empty_variable_is_a_value(load: Load, places: dict[str, Path]) -> None:
    places["user"].write_text('[sources]\ncontact = "a@example.org"\n')

    loaded = load(environ={"STOMA_SOURCES__CONTACT": ""})

    assert loaded.settings.sources.contact == ""


def test_variables_of_ones_own_come_from_anywhere(load: Load, places: dict[str, Path]) -> None:
    places["user"].write_text('[variables]\ntopic = "graphs"\nsite = "lab"\n')

    loaded = load(
        environ={"STOMA_VARIABLES__SITE": "home", "STOMA_VARIABLES__A__B": "1"},
        overrides={"variables.last": "yes"},
    )

    assert loaded.settings.variables == {
        "topic": "graphs",
        "site": "home",
        "a__b": "1",
        "last": "yes",
    }
    assert loaded.origins["variables.topic"] == f"{places['user']}:2"
    assert loaded.origins["variables.site"] == "environment STOMA_VARIABLES__SITE"


def test_variables_that_are_not_settings_are_left_alone(load: Load) -> None:
    environ = {
        "STOMA_OUTPUT": "json",
        "STOMA_DEBUG": "1",
        "STOMA_RUN_ID": "7",
        "STOMA_INSTANCE": "abc",
        "_STOMA_COMPLETE": "complete_bash",
        "PATH": "/bin",
        "stoma_timezone": "x",
    }

    assert load(environ=environ).settings == Settings()


def test_a_contact_and_a_mirror_are_kept_as_they_are_meant(load: Load) -> None:
    loaded = load(
        environ={
            "STOMA_SOURCES__CONTACT": "you@example.org",
            "STOMA_SOURCES__ARXIV__BASE_URL": "http://127.0.0.1:8080/mirror/",
        }
    )

    assert loaded.settings.sources.contact == "you@example.org"
    assert loaded.settings.sources.arxiv.base_url == "http://127.0.0.1:8080/mirror"


def test_settings_are_fixed(load: Load) -> None:
    loaded = load()

    with pytest.raises(ValidationError):
        loaded.settings.timezone = "Asia/Tokyo"


# Where everything is.


def test_the_users_own_folders_are_the_default(load: Load, tmp_path: Path) -> None:
    paths = load().paths

    assert paths.home is None
    assert paths.config_file == tmp_path / "config" / "stoma" / "config.toml"
    assert paths.user_presets_dir == tmp_path / "config" / "stoma" / "presets"
    assert paths.data_dir == tmp_path / "data" / "stoma"
    assert paths.database == tmp_path / "data" / "stoma" / "stoma.db"
    assert paths.lock_file == tmp_path / "data" / "stoma" / "stoma.db.lock"
    assert paths.backups_dir == tmp_path / "data" / "stoma" / "backups"
    assert paths.run_dir == tmp_path / "data" / "stoma" / "run"
    assert paths.logs_dir == tmp_path / "state" / "stoma" / "log"
    assert paths.cache_dir == tmp_path / "cache" / "stoma"


def test_a_home_holds_everything(load: Load, tmp_path: Path) -> None:
    home = tmp_path / "home"

    paths = load(home=home).paths

    assert paths.home == paths.data_dir == home
    assert paths.config_file == home / "config.toml"
    assert paths.user_presets_dir == home / "presets"
    assert (paths.database, paths.lock_file) == (home / "stoma.db", home / "stoma.db.lock")
    assert (paths.logs_dir, paths.backups_dir) == (home / "logs", home / "backups")
    assert (paths.run_dir, paths.cache_dir) == (home / "run", home / "cache")


def test_with_a_home_only_its_file_counts(load: Load, places: dict[str, Path]) -> None:
    for place, file in places.items():
        file.write_text(f'[sources]\ncontact = "{place}@example.org"\n')

    loaded = load(home=places["home"].parent)

    assert loaded.settings.sources.contact == "home@example.org"
    assert [file.path for file in loaded.files] == [places["home"]]


def test_the_environment_names_a_home_and_the_argument_is_stronger(
    load: Load, tmp_path: Path
) -> None:
    environ = {"STOMA_HOME": str(tmp_path / "one")}

    assert load(environ=environ).paths.home == tmp_path / "one"
    assert load(environ=environ, home=tmp_path / "two").paths.home == tmp_path / "two"
    assert load(environ={"STOMA_HOME": ""}).paths.home is None


def test_a_relative_home_starts_at_the_working_directory(load: Load, tmp_path: Path) -> None:
    assert load(home=Path("here")).paths.home == tmp_path / "work" / "here"
    assert load_settings(home=Path("here"), environ={}).paths.home == Path("here").absolute()


def test_a_service_uses_the_folders_it_was_given(load: Load, tmp_path: Path) -> None:
    paths = load(
        environ={
            "CONFIGURATION_DIRECTORY": "/etc/one",
            "STATE_DIRECTORY": "/var/lib/one:/var/lib/two",
            "LOGS_DIRECTORY": "/var/log/one",
            "CACHE_DIRECTORY": "/var/cache/one",
            "RUNTIME_DIRECTORY": "/run/one",
        }
    ).paths

    assert paths.config_file == Path("/etc/one/config.toml")
    assert paths.database == Path("/var/lib/one/stoma.db")
    assert paths.logs_dir == Path("/var/log/one")
    assert paths.cache_dir == Path("/var/cache/one")
    assert paths.run_dir == Path("/run/one")


def test_the_same_file_is_not_read_twice(places: dict[str, Path], tmp_path: Path) -> None:
    environ = xdg(tmp_path) | {"CONFIGURATION_DIRECTORY": str(places["system"].parent)}

    loaded = load_settings(environ=environ, cwd=tmp_path, system=places["system"])

    assert [file.path for file in loaded.files] == [tmp_path / "stoma.toml", places["system"]]


@pytest.mark.parametrize(
    ("url", "database"),
    [
        ("sqlite:///papers.db", "data/stoma/papers.db"),
        ("sqlite:///deep/papers.db", "data/stoma/deep/papers.db"),
        ("sqlite:////srv/papers.db", "/srv/papers.db"),
    ],
)
def test_the_database_may_be_elsewhere(load: Load, tmp_path: Path, url: str, database: str) -> None:
    paths = load(overrides={"database.url": url}).paths

    assert paths.database == tmp_path / database
    assert paths.lock_file == tmp_path / f"{database}.lock"


def test_folders_that_are_not_named_are_the_platforms(tmp_path: Path) -> None:
    paths = load_settings(environ={}, cwd=tmp_path, system=tmp_path / "none.toml").paths

    assert paths.data_dir.is_absolute()
    assert paths.data_dir.name == "stoma"


def test_the_working_directory_is_the_processs_own_unless_named(
    tmp_path: Path, places: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path / "work")
    places["working"].write_text('timezone = "Asia/Tokyo"')

    loaded = load_settings(environ=xdg(tmp_path), system=places["system"])

    assert loaded.settings.timezone == "Asia/Tokyo"


def test_a_working_directory_that_is_gone_holds_no_settings(
    tmp_path: Path, places: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    loaded = load_settings(environ=xdg(tmp_path), system=places["system"])

    assert [file.path for file in loaded.files] == [places["user"], places["system"]]


def test_loading_creates_nothing(load: Load, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))

    load()

    assert sorted(tmp_path.rglob("*")) == before


def test_a_user_nobody_knows_is_refused(load: Load) -> None:
    error = refusal(load, home=Path("~nobody-of-that-name/x"))

    assert "no home directory is known for '~nobody-of-that-name/x'" in str(error)
    assert "--home" in error.hint
