"""`stoma service`, `stoma config get` and `set`, `stoma metrics`, `export-state`."""

import json
import threading
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from stoma.domain.run import Outcome
from stoma.operations.failure import report_failure
from stoma.operations.metrics import METRICS, metrics_text
from stoma.processes import this_process
from stoma.service.units import FAILURE, SCHEDULER, WEB
from stoma.usage import Resources, Sample
from tests.fakes import START, FakeClock
from tests.makers import make_item
from tests.monitor import Monitor
from tests.unit.cli.support import Cli, Registry

ROOT = Path(__file__).parents[3]


@pytest.fixture
def cli_without_home(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cli:
    monkeypatch.delenv("STOMA_HOME")
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    monkeypatch.chdir(tmp_path)
    return cli


# --- service --------------------------------------------------------------------------------------


def test_a_service_is_installed_shown_and_removed(cli_without_home: Cli, tmp_path: Path) -> None:
    cli, root = cli_without_home, tmp_path / "root"
    where = ("--root", root, "--prefix", "/opt/stoma")

    dry = cli("service", "install", *where, "--dry-run")
    first = cli("service", "install", *where)
    second = cli("service", "install", *where)
    shown = json.loads(cli("service", "status", *where, "--json").out)
    page = cli("service", "status", *where)
    removed = cli("service", "uninstall", *where)
    after = cli("service", "status", *where)

    assert dry.lines[0] == "would create /etc/sysusers.d/stoma.conf"
    assert first.lines[0] == "created /etc/sysusers.d/stoma.conf"
    assert second.out == "nothing to change\n"
    assert [unit["name"] for unit in shown] == [SCHEDULER, WEB, FAILURE]
    assert all(unit["installed"] and unit["current"] for unit in shown)
    assert page.lines[0].split() == ["UNIT", "INSTALLED", "STARTS", "STATE", "SCORE"]
    assert "removed /etc/systemd/system/stoma-scheduler.service" in removed.lines
    assert "to install it: stoma service install" in after.err
    assert (root / "etc" / "stoma" / "config.toml").exists()


def test_a_purge_has_to_be_meant(cli_without_home: Cli, tmp_path: Path) -> None:
    cli, where = cli_without_home, ("--root", tmp_path / "root", "--prefix", "/opt/stoma")
    cli("service", "install", *where)

    asked = cli("service", "uninstall", *where, "--purge")
    meant = cli("service", "uninstall", *where, "--purge", "--yes")

    assert (asked.code, "--yes" in asked.err) == (2, True)
    assert meant.code == 0
    assert not (tmp_path / "root" / "var" / "lib" / "stoma").exists()


def test_units_are_printed_as_they_would_be_installed(cli_without_home: Cli) -> None:
    cli = cli_without_home

    everything = cli("service", "print", "--prefix", "/opt/stoma")
    one = cli("service", "print", "stoma-web", "--prefix", "/opt/stoma")
    none = cli("service", "print", "stoma-wep")

    assert [line for line in everything.lines if line.startswith("# ---")] == [
        f"# --- {name}" for name in (SCHEDULER, WEB, FAILURE)
    ]
    assert "ExecStart=/opt/stoma/bin/stoma web" in one.lines
    assert (none.code, "did you mean: stoma-web ?" in none.err) == (5, True)


def test_one_users_service_stands_in_that_users_folder(
    cli_without_home: Cli, tmp_path: Path
) -> None:
    (unit, _) = json.loads(cli_without_home("service", "status", "--user", "--json").out)

    assert unit["path"] == str(tmp_path / "config" / "systemd" / "user" / SCHEDULER)
    assert unit["installed"] is False


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["install", "--user", "--system"], "--user and --system exclude each other"),
        (["install", "--user", "--sandbox"], "--sandbox is for the service of the system"),
        (["uninstall", "--user", "--purge"], "--purge is for the service of the system"),
    ],
)
def test_what_does_not_go_together_is_said(
    cli_without_home: Cli, arguments: list[str], message: str
) -> None:
    shown = cli_without_home("service", *arguments)

    assert (shown.code, message in shown.err) == (2, True)


def test_the_service_of_the_system_has_no_home(cli: Cli) -> None:
    shown = cli("service", "print")

    assert (shown.code, "has directories of its own, not a --home" in shown.err) == (2, True)


def test_a_failure_is_reported_to_everybody(
    cli: Cli, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = tmp_path / "heard"
    home.mkdir()
    (home / "config.toml").write_text(
        '[notifications]\nnotify = ["program"]\n[notifications.channels.program]\n'
        f'type = "command"\ncommand = ["sh", "-c", "cat > {heard}"]\n'
    )
    with Monitor() as monitor:
        thread = threading.Thread(target=monitor.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("STOMA_HEARTBEAT__URL", monitor.url)

        told = cli("service", "report-failure", "stoma-scheduler")
        monitor.status = 500
        refused = cli("service", "report-failure", "stoma-scheduler")

        monitor.shutdown()
        thread.join()

    assert (told.code, refused.code) == (0, 1)
    assert "told: the monitor, program" in told.err
    assert "could not be told: the monitor: " in refused.err
    command, path, text = monitor.heard[0]
    assert (command, path) == ("POST", "/ping/uuid/fail")
    assert text.startswith("stoma-scheduler has failed: ")
    assert "stoma: stoma-scheduler has failed and is not started again" in heard.read_text()
    assert not (home / "stoma.db").exists()  # the registry may be what is broken


def test_why_a_unit_has_failed_is_told_as_far_as_the_manager_knows() -> None:
    known = "Result=exit-code\nExecMainStatus=78\n"
    done = report_failure("x", None, clock=FakeClock(), ask=lambda command: known)

    assert done.text == (
        "x has failed: exit-code, exit code 78: its settings or its registry can not be used"
    )
    assert (done.told, done.problems) == ([], [])


def test_a_failure_because_of_the_settings_is_reported_too(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOMA_TIMEZONE", "Mars")

    shown = cli("service", "report-failure", "stoma-scheduler")

    assert shown.code == 0
    assert "settings can not be used" in shown.err
    assert "stoma-scheduler has failed: " in shown.err


# --- metrics, state -------------------------------------------------------------------------------


@pytest.fixture
def busy(registry: Registry) -> Registry:
    """A registry with something in every metric."""
    app = registry.app
    registry.task("papers", schedule="hourly")
    registry.task("failing")
    registry.task("off", enabled=False)
    registry.ran("papers", items=[make_item()], outcome=Outcome.SUCCEEDED)
    registry.failed("failing", error='it said "no"\\')
    registry.skipped("papers")
    app.budgets.reserve("arxiv", 60)
    instance = this_process("scheduler")
    app.instances.enter(instance, version="0.1.0", now=START)
    used = Resources(
        cpu_seconds=1.5,
        memory_bytes=50_000_000,
        open_files=12,
        load=0.25,
        cores=2,
        disk_free_bytes=10**10,
    )
    sample = Sample(at=START, resources=used, cpu_percent=1.0)
    app.instances.beat(instance.id, now=START, sample=sample)
    return registry


def test_every_metric_can_be_read_and_is_documented(cli: Cli, busy: Registry) -> None:
    text = cli("metrics").out
    families = {each.name: each for each in text_string_to_metric_families(text)}

    values = {
        (sample.name, *sample.labels.values()): sample.value
        for family in families.values()
        for sample in family.samples
    }
    assert values["stoma_up",] == 1
    assert values["stoma_healthy",] == 0
    assert values["stoma_tasks", "enabled"] == 2
    assert values["stoma_tasks", "disabled"] == 1
    assert values["stoma_runs_decided_total",] == 3
    assert values["stoma_runs_last_day", "succeeded"] == 1
    assert values["stoma_items", "arxiv"] == 1
    assert values["stoma_task_failing", "failing"] == 1
    assert values["stoma_task_last_new_items", "papers"] == 1
    assert values["stoma_scheduler_memory_bytes",] == 50_000_000
    assert values["stoma_task_last_success_timestamp_seconds", "papers"] == (START.timestamp() + 60)
    for name, metric in METRICS.items():
        family = families.get(name.removesuffix("_total"))
        if family is not None:
            assert (family.type, family.documentation) == (metric.kind, metric.meaning)
            assert {key for each in family.samples for key in each.labels} == set(metric.labels)
    assert metrics_text(busy.app) == text


def test_metrics_of_nothing_are_metrics_too(cli: Cli) -> None:
    shown = cli("metrics")

    names = {each.name for each in text_string_to_metric_families(shown.out)}
    assert {"stoma_up", "stoma_tasks"} <= names
    assert shown.code == 0


def test_the_manual_names_every_metric() -> None:
    page = (ROOT / "docs" / "reference" / "metrics.md").read_text()

    for name, metric in METRICS.items():
        assert f"| `{name}` | {metric.kind} |" in page
        assert metric.meaning in page


def test_the_state_is_printed_for_scripts(cli: Cli, busy: Registry, tmp_path: Path) -> None:
    shown = json.loads(cli.scheduler("export-state").out)
    cli.scheduler("export-state", "--file", tmp_path / "state.json")

    assert shown == json.loads((tmp_path / "state.json").read_text())
    assert shown["running"] is True
    assert list(shown["tasks"]) == ["failing", "off", "papers"]
    assert shown["tasks"]["papers"]["last_outcome"] == "succeeded"
    assert shown["tasks"]["papers"]["last_new_items"] == 1
    assert shown["tasks"]["failing"]["status"] == "failed"
    assert cli.scheduler("export-state", "--file", "/nowhere/x.json").code == 2


def test_the_state_of_nothing_is_empty(cli: Cli) -> None:
    shown = json.loads(cli.scheduler("export-state").out)

    assert (shown["running"], shown["tasks"]) == (False, {})
