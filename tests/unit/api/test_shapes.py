"""The API's JSON is the command line's: the same fields with the same values."""

import json
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from stoma.cli.main import invoke
from tests.web import Site


def told(site: Site, *arguments: str) -> Any:
    """Return what a command prints with --json."""
    home = site.app.paths.home
    text, before = StringIO(), sys.stdout
    sys.stdout = text
    try:
        invoke(["--home", str(home), *arguments, "--json"], clock=site.clock)
    finally:
        sys.stdout = before
    return json.loads(text.getvalue())


S = "/api/scheduler"
PAIRS = {
    f"{S}/status": ("scheduler", "status"),
    f"{S}/tasks": ("scheduler", "list-tasks"),
    f"{S}/tasks/papers": ("scheduler", "show-task", "papers"),
    f"{S}/tasks/papers/upcoming?count=10": ("scheduler", "next", "papers"),
    f"{S}/tasks/papers/why": ("scheduler", "why", "papers"),
    f"{S}/history": ("scheduler", "history"),
    f"{S}/history?task_id=papers&limit=1": ("scheduler", "history", "papers", "-n", "1"),
    f"{S}/runs/1": ("scheduler", "show-run", "1"),
    f"{S}/calendar?month=2026-03": ("scheduler", "calendar", "2026-03"),
    f"{S}/simulate?days=0.1": ("scheduler", "simulate", "--days", "0.1"),
    f"{S}/presets": ("presets", "list"),
    f"{S}/presets/research": ("presets", "show", "research"),
    f"{S}/settings": ("config", "show"),
    "/api/items": ("items", "list"),
    "/api/items/2203.00001": ("items", "show", "2203.00001"),
    "/api/items/search?q=testing": ("items", "search", "testing"),
}


@pytest.mark.parametrize("path", PAIRS)
def test_the_api_answers_what_the_command_prints(
    web: Site, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(web.app.paths.data_dir)
    web.task("papers", schedule="daily_at_09:00", timezone="Europe/Berlin")
    web.run("papers", log="a line\n")
    web.item("papers")

    answer = web.get(path)

    assert answer.status_code == 200
    assert answer.json() == told(web, *PAIRS[path])


def test_a_preset_that_is_loaded_is_told_alike(web: Site, tmp_path: Path) -> None:
    tried = web.send("POST", f"{S}/presets/research?dry_run=true").json()

    assert tried == told(web, "scheduler", "load-preset", "--preset", "research", "--dry-run")


def test_a_backfill_is_told_alike(web: Site) -> None:
    web.task("papers", schedule="daily_at_09:00")
    begin = "2026-02-27T00:00:00+00:00"

    tried = web.send(
        "POST", f"{S}/tasks/papers/backfill", json={"from": begin, "dry_run": True}
    ).json()

    assert tried == told(web, "scheduler", "backfill", "papers", "--from", begin, "--dry-run")
