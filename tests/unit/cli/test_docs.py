"""The reference pages say what the program does."""

import inspect
import json
import re
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stoma.cli.audit.verify_log import verdict_view
from stoma.cli.audit.views import entry_view
from stoma.cli.db.check_registry import check_view
from stoma.cli.db.show_path import path_view
from stoma.cli.doctor import result_view
from stoma.cli.items.coverage_page import day_view as covered_day_view
from stoma.cli.items.difference import change_view
from stoma.cli.items.page import item_detail_view
from stoma.cli.items.reparse_items import reparse_view
from stoma.cli.items.stats_page import stats_view
from stoma.cli.items.views import item_view
from stoma.cli.main import command_tree
from stoma.cli.notify.list_notices import notice_view
from stoma.cli.notify.try_channels import tried_view
from stoma.cli.presets.views import preset_view
from stoma.cli.presets.views import task_view as preset_task_view
from stoma.cli.scheduler.applied import apply_view
from stoma.cli.scheduler.filling import filling_view
from stoma.cli.scheduler.fires import fire_view
from stoma.cli.scheduler.forecast_page import forecast_view
from stoma.cli.scheduler.hole_page import hole_view
from stoma.cli.scheduler.loaded import load_view
from stoma.cli.scheduler.month import day_view
from stoma.cli.scheduler.run_page import run_detail_view
from stoma.cli.scheduler.status_page import status_view
from stoma.cli.scheduler.task_page import task_detail_view
from stoma.cli.scheduler.views import coming_view, run_view, task_view
from stoma.cli.scheduler.why_page import answer_view
from stoma.cli.secrets.list_secrets import secret_view
from stoma.cli.service.status import standing_view
from stoma.cli.times import Times
from stoma.cli.tokens.list_tokens import token_view
from stoma.cli.topics import EXIT_CODES
from stoma.cli.users.list_users import user_view
from stoma.exceptions import StomaError
from stoma.operations.coming import Month, Outlook
from stoma.operations.export_state import scheduler_state
from tests.unit.cli.support import Cli

ROOT = Path(__file__).parents[3]
REFERENCE = ROOT / "docs" / "reference"
NOW = datetime(2026, 3, 2, tzinfo=UTC)
TIMES = Times(NOW)
OUTLOOK = Outlook(task_id=None, timezone="UTC", words="", fires=(), warnings=())
MONTH = Month(year=2026, month=3, timezone="UTC", after=NOW, until=NOW, days={}, tasks=())

TASK, RUN = list(task_view(TIMES).fields), list(run_view(TIMES).fields)
#: heading -> the fields that the page has to name under it
SHAPES: dict[str, Iterable[str]] = {
    "list-tasks, next": TASK,
    "show-task": [name for name in task_detail_view(TIMES).fields if name not in TASK],
    "history, run-task": RUN,
    "show-run": [name for name in run_detail_view().fields if name not in RUN],
    "next TASK_ID, next --schedule": fire_view(OUTLOOK, TIMES).fields,
    "simulate": forecast_view().fields,
    "why": answer_view().fields,
    "backfill": filling_view(dry_run=True).fields,
    "calendar": day_view(MONTH).fields,
    "status": status_view(Path("x")).fields,
    "load-preset": load_view(TIMES).fields,
    "apply": apply_view(TIMES).fields,
    "presets list": preset_view(Path("x")).fields,
    "presets show": preset_task_view("UTC").fields,
    "items list, items search": item_view(TIMES).fields,
    "items show": item_detail_view().fields,
    "items diff": change_view("x", 1, 2).fields,
    "items stats": stats_view().fields,
    "items coverage": covered_day_view("papers").fields,
    "items reparse": reparse_view(dry_run=True).fields,
    "backfill --holes": hole_view(dry_run=True).fields,
    "export-state": scheduler_state(None, Path("x"), NOW),
    "service status": standing_view().fields,
    "doctor": result_view().fields,
    "audit list": entry_view(TIMES).fields,
    "audit verify": verdict_view().fields,
    "secrets list": secret_view().fields,
    "users list": user_view(TIMES).fields,
    "tokens list": token_view(TIMES).fields,
    "notify test": tried_view().fields,
    "notify list, notify flush": notice_view(TIMES).fields,
    "db check": check_view(Path("x")).fields,
    "db path": path_view().fields,
}


def documented() -> dict[str, list[str]]:
    parts = re.split(r"^## ", (REFERENCE / "json.md").read_text(), flags=re.MULTILINE)[1:]
    return {
        part.partition("\n")[0]: re.findall(r"^\| `(\w+)` \|", part, flags=re.MULTILINE)
        for part in parts
    }


@pytest.mark.parametrize("heading", SHAPES)
def test_every_json_field_is_documented_in_its_order(heading: str) -> None:
    assert documented()[heading] == list(SHAPES[heading])


def test_no_shape_is_documented_that_does_not_exist() -> None:
    assert set(documented()) == {*SHAPES, "config show", "config path"}


@pytest.mark.parametrize(("heading", "command"), [("config show", "show"), ("config path", "path")])
def test_every_field_of_the_settings_is_documented(cli: Cli, heading: str, command: str) -> None:
    found = json.loads(cli("config", command, "--json").out)

    assert documented()[heading] == list(found[0] if isinstance(found, list) else found)


def test_next_and_list_tasks_have_one_shape() -> None:
    assert list(coming_view(TIMES).fields) == TASK


def test_the_generated_pages_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "docs", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


def test_every_command_is_in_the_manual() -> None:
    manual = (REFERENCE / "cli.md").read_text()
    root = command_tree()
    names = [
        f"stoma {name} {sub}"
        for name in root.list_commands(None)
        for sub in getattr(root.commands.get(name), "commands", ())
    ]

    assert len(names) > 20
    assert [name for name in names if f"## {name}\n" not in manual] == []


def test_every_exit_code_of_an_error_is_documented() -> None:
    def errors(kind: type[StomaError]) -> Iterable[type[StomaError]]:
        yield kind
        for each in kind.__subclasses__():
            yield from errors(each)

    assert {each.exit_code for each in errors(StomaError)} <= set(EXIT_CODES)


def test_every_command_says_in_a_line_what_it_does() -> None:
    root = command_tree()
    for name in root.list_commands(None):
        group = root.commands.get(name)
        for sub in getattr(group, "commands", {}):
            help_text = inspect.cleandoc(group.commands.get(sub).help)
            first, _, rest = help_text.partition("\n")
            assert first.endswith("."), f"{name} {sub}"
            assert not rest or rest.startswith("\n"), f"{name} {sub}"
