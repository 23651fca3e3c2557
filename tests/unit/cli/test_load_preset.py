"""`stoma scheduler load-preset` and `stoma presets`."""

import json
from pathlib import Path

import pytest

from stoma.presets import validate_file
from tests.unit.cli.support import Cli, Registry

PRESET = """
description = "Mine"

[tasks.first]
name = "First"
type = "arxiv"
schedule = "daily_at_06:00"
config = { search_query = "testing" }

[tasks.second]
name = "Second"
type = "arxiv"
schedule = "interval_2h"
config = { search_query = "testing", max_results = 5 }
"""


@pytest.fixture
def own(home: Path) -> Path:
    folder = home / "presets"
    folder.mkdir(parents=True)
    path = folder / "mine.toml"
    path.write_text(PRESET)
    return path


def actions(cli: Cli, *arguments: str) -> dict[str, tuple[str, list[str], list[str]]]:
    shown = cli.scheduler("load-preset", "--preset", "mine", "--json", *arguments)
    return {
        each["task_id"]: (each["action"], each["changed_fields"], each["kept_fields"])
        for each in json.loads(shown.out)
    }


def test_loading_shows_what_came_and_when_it_runs(cli: Cli, own: Path) -> None:
    shown = cli.scheduler("load-preset", "--preset", "mine")

    assert shown.out == (
        "   TASK    ACTION  SCHEDULE         NEXT\n"
        "+  first   added   daily 06:00 UTC  Tue 2026-03-03 06:00 UTC\n"
        "+  second  added   every 2h         Mon 2026-03-02 14:00 UTC\n"
    )
    assert shown.err == "loaded preset mine: 2 added\n"


def test_loading_twice_changes_nothing(cli: Cli, own: Path) -> None:
    cli.scheduler("load-preset", "--preset", "mine")

    assert actions(cli) == {"first": ("unchanged", [], []), "second": ("unchanged", [], [])}


def test_your_own_edits_are_kept_and_named(cli: Cli, own: Path, registry: Registry) -> None:
    cli.scheduler("load-preset", "--preset", "mine")
    cli.scheduler("edit-task", "second", "--set", "max_results=9")
    own.write_text(PRESET.replace("interval_2h", "interval_3h").replace("= 5", "= 6"))

    dry = actions(cli, "--dry-run")
    shown = cli.scheduler("load-preset", "--preset", "mine")

    assert dry["second"] == ("changed", ["schedule"], ["config.max_results"])
    assert shown.lines[2] == (
        "~  second  changed    every 3h         Mon 2026-03-02 15:00 UTC"
        "  changed: schedule; yours kept: config.max_results"
    )
    assert registry.app.tasks.get("second").config["max_results"] == 9
    assert actions(cli, "--force")["second"] == ("changed", ["config.max_results"], [])


def test_a_dry_run_writes_nothing(cli: Cli, own: Path, registry: Registry) -> None:
    shown = cli.scheduler("load-preset", "--preset", "mine", "--dry-run")

    assert shown.lines[1].endswith(
        "added   daily 06:00 UTC  Tue 2026-03-03 06:00 UTC  +7 fires (06:00 UTC)"
    )
    assert shown.err == "would load preset mine: 2 added\n"
    assert registry.app.tasks.all() == []


def test_a_disabled_task_stays_disabled(cli: Cli, own: Path) -> None:
    cli.scheduler("load-preset", "--preset", "mine")
    cli.scheduler("disable-task", "first")
    own.write_text(PRESET.replace('name = "Second"', 'name = "Second"\nenabled = false'))

    shown = cli.scheduler("load-preset", "--preset", "mine", "--dry-run")

    assert [" ".join(line.split()) for line in shown.lines[1:]] == [
        "= first kept daily 06:00 UTC disabled yours kept: enabled",
        "~ second changed every 2h disabled"
        " -84 fires (Mon 14:00, Mon 16:00, Mon 18:00, ... UTC) changed: enabled",
    ]


def test_a_task_made_by_hand_is_kept(cli: Cli, own: Path, registry: Registry) -> None:
    registry.task("first", name="By hand")

    assert actions(cli)["first"][0] == "kept"
    assert registry.app.tasks.get("first").name == "By hand"


@pytest.mark.parametrize(
    ("name", "code", "hint"),
    [("mien", 5, "did you mean: mine ?"), ("research", 0, "3 added"), ("default", 0, "6 added")],
)
def test_presets_are_known_by_name(cli: Cli, own: Path, name: str, code: int, hint: str) -> None:
    shown = cli.scheduler("load-preset", "--preset", name)

    assert shown.code == code
    assert hint in shown.err


def test_a_broken_preset_is_a_configuration_error(cli: Cli, own: Path) -> None:
    own.write_text("[tasks.first]\nname = 3\n")

    shown = cli.scheduler("load-preset", "--preset", "mine")

    assert shown.code == 78
    assert f"{own}:2: task 'first': name is 3, must be a text" in shown.err


# --- presets ----------------------------------------------------------------------------------


def test_presets_are_listed_with_where_they_are_from(cli: Cli, own: Path) -> None:
    (own.parent / "broken.toml").write_text("tasks = 3")
    (own.parent / "research.toml").write_text(PRESET)

    shown = cli("presets", "list")
    records = {each["name"]: each for each in json.loads(cli("presets", "list", "--json").out)}

    assert shown.lines[0].split() == ["NAME", "TASKS", "FROM", "DESCRIPTION"]
    assert "mine             2  you       Mine" in shown.lines
    assert any("broken           0  built-in  can not be used: " in line for line in shown.lines)
    assert records["default"]["built_in"]
    assert records["research"]["shadows"].endswith("research.toml")
    assert records["broken"]["error"]


def test_a_preset_is_shown_task_by_task(cli: Cli, own: Path) -> None:
    shown = cli("presets", "show", "mine")

    assert shown.lines == [
        "ID      TYPE   SCHEDULE         NAME",
        "first   arxiv  daily 06:00 UTC  First",
        "second  arxiv  every 2h         Second",
    ]
    assert shown.err == f"mine: Mine\n{own}\n"


def test_a_preset_as_json_has_definitions(cli: Cli, own: Path) -> None:
    first, _ = json.loads(cli("presets", "show", "mine", "--json").out)

    assert first["id"] == "first"
    assert first["definition"]["schedule"] == "daily_at_06:00"


def test_a_preset_that_is_not_there_exits_5(cli: Cli) -> None:
    shown = cli("presets", "show", "defualt")

    assert shown.code == 5
    assert "did you mean: default ?" in shown.err


BAD = {
    "key": (PRESET.replace("search_query", "serch_query"), 78, "mine.toml:8: task 'first'"),
    "type": (PRESET.replace('"arxiv"', '"arxive"'), 78, "mine.toml:6: task 'first': unknown"),
    "toml": (PRESET.replace('"First"', '"First'), 78, "mine.toml:5: not valid TOML"),
    "schedule": (PRESET.replace("daily_at_06", "daily_at_26"), 78, "mine.toml:7: task 'first'"),
}


@pytest.mark.parametrize("fault", BAD)
def test_a_fault_is_named_with_its_line(cli: Cli, own: Path, fault: str) -> None:
    text, code, message = BAD[fault]
    own.write_text(text)

    shown = cli("presets", "validate", own)

    assert (shown.code, shown.out) == (code, "")
    assert message in shown.err


def test_every_file_is_checked(cli: Cli, own: Path, tmp_path: Path) -> None:
    shown = cli("presets", "validate", tmp_path / "nothing.toml", own)

    assert (shown.code, shown.out) == (5, f"ok {own}: 2 tasks\n")


def test_the_presets_that_come_with_it_are_valid(cli: Cli) -> None:
    folder = Path(__file__).parents[3] / "presets"

    assert cli("presets", "validate", *sorted(folder.glob("*.toml"))).code == 0


def test_an_export_loads_back_to_the_same_tasks(
    cli: Cli, own: Path, registry: Registry, tmp_path: Path
) -> None:
    cli.scheduler("load-preset", "--preset", "mine")
    target = tmp_path / "copy.toml"

    shown = cli("presets", "export", "copy", "--to", target, "--description", "A copy")

    preset = validate_file(target)
    assert (shown.code, shown.err) == (0, f"written to {target}\n")
    assert preset.description == "A copy"
    assert {each.id: each for each in preset.tasks} == {
        each.id: each.definition for each in registry.app.tasks.all()
    }


def test_an_export_goes_to_stdout_by_itself(cli: Cli, own: Path) -> None:
    cli.scheduler("load-preset", "--preset", "mine")

    shown = cli("presets", "export", "copy", "second")

    assert "[tasks.second]" in shown.lines
    assert "[tasks.first]" not in shown.lines


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["copy", "secnd"], 5, "did you mean: second ?"),
        (["co py"], 2, "can not be the name of a preset"),
        (["copy", "--to", "/nowhere/copy.toml"], 2, "can not be written"),
    ],
)
def test_what_can_not_be_exported_is_refused(
    cli: Cli, own: Path, arguments: list[str], code: int, message: str
) -> None:
    cli.scheduler("load-preset", "--preset", "mine")

    shown = cli("presets", "export", *arguments)

    assert shown.code == code
    assert message in shown.err


def test_an_export_never_overwrites(cli: Cli, own: Path) -> None:
    cli.scheduler("load-preset", "--preset", "mine")

    assert cli("presets", "export", "copy", "--to", own).code == 6
    assert own.read_text() == PRESET
