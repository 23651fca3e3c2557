"""`stoma scheduler apply`, and what a change means in fires."""

import json
from pathlib import Path

import pytest

from stoma.domain.task import Json
from stoma.taskfiles import TROUBLE
from tests.unit.cli.support import Cli, Registry

FILE = """\
[tasks.arxiv_daily]
name = "Papers"
type = "arxiv"
schedule = "daily_at_06:00"
config = { search_query = "testing" }

[tasks.hourly_papers]
name = "Papers, hourly"
type = "arxiv"
schedule = "interval_1h"
config = { search_query = "testing" }
"""
SCHEDULED = """\
scheduled_tasks:
  enabled: true
  state_file: "/path/to/state.json"

  tasks:
    podcast_index_download:
      name: "Podcast Index & Download"
      enabled: true
      schedule: {type: time_of_day, hours: [0, 8, 16]}
      executor: {type: cli, command: "python", args: ["-m", "src.automation"]}
      timeout_seconds: 3600
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tasks.toml"
    path.write_text(FILE)
    return path


def test_a_first_apply_shows_what_is_added_and_how_often_it_fires(cli: Cli, file: Path) -> None:
    shown = cli.scheduler("apply", "-f", file)

    assert shown.code == 0
    assert shown.out == (
        "   TASK           ACTION  WHAT  FIRES\n"
        "+  arxiv_daily    added         +7 fires (06:00 UTC)\n"
        "+  hourly_papers  added         +168 fires (Mon 13:00, Mon 14:00, Mon 15:00, ... UTC)\n"
    )
    assert shown.err == "applied: 2 added\n"


def test_twice_changes_nothing(cli: Cli, file: Path) -> None:
    cli.scheduler("apply", "-f", file)

    shown = cli.scheduler("apply", "-f", file, "--json")

    assert {each["action"] for each in json.loads(shown.out)} == {"unchanged"}
    assert {each["fires_lost"] for each in json.loads(shown.out)} == {0}


def test_a_dry_run_shows_fires_lost_and_gained_and_writes_nothing(
    cli: Cli, file: Path, registry: Registry
) -> None:
    cli.scheduler("apply", "-f", file)
    file.write_text(FILE.replace("daily_at_06:00", "time_of_day 05:00,17:00"))

    shown = cli.scheduler("apply", "-f", file, "--dry-run")

    assert shown.lines[1] == (
        "~  arxiv_daily    changed    schedule  -7 fires (06:00 UTC) +14 fires (05:00, 17:00 UTC)"
    )
    assert shown.err == "would apply: 1 changed, 1 unchanged\n"
    assert registry.app.tasks.get("arxiv_daily").schedule == "daily_at_06:00"


def test_the_stable_shape_has_counts_and_moments(cli: Cli, file: Path) -> None:
    record, _ = json.loads(cli.scheduler("apply", "-f", file, "--json").out)

    assert record == {
        "task_id": "arxiv_daily",
        "action": "added",
        "changed_fields": [],
        "kept_fields": [],
        "fires_lost": 0,
        "fires_gained": 7,
        "first_lost": [],
        "first_gained": [f"2026-03-0{day}T06:00:00+00:00" for day in (3, 4, 5)],
        "compared_until": "2026-03-09T12:00:00+00:00",
        "where": f"{file}:1",
        "note": "",
    }


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        ("once_at_2026-03-04T09:30", "+1 fire (09:30 UTC)"),
        ("manual", ""),
        ("run_then_wait_10m", "+1 fire (12:00 UTC), then 10 minutes after each run ends"),
    ],
)
def test_fires_are_told_as_they_are(cli: Cli, file: Path, schedule: str, words: str) -> None:
    file.write_text(FILE.replace("daily_at_06:00", schedule))

    shown = cli.scheduler("apply", "-f", file, "--dry-run")

    assert shown.lines[1].partition("added")[2].strip() == words


def test_in_utc_the_first_fires_are_shown_in_full(cli: Cli, file: Path) -> None:
    file.write_text(FILE.replace("interval_1h", "once_at_2026-03-04T09:30"))

    shown = cli.scheduler("apply", "-f", file, "--utc")

    assert shown.lines[2].endswith("+1 fire (2026-03-04T09:30:00Z)")
    assert shown.lines[1].endswith(
        "+7 fires (2026-03-03T06:00:00Z, 2026-03-04T06:00:00Z, 2026-03-05T06:00:00Z, ...)"
    )


def test_a_very_busy_schedule_says_how_far_it_was_looked_at(cli: Cli, file: Path) -> None:
    file.write_text(FILE.replace("interval_1h", "interval_10s"))

    shown = cli.scheduler("apply", "-f", file, "--dry-run")

    assert shown.lines[2].endswith("until Thu 2026-03-05 09:26 UTC")


def test_a_task_this_version_can_not_have_is_named_and_the_others_are_applied(
    cli: Cli, file: Path, tmp_path: Path, registry: Registry
) -> None:
    other = tmp_path / "config.yaml"
    other.write_text(SCHEDULED)

    shown = cli.scheduler("apply", "-f", file, "-f", other)

    assert shown.code == 3
    assert shown.lines[3] == (
        "!  podcast_index_download  left out  "
        "needs the shell action, which is not part of this version; left out"
    )
    assert shown.err == (
        f"note: {other}: scheduled_tasks.state_file has no effect here: "
        "the registry keeps the state\n"
        "applied: 2 added, 1 left out\n"
    )
    assert len(registry.app.tasks.all()) == 2


def test_what_a_file_no_longer_has_goes_with_prune_only(
    cli: Cli, file: Path, registry: Registry
) -> None:
    registry.task("by_hand")
    cli.scheduler("apply", "-f", file)
    file.write_text(FILE[: FILE.index("[tasks.hourly_papers]")])

    kept = cli.scheduler("apply", "-f", file)
    pruned = cli.scheduler("apply", "-f", file, "--prune")

    assert "=  hourly_papers  kept       no longer in its file; --prune removes it" in kept.lines
    assert pruned.lines[2].startswith("-  hourly_papers  removed          -168 fires (")
    assert [task.id for task in registry.app.tasks.all()] == ["arxiv_daily", "by_hand"]


def test_your_own_edits_are_kept_unless_forced(cli: Cli, file: Path) -> None:
    cli.scheduler("apply", "-f", file)
    cli.scheduler("edit-task", "arxiv_daily", "--name", "Mine")

    kept = cli.scheduler("apply", "-f", file)
    forced = cli.scheduler("apply", "-f", file, "--force")

    assert kept.lines[1] == "=  arxiv_daily    kept       yours kept: name"
    assert forced.lines[1] == "~  arxiv_daily    changed    name"


def test_a_broken_file_is_a_configuration_error_and_changes_nothing(
    cli: Cli, file: Path, registry: Registry
) -> None:
    file.write_text(FILE.replace("search_query", "serch_query", 1))

    shown = cli.scheduler("apply", "-f", file)

    assert (shown.code, shown.out) == (78, "")
    assert shown.err.startswith(f"error: {file}:5: task 'arxiv_daily': config.serch_query: unkno")
    assert registry.app.tasks.all() == []


def test_a_file_that_is_not_there_exits_5(cli: Cli, tmp_path: Path) -> None:
    assert cli.scheduler("apply", "-f", tmp_path / "nothing.toml").code == 5


def test_names_alone_are_one_per_line(cli: Cli, file: Path) -> None:
    shown = cli.scheduler("apply", "-f", file, "-o", "name")

    assert (shown.out, shown.err) == ("arxiv_daily\nhourly_papers\n", "")


def test_an_export_applied_again_changes_nothing(cli: Cli, tmp_path: Path) -> None:
    cli.scheduler("load-preset", "--preset", "default")
    export = tmp_path / "export.toml"
    cli("presets", "export", "mine", "--to", export)

    shown = cli.scheduler("apply", "-f", export, "--json")

    assert {each["action"] for each in json.loads(shown.out)} == {"unchanged"}


@pytest.mark.parametrize(
    ("options", "first"),
    [
        ([], "first lost Mon 12:30 UTC, gained Mon 12:20 UTC"),
        (["--utc"], "first lost 2026-03-02T12:30:00Z, gained 2026-03-02T12:20:00Z"),
    ],
)
def test_of_two_long_lists_the_first_fires_are_shown(
    cli: Cli, tmp_path: Path, options: list[str], first: str
) -> None:
    file = tmp_path / "often.toml"
    file.write_text(FILE.replace("daily_at_06:00", "interval_30m"))
    cli.scheduler("apply", "-f", file)
    file.write_text(FILE.replace("daily_at_06:00", "interval_20m"))

    shown = cli.scheduler("apply", "-f", file, "--dry-run", *options)

    assert shown.lines[1].endswith(f"-168 +336 fires ({first})")


def test_loading_a_preset_dry_shows_the_same_forecast(cli: Cli, home: Path) -> None:
    (home / "presets").mkdir(parents=True)
    preset = home / "presets" / "mine.toml"
    preset.write_text(FILE)
    cli.scheduler("load-preset", "--preset", "mine")
    preset.write_text(FILE.replace("daily_at_06:00", "daily_at_07:00"))

    dry = cli.scheduler("load-preset", "--preset", "mine", "--dry-run")
    record, _ = json.loads(cli.scheduler("load-preset", "--preset", "mine", "--json").out)

    assert "-7 fires (06:00 UTC) +7 fires (07:00 UTC)  changed: schedule" in dry.lines[1]
    assert (record["fires_lost"], record["fires_gained"]) == (7, 7)


def test_trouble_with_the_task_files_of_a_scheduler_is_shown(cli: Cli, registry: Registry) -> None:
    trouble: Json = {"error": "tasks.yaml:3: 'name' is there twice", "hint": ""}
    registry.app.state.set(TROUBLE, trouble, now=registry.clock.now())

    page = cli.scheduler("status")
    checked = cli.scheduler("status", "--check")

    words = "task files can not be used: tasks.yaml:3: 'name' is there twice"
    assert f"files      ✗ {words}" in page.lines
    assert (checked.code, words in checked.out) == (1, True)
