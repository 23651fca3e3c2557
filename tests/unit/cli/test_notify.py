"""`stoma notify`, `audit` and `secrets`, as somebody types them."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from stoma.domain.audit import Actor
from stoma.domain.run import Outcome
from stoma.operations.audited import acting, record
from stoma.operations.notify import preview_digest
from stoma.processes import this_process
from stoma.scheduler.auditing import prune_audit
from stoma.scheduler.settling import settle
from stoma.settings import load_settings
from tests.fakes import START, FakeClock
from tests.makers import make_item
from tests.registries import opened_app
from tests.unit.cli.support import Cli, Registry

CONFIG = """
[notifications]
notify = ["one"]
[notifications.channels.one]
type = "command"
command = ["true"]
[notifications.channels.two]
type = "command"
command = ["sh", "-c", "echo no >&2; exit 3"]
"""


@pytest.fixture
def told(home: Path) -> Path:
    """Settings with a channel that works, and one that does not."""
    home.mkdir(exist_ok=True)
    (home / "config.toml").write_text(CONFIG)
    return home


@pytest.fixture
def house(told: Path, clock: FakeClock) -> Iterator[Registry]:
    with opened_app(load_settings(home=told, environ={}), clock=clock) as app:
        yield Registry(app, clock)


# --- notify ---------------------------------------------------------------------------------------


def test_channels_are_tried_and_one_that_fails_is_shown(told: Path, cli: Cli) -> None:
    tried = cli("notify", "test")
    one = cli("notify", "test", "one", "--json")

    assert tried.code == 1
    assert "ok" in tried.lines[1]
    assert "FAILED sh ended with 3: no" in tried.lines[2]
    assert one.code == 0
    assert json.loads(one.out)[0]["ok"] is True


def test_a_channel_that_is_not_there_is_named_with_the_nearest(told: Path, cli: Cli) -> None:
    unknown = cli("notify", "test", "tow")

    assert unknown.code == 5
    assert "did you mean: two ?" in unknown.err


def test_without_channels_the_way_to_one_is_said(home: Path, cli: Cli) -> None:
    nothing = cli("notify", "test")

    assert nothing.code == 5
    assert "add [notifications.channels.NAME] to" in nothing.err


def test_the_queue_shows_what_waits_and_why(house: Registry, cli: Cli) -> None:
    house.task()
    house.failed()
    settle(house.app)
    house.app.outbox.postpone([1], "451 greylisted", not_before=START + timedelta(minutes=5))

    waiting = cli("notify", "list", "--waiting")
    (record,) = json.loads(cli("notify", "list", "--json").out)
    house.app.outbox.give_up([1], "550 no such mailbox")
    given_up = cli("notify", "list")
    again = cli("notify", "retry")

    assert "waits, tried 1x, in 5m" in waiting.out
    assert "451 greylisted" in waiting.out
    assert (record["event"], record["run_id"], record["attempts"]) == ("failure", 1, 1)
    assert "given up (2 tries)" in given_up.out
    assert again.out == "1 notice will be tried again\n"
    assert cli("notify", "retry").out == "0 notices will be tried again\n"
    assert cli("notify", "retry", "1").out == "1 notice will be tried again\n"


def test_what_waits_is_delivered_without_a_scheduler(house: Registry, cli: Cli) -> None:
    notice = preview_digest(house.app)
    later = START + timedelta(hours=9)
    house.app.outbox.add("a", notice, {"one": START, "two": later}, now=START)
    house.app.outbox.add("b", notice, {"one": later}, now=START)

    flushed = cli("notify", "flush", "--json")
    again = cli("notify", "flush")

    found = [(each["channel"], each["state"], each["attempts"]) for each in json.loads(flushed.out)]
    assert (flushed.code, again.code) == (1, 1)
    assert found == [("one", "sent", 1), ("two", "waiting", 1), ("one", "sent", 1)]
    assert "sh ended with 3: no" in again.out
    assert len(again.lines) == 2


def test_a_flush_of_nothing_is_fine(house: Registry, cli: Cli) -> None:
    nothing = cli("notify", "flush")

    assert (nothing.code, nothing.out, nothing.err) == (0, "", "nothing waits\n")


def test_nothing_is_flushed_beside_a_scheduler(house: Registry, cli: Cli) -> None:
    house.app.outbox.add("a", preview_digest(house.app), {"one": START}, now=START)
    house.app.instances.enter(this_process("scheduler"), version="0", now=START)

    refused = cli("notify", "flush")

    assert refused.code == 6
    assert "delivers what is due by itself" in refused.err
    assert "waits" in cli("notify", "list").out


def test_a_digest_is_shown_written_and_queued(house: Registry, cli: Cli, tmp_path: Path) -> None:
    papers = [
        make_item(f"2203.{n:05}", title=f"On <b>{n}</b>\x1b[2J", summary="We test. " * 60)
        for n in range(20)
    ]
    links = [make_item("2204.00001", url="javascript:alert(1)", title="A link")]
    house.task()
    house.task("other", name="Others")
    house.ran(items=papers, at=START - timedelta(hours=3))
    house.ran("other", items=links, at=START - timedelta(hours=2))
    house.failed(at=START - timedelta(hours=1))
    page = tmp_path / "digest.html"

    shown = cli("notify", "digest", "--preview")
    written = cli("notify", "digest", "--html", page)
    nobody = cli("notify", "digest")
    queued = cli("notify", "digest", "one")
    unknown = cli("notify", "digest", "gone")

    html = page.read_text()
    assert shown.lines[0] == "stoma: 21 new items, Mon 2 Mar, 1 failing"
    assert "... and 8 more: stoma items list --task papers" in shown.out
    assert "José Raúl Romero" in shown.out
    assert "\x1b" not in shown.out
    assert "<b>" not in html.replace("<b>Papers</b>", "")
    assert "javascript:" not in html
    assert "no answer from example.org" in html
    assert written.code == 0
    assert "set notifications.digest" in nobody.out
    assert queued.out == "queued for one\n"
    assert unknown.code == 5
    assert cli("notify", "digest", "--html", tmp_path / "no" / "where").code == 2


def test_a_quiet_day_has_a_digest_too(house: Registry, cli: Cli) -> None:
    house.task()
    house.ran(outcome=Outcome.EMPTY, at=START - timedelta(hours=3))
    house.failed(at=START - timedelta(hours=5))

    shown = cli("notify", "digest", "--preview").out

    assert "Nothing new came." in shown
    assert "0 new items from 2 runs; no scheduler is running" in shown


# --- audit ----------------------------------------------------------------------------------------


def test_changes_are_listed_with_who_and_what(registry: Registry, cli: Cli) -> None:
    cli.scheduler("add-task", "papers", "P", "arxiv", "hourly", "--config", '{"search_query": "x"}')
    cli.scheduler("edit-task", "papers", "--schedule", "daily_at_09:00")
    cli.scheduler("disable-task", "papers", "--reason", "moving")
    cli.scheduler("enable-task", "papers")
    cli.scheduler("pause", "--reason", "holidays")
    cli.scheduler("resume")
    cli.scheduler("remove-task", "papers", "--yes")
    with acting(Actor("eve", "api")):
        record(registry.app, "tokens-create", "ci", None, {"scope": "read"})

    listed = json.loads(cli("audit", "list", "--json").out)
    shown = cli("audit", "list", "--subject", "papers")
    exported = [json.loads(line) for line in cli("audit", "export").lines]

    assert [each["action"] for each in exported] == [
        "add-task", "edit-task", "disable-task", "enable-task", "pause", "resume", "remove-task",
        "tokens-create",
    ]  # fmt: skip
    assert exported == listed[::-1]
    assert {each["origin"] for each in exported[:-1]} == {"cli"}
    assert (exported[-1]["actor"], exported[-1]["origin"]) == ("eve", "api")
    assert exported[1]["before"] == {"schedule": "hourly"}
    assert exported[1]["after"] == {"schedule": "daily_at_09:00"}
    assert exported[6]["before"]["schedule"] == "daily_at_09:00"
    assert "schedule: hourly -> daily_at_09:00" in shown.out
    assert "tokens-create" not in shown.out


def test_a_refused_change_is_not_entered(registry: Registry, cli: Cli) -> None:
    cli.scheduler("add-task", "papers", "P", "arxiv", "hourly", "--config", '{"search_query": "x"}')
    again = cli.scheduler("add-task", "papers", "P", "arxiv", "hourly", "--config", "{}")

    assert again.code != 0
    assert len(cli("audit", "export").lines) == 1


def test_a_log_is_verified_and_what_is_wrong_named(registry: Registry, cli: Cli) -> None:
    for number in range(3):
        record(registry.app, "pause", f"{number}")

    good = cli("audit", "verify")
    known = good.lines[-1].split()[-1]
    kept = cli("audit", "verify", "--expect", known[:12])
    other = cli("audit", "verify", "--expect", "0" * 12)
    with registry.app.database.write() as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_is_not_changed")
        connection.exec_driver_sql("UPDATE audit SET actor = 'eve' WHERE id = 2")
    bad = cli("audit", "verify")

    assert (good.code, kept.code, other.code, bad.code) == (0, 0, 1, 1)
    assert good.lines[0] == "ok 3 entries"
    assert "no entry has the hash 000000000000" in other.out
    assert bad.out == "TAMPERED entry 2 is not what was written; good up to entry 1\n"
    assert json.loads(cli("audit", "verify", "--json").out)["broken_at"] == 2
    assert cli("audit", "verify", "--expect", "xyz").code == 2


def test_old_entries_are_cut_off_and_the_rest_is_good(registry: Registry, cli: Cli) -> None:
    record(registry.app, "pause", "scheduler")
    prune_audit(registry.app, START + timedelta(days=1))

    assert (
        cli("audit", "verify").lines[0] == "ok 1 entries, entries up to 1 were removed as too old"
    )


def test_without_a_registry_there_is_nothing_to_tell(home: Path, cli: Cli) -> None:
    assert cli("audit", "verify").lines[0] == "ok 0 entries"
    assert cli("audit", "export").out == ""
    assert cli("notify", "list").code == 0
    assert cli("audit", "list").code == 0


# --- secrets --------------------------------------------------------------------------------------


def test_secrets_are_listed_by_name_with_who_refers_to_them(
    registry: Registry, home: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOMA_SECRET_GITHUB", "ghp_0123456789")
    (home / "config.toml").write_text('[sources.github]\ntoken = {secret = "GITHUB"}\n')
    registry.task(config={"search_query": {"secret": "TOPIC"}})

    listed = cli("secrets", "list")
    records = {each["name"]: each for each in json.loads(cli("secrets", "list", "--json").out)}

    assert listed.code == 78  # one is not there
    assert "ghp_" not in listed.out
    assert records["GITHUB"]["used_by"] == ["sources.github.token"]
    assert records["GITHUB"]["origin"] == "environment STOMA_SECRET_GITHUB"
    assert records["TOPIC"]["problem"] == "there is none"
    assert records["TOPIC"]["used_by"] == ["task papers"]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('secret = {secret = "small"}', "channels.it.secret 'small' can not be the name"),
        ('uri = "x"', "channels.it.uri"),
        ('allow_private = ["x"]', "must be a range of addresses"),
        ('events = ["boom"]', "there is no 'boom'"),
        ('url = "ftp://x"', "must be a web address"),
    ],
)
def test_a_wrong_channel_is_named_and_its_secrets_are_not_shown(
    home: Path, cli: Cli, line: str, problem: str
) -> None:
    home.mkdir(exist_ok=True)
    url = "" if line.startswith("url") else 'url = "https://example.org/hunter2"\n'
    (home / "config.toml").write_text(
        f'[notifications.channels.it]\ntype = "webhook"\n{url}{line}\n'
    )

    refused = cli("config", "validate")

    assert refused.code == 78
    assert problem in refused.err
    assert "hunter2" not in refused.err


def test_a_rule_that_names_no_channel_is_refused(home: Path, cli: Cli) -> None:
    home.mkdir(exist_ok=True)
    (home / "config.toml").write_text('[notifications]\nnotify = ["gone"]\n')

    refused = cli("config", "validate")

    assert refused.code == 78
    assert "config.toml:2" in refused.err
    assert "there is no channel 'gone'; there are: none" in refused.err


def test_a_changed_setting_is_entered_without_a_secret(registry: Registry, cli: Cli) -> None:
    cli("config", "set", "scheduler.drain_seconds", "60")
    cli("config", "set", "sources.github.token", "ghp_0123456789")
    cli("config", "set", "variables.topic", "graphs")
    cli("config", "unset", "scheduler.drain_seconds")

    entries = [json.loads(line) for line in cli("audit", "export").lines]

    assert [(each["subject"], each["before"], each["after"]) for each in entries] == [
        ("scheduler.drain_seconds", 30.0, 60.0),
        ("sources.github.token", "", "**********"),
        ("variables.topic", None, "graphs"),
        ("scheduler.drain_seconds", 60.0, 30.0),
    ]
