"""`stoma scheduler next` and `calendar`."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from tests.fakes import START
from tests.unit.cli.support import Cli, Registry, Terminal


def test_the_soonest_task_comes_first(cli: Cli, registry: Registry) -> None:
    registry.task("daily", schedule="daily_at_06:00", timezone="Europe/Berlin")
    registry.task("hourly")
    registry.task("by_hand", schedule="manual")
    registry.task("resting", enabled=False)

    shown = cli.scheduler("next")

    assert shown.out == (
        "   ID      NEXT    AT                        SCHEDULE\n"
        "   hourly  in 1h   Mon 2026-03-02 13:00 UTC  hourly\n"
        "   daily   in 17h  Tue 2026-03-03 06:00 CET  daily 06:00 Europe/Berlin\n"
    )
    assert cli.scheduler("next", "-n", 1, "-o", "name").lines == ["hourly"]


def test_one_task_shows_its_next_fires(cli: Cli, registry: Registry) -> None:
    registry.task("daily", schedule="daily_at_06:00", timezone="Europe/Berlin")

    shown = cli.scheduler("next", "daily", "-n", 2)

    assert shown.err == "daily: every day at 06:00 (Europe/Berlin)\n"
    assert shown.lines == [
        "NEXT                      IN",
        "Tue 2026-03-03 06:00 CET  in 17h",
        "Wed 2026-03-04 06:00 CET  in 2d",
    ]


def test_scripts_get_instants(cli: Cli, registry: Registry) -> None:
    registry.task("daily", schedule="daily_at_06:00", timezone="Europe/Berlin")

    found = json.loads(cli.scheduler("next", "daily", "-n", 1, "--json").out)
    names = cli.scheduler("next", "daily", "-n", 1, "-o", "name")
    utc = cli.scheduler("next", "daily", "-n", 1, "--utc", "--no-headers")

    assert found == [
        {
            "task_id": "daily",
            "at": "2026-03-03T05:00:00+00:00",
            "local_at": "2026-03-03T06:00:00+01:00",
            "timezone": "Europe/Berlin",
            "runs": True,
            "reasons": [],
        }
    ]
    assert names.out == "2026-03-03T05:00:00Z\n"
    assert names.err == ""
    assert utc.lines == ["2026-03-03T05:00:00Z  in 17h"]


def test_a_schedule_can_be_tried_without_a_task(cli: Cli) -> None:
    shown = cli.scheduler(
        *("next", "--schedule", "daily_at_02:30", "--timezone", "America/New_York"),
        *("--from", "2026-03-07", "-n", 2, "--explain"),
    )

    assert shown.lines == [
        "NEXT                      IN",
        "Sat 2026-03-07 02:30 EST  in 5d",
        "Sun 2026-03-08 03:00 EDT  in 6d",
        "Sun 2026-03-08 03:00 EDT: 02:30 does not exist on 2026-03-08 in America/New_York"
        " (clocks go 02:00 -> 03:00): fires at 03:00 -04:00",
    ]
    assert shown.err == "schedule: every day at 02:30 (America/New_York)\n"


def test_a_clock_change_of_this_year_is_told_once(cli: Cli) -> None:
    shown = cli.scheduler(
        *("next", "--schedule", "daily_at_02:30", "--timezone", "America/New_York", "-n", 1)
    )

    assert shown.err.count("02:30 does not exist on 2026-03-08") == 1


def test_what_a_filter_skips_is_shown_when_asked(cli: Cli, registry: Registry) -> None:
    registry.task("daily", schedule={"type": "daily", "hour": 9, "skip_weekends": True})

    plain = cli.scheduler("next", "daily", "-n", 6, "-o", "name")
    explained = json.loads(cli.scheduler("next", "daily", "-n", 6, "--explain", "--json").out)

    assert "2026-03-07T09:00:00Z" not in plain.lines
    assert [each["runs"] for each in explained] == [True, True, True, True, False, False]
    assert explained[4]["reasons"][0].startswith("skipped by ")


@pytest.mark.parametrize(
    ("fields", "note"),
    [
        ({"enabled": False}, "is disabled: nothing of this happens"),
        ({"schedule": "manual"}, "has no schedule"),
        ({"schedule": "run_then_wait_10m"}, "only the next one is known"),
        ({"jitter_seconds": 90.0}, "each run starts up to 90 s after its slot"),
    ],
)
def test_what_is_special_about_a_task_is_told(
    cli: Cli, registry: Registry, fields: dict[str, object], note: str
) -> None:
    registry.task("special", **fields)

    assert note in cli.scheduler("next", "special").err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nothing"], 5, "no task 'nothing'"),
        (["--schedule", "dayly"], 2, "did you mean: daily ?"),
        (["--schedule", "cron: 0 9 * *"], 2, "schedule"),
        (["--schedule", "daily", "--timezone", "Berlin"], 2, "time zone"),
        (["--schedule", "daily", "--from", "tomorrow"], 2, "--from is 'tomorrow'"),
        (["x", "--schedule", "daily"], 2, "give one of them"),
        (["-n", "0"], 2, "Invalid value for '-n'"),
    ],
)
def test_what_can_not_be_understood_is_explained(
    cli: Cli, arguments: list[str], code: int, message: str
) -> None:
    shown = cli.scheduler("next", *arguments)

    assert shown.code == code
    assert message in shown.err


def test_a_moment_that_never_comes_again_is_nothing(cli: Cli) -> None:
    shown = cli.scheduler("next", "--schedule", "once_at_2020-01-01T00:00")

    assert (shown.code, shown.out) == (0, "")
    assert "nothing is due" in shown.err


# --- calendar ---------------------------------------------------------------------------------


@pytest.fixture
def month(registry: Registry) -> Registry:
    registry.task("daily", schedule="daily_at_06:00", name="Daily; papers, new")
    registry.task("weekly", schedule="weekly_on_mon_at_09:00", timezone="Europe/Berlin")
    registry.task("chained", schedule="run_then_wait_10m")
    registry.task("resting", enabled=False)
    return registry


def test_a_month_is_a_grid_of_counts(cli: Cli, month: Registry) -> None:
    shown = cli.scheduler("calendar")

    assert shown.lines[:6] == [
        "March 2026, UTC",
        "",
        "      Mon      Tue      Wed      Thu      Fri      Sat      Sun",
        "                                                              1",
        "",
        "       2*        3        4        5        6        7        8",
    ]
    assert shown.lines[6] == "        -        1        1        1        1        1        1"
    assert shown.lines[8] == "        2        1        1        1        1        1        1"
    assert shown.lines[-2:] == [
        "29  daily   daily 06:00 UTC          first Tue 2026-03-03 06:00 UTC",
        " 4  weekly  Mon 09:00 Europe/Berlin  first Mon 2026-03-09 09:00 CET",
    ]


def test_a_chained_task_counts_once(cli: Cli, month: Registry) -> None:
    cli.clock.advance(-timedelta(hours=1))

    shown = cli.scheduler("calendar")

    assert " 1  chained" in shown.out


def test_another_month_can_be_asked_for(cli: Cli, month: Registry) -> None:
    records = json.loads(cli.scheduler("calendar", "2026-04", "--json").out)

    assert records[0] == {"date": "2026-04-01", "timezone": "UTC", "fires": 1}
    assert len(records) == 30
    assert sum(each["fires"] for each in records) == 34


def test_a_month_without_runs_says_so(cli: Cli, registry: Registry) -> None:
    assert cli.scheduler("calendar").lines[-1] == "nothing is due"
    assert cli.scheduler("calendar", "2020-01").code == 0


@pytest.mark.parametrize("text", ["2026-13", "March", "2026", "0001-01", "9999-12"])
def test_what_is_no_month_is_a_usage_error(cli: Cli, text: str) -> None:
    shown = cli.scheduler("calendar", text)

    assert shown.code == 2
    assert f"'{text}'" in shown.err


def unfolded(text: str) -> list[str]:
    """The content lines of a calendar, checked for the form that RFC 5545 asks for."""
    assert text.endswith("\r\n")
    assert text.replace("\r\n", "").count("\n") == 0
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
    return text.replace("\r\n ", "").split("\r\n")[:-1]


def test_the_export_is_a_calendar(cli: Cli, month: Registry, tmp_path: Path) -> None:
    target = tmp_path / "march.ics"

    shown = cli.scheduler("calendar", "--ics", target)

    lines = unfolded(target.read_bytes().decode())
    assert shown.err == f"33 events written to {target}\n"
    assert (lines[0], lines[1], lines[-1]) == ("BEGIN:VCALENDAR", "VERSION:2.0", "END:VCALENDAR")
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") == 33
    first = dict(line.split(":", 1) for line in lines[5 : lines.index("END:VEVENT")])
    assert first["DTSTART"] == "20260303T060000Z"
    assert first["DTSTAMP"] == "20260302T120000Z"
    assert first["SUMMARY"] == "Daily\\; papers\\, new"
    assert first["DESCRIPTION"] == "daily: daily 06:00 UTC"
    assert len({line for line in lines if line.startswith("UID:")}) == 33


def test_an_export_again_names_the_same_events_alike(cli: Cli, month: Registry) -> None:
    def uids() -> set[str]:
        text = cli.scheduler("calendar", "2026-04", "--ics", "-").out
        return {line for line in text.splitlines() if line.startswith("UID:")}

    first = uids()
    cli.clock.advance(timedelta(days=1))

    assert uids() == first


def test_long_and_wide_and_hostile_names_stay_inside_their_line(
    cli: Cli, registry: Registry
) -> None:
    name = "arXiv 論文 \\ " * 12 + "\x1b[31m\u202e"
    registry.task("wide", schedule="daily", name=name)

    lines = unfolded(cli.scheduler("calendar", "2026-04", "--ics", "-").out)

    summary = next(line for line in lines if line.startswith("SUMMARY:"))
    assert summary == "SUMMARY:" + ("arXiv 論文 \\\\ " * 12 + "[31m")


def test_an_export_of_nothing_writes_nothing(cli: Cli, registry: Registry, tmp_path: Path) -> None:
    target = tmp_path / "empty.ics"

    shown = cli.scheduler("calendar", "--ics", target)

    assert (shown.code, target.exists()) == (0, False)
    assert "nothing is due in that month" in shown.err


def test_a_busy_task_does_not_fill_the_calendar(
    cli: Cli, registry: Registry, tmp_path: Path
) -> None:
    registry.task("busy", schedule="interval_1m")

    shown = cli.scheduler("calendar", "2026-04", "--ics", tmp_path / "april.ics")

    assert "1000 events written" in shown.err
    assert "42200 left out" in shown.err


def test_a_place_that_can_not_be_written_is_a_usage_error(cli: Cli, month: Registry) -> None:
    assert cli.scheduler("calendar", "--ics", "/nowhere/x.ics").code == 2


def test_today_stands_out_on_a_terminal(
    cli: Cli, month: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("sys.stdout", terminal)

    cli.scheduler("calendar")

    assert "\x1b[1m       2*\x1b[0m" in terminal.getvalue()
    assert START.day == 2
