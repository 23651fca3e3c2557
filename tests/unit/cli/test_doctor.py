"""`stoma doctor`: every trouble is found, with its way out, and what can be is put right."""

import json
import os
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from stoma.doctor import CHECKS, machine, network, program, registry, units
from stoma.doctor.examination import examine, ground
from stoma.doctor.findings import Finding, Ground, Level, ok
from stoma.exceptions import SettingsError
from stoma.operations.service import target
from stoma.processes import this_process
from stoma.service.installing import install
from stoma.settings import load_settings
from stoma.storage.schema import SCHEMA_VERSION
from stoma.version import __version__
from tests.fakes import START, FakeClock
from tests.unit.cli.support import Cli, Registry

SECRET = "hunter2-and-more"


def nobody(command: Sequence[str]) -> str | None:
    """Stands in for the commands of a system that has none."""
    return None


@pytest.fixture
def known(home: Path, clock: FakeClock) -> Ground:
    loaded = load_settings(home=home, environ={})
    return ground(loaded.paths, loaded, None, clock=clock, ask=nobody)


def found(known: Ground, check: str, *, fix: bool = False) -> Mapping[Level, str]:
    """What one check finds, by its level."""
    said: dict[Level, str] = {}
    for each in examine(known, fix=fix, checks={check: CHECKS[check]}):
        said[each.level] = f"{said.get(each.level, '')}{each.text} -> {each.way_out}\n"
    return said


def test_every_check_has_a_finding_or_nothing_to_look_at(cli: Cli, registry: Registry) -> None:
    registry.task()

    shown = cli("doctor")
    checks = {each["check"] for each in json.loads(cli("doctor", "--json").out)}

    assert shown.code == 3  # no scheduler is running
    assert checks >= set(CHECKS) - {"secrets"}
    assert "! scheduler   no scheduler is running" in shown.out
    assert cli("doctor", "-o", "name").lines[0] == "versions"


def test_settings_that_can_not_be_used_do_not_keep_it_from_looking(cli: Cli, home: Path) -> None:
    home.mkdir()
    (home / "config.toml").write_text("[scheduler]\nmax_concurent_tasks = 3\n")

    shown = cli("doctor")

    assert shown.code == 3
    assert f"✗ settings    {home}/config.toml:2: scheduler.max_concurent_tasks" in shown.out
    assert "did you mean: max_concurrent_tasks ?" in shown.out
    assert "registry" in shown.out


def test_a_broken_registry_is_found(known: Ground) -> None:
    known.paths.database.parent.mkdir(exist_ok=True)
    known.paths.database.write_bytes(b"no database at all" * 500)

    said = found(known, "registry")

    assert "can not be used as the registry" in said[Level.FAULT]
    assert "stoma db restore FILE" in said[Level.FAULT]


def test_a_whole_registry_and_its_newest_copy_are_told(
    known: Ground, registry: Registry, clock: FakeClock
) -> None:
    assert f"schema version {SCHEMA_VERSION}" in found(known, "registry")[Level.OK]
    assert "made no copy" in found(known, "backups")[Level.NOTE]

    copy = known.paths.backups_dir / "stoma-v1-x.db"
    copy.parent.mkdir()
    copy.touch()
    os.utime(copy, (START.timestamp(), START.timestamp()))
    assert f"{copy}, 0 day(s) old" in found(known, "backups")[Level.OK]
    clock.advance(timedelta(days=8))
    assert "the newest copy is 8 day(s) old" in found(known, "backups")[Level.NOTE]


def test_no_registry_is_only_a_note(known: Ground) -> None:
    assert "there is none yet" in found(known, "registry")[Level.NOTE]
    assert found(known, "backups") == {}


def test_an_empty_file_is_no_registry_yet(known: Ground) -> None:
    known.paths.database.parent.mkdir(exist_ok=True)
    sqlite3.connect(known.paths.database).close()
    known.paths.database.touch()

    assert "begin with: stoma scheduler start" in found(known, "registry")[Level.NOTE]


@pytest.mark.parametrize("check", ["registry", "backups", "scheduler", "tasks", "clock"])
def test_what_is_well_is_told_to_be(known: Ground, registry: Registry, check: str) -> None:
    instance = this_process("scheduler")
    registry.app.instances.enter(instance, version=__version__, now=START)
    registry.task(schedule="hourly")

    assert Level.FAULT not in found(known, check)


def test_a_scheduler_of_another_version_is_to_be_started_anew(
    known: Ground, registry: Registry
) -> None:
    registry.app.instances.enter(this_process("scheduler"), version="0.0.1", now=START)

    assert "the scheduler at work is stoma 0.0.1" in found(known, "scheduler")[Level.WARNING]


def test_a_clock_that_was_set_back_is_found(
    known: Ground, registry: Registry, clock: FakeClock
) -> None:
    later = START + timedelta(hours=5)
    registry.app.instances.enter(this_process("scheduler"), version="0", now=later)

    assert "5:00:00 in the future" in found(known, "clock")[Level.FAULT]


def test_a_task_that_can_not_run_says_what_it_needs(known: Ground, registry: Registry) -> None:
    registry.task("filings", type="sec_edgar", config={"filing_type": "8-K"})
    registry.task("by_hand", schedule="manual")

    said = found(known, "tasks")

    assert "filings can not run -> sec_edgar needs a contact address" in said[Level.WARNING]
    assert "by_hand never ran" in said[Level.NOTE]


def test_a_secret_that_others_may_read_is_locked_away(cli: Cli, home: Path) -> None:
    home.mkdir()
    file = home / "config.toml"
    file.write_text(f'[sources.github]\ntoken = "{SECRET}"\n')
    file.chmod(0o644)

    before = cli("doctor", "--fields", "check,level,fixable", "-o", "tsv")
    fixed = cli("doctor", "--fix")

    assert "permissions\twarning\ttrue" in before.out
    assert "can be put right: stoma doctor --fix" in before.err
    assert f"put right: {file}: mode was 644, is 600" in fixed.out
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert SECRET not in before.out + fixed.out + fixed.err


def test_a_registry_that_others_may_change_is_put_right(known: Ground, registry: Registry) -> None:
    known.paths.database.chmod(0o666)
    known.paths.home.chmod(0o777)  # type: ignore[union-attr]

    before = found(known, "permissions")
    found(known, "permissions", fix=True)

    assert "others may change" in before[Level.WARNING]
    assert stat.S_IMODE(known.paths.database.stat().st_mode) == 0o644
    assert "nobody else" in found(known, "permissions")[Level.OK]


def test_too_little_room_is_found(known: Ground) -> None:
    def with_limit(megabytes: int) -> Ground:
        assert known.loaded is not None
        wanted = {"limits.disk_free_megabytes": megabytes}
        loaded = load_settings(home=known.paths.home, environ={}, overrides=wanted)
        return replace(known, loaded=loaded)

    free = shutil.disk_usage(tempfile.gettempdir()).free // 1_000_000

    assert Level.OK in found(with_limit(1), "disk")
    assert "make room soon" in found(with_limit(max(free // 3, 1)), "disk")[Level.WARNING]
    assert "no run starts" in found(with_limit(free * 2), "disk")[Level.FAULT]


def test_missing_secrets_are_found(cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.mkdir()
    (home / "config.toml").write_text('[sources.github]\ntoken = {secret = "GH"}\n')

    missing = cli("doctor").out
    monkeypatch.setenv("STOMA_SECRET_GH", SECRET)
    there = cli("doctor").out

    assert "✗ secrets     secret GH, which sources.github.token wants: there is none" in missing
    assert "✓ secrets     1 there" in there


def test_a_unit_of_another_version_is_brought_up_to_date(
    known: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    where = target(user=True, prefix=tmp_path)
    assert where.user_units is not None
    assert "not installed" in found(known, "service")[Level.NOTE]
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "stoma").touch(0o755)
    install(where, run=lambda _: None)
    assert "does not start by itself" in found(known, "service")[Level.WARNING]

    (where.user_units / "stoma-scheduler.service").write_text("[Service]\n")

    assert "not as this version writes them" in found(known, "service")[Level.WARNING]


@pytest.mark.parametrize(
    ("active", "score", "level", "text"),
    [
        ("active", "1.4", Level.OK, "stoma-scheduler: active, exposure 1.4 of 10"),
        ("active", "3.1", Level.WARNING, "is exposed more than it needs to be: 3.1 of 10"),
        ("failed", "1.4", Level.WARNING, "journalctl -u stoma-scheduler -e"),
    ],
)
def test_how_a_unit_stands_is_judged(active: str, score: str, level: Level, text: str) -> None:
    from stoma.service.standing import Standing

    unit = Standing(
        name="stoma-scheduler.service",
        path=Path("/x"),
        installed=True,
        current=True,
        dropins=[],
        enabled=True,
        active=active,
        pid=7,
        since="",
        says="",
        restarts=0,
        score=float(score),
    )

    (finding,) = units._unit(unit, "")

    assert finding.level is level
    assert text in f"{finding.text} {finding.way_out}"


def test_a_fix_that_does_not_work_is_told(known: Ground, registry: Registry) -> None:
    from stoma.doctor.examination import _result
    from stoma.doctor.findings import warning

    def fix() -> str:
        raise SettingsError("no such luck")

    result = _result("x", warning("broken", "mend it", fix), fix=True)

    assert (result.level, result.fixed) == (Level.WARNING, False)
    assert result.text == "broken; it could not be put right: no such luck"


def test_small_questions_have_answers() -> None:
    assert machine.clock_synchronized() in {True, False, None}
    assert program._searchable()
    assert network.unreachable("127.0.0.1", 1).startswith("[Errno 111]")
    assert network.unreachable("no.such.host.invalid", 80)
    assert registry._changed(Path(__file__)).tzinfo is not None


@pytest.mark.parametrize(
    ("answer", "text"), [("", "bubblewrap works"), (None, "bubblewrap does not work here")]
)
def test_bubblewrap_is_tried(
    known: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str | None, text: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "is not installed" in found(known, "sandbox")[Level.NOTE]
    (tmp_path / "bwrap").touch(0o755)

    said = found(replace(known, ask=lambda command: answer), "sandbox")

    assert text in next(iter(said.values()))


def test_a_problem_with_one_check_keeps_no_other_from_being_made(known: Ground) -> None:
    def lost(ground: Ground) -> Iterator[Finding]:
        if not ground.online:
            raise PermissionError(13, "Permission denied", "/x")
        yield ok("reached")

    from stoma.doctor.examination import _made

    (finding,) = _made(lost, known)

    assert finding.level is Level.FAULT
    assert "could not be looked at" in finding.text
