"""`stoma items export`, `watch` and `prune`: what leaves the registry, and what goes from it."""

import csv
import io
import json
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from stoma.domain.item import ItemKind
from stoma.operations.items import watch_items
from stoma.storage.item_lines import ItemFilter
from stoma.storage.read import reading
from tests.fakes import START, FakeClock
from tests.makers import make_item
from tests.unit.cli.support import Cli, Registry, Terminal

PAPER = make_item("1", title="=1+1 \x1b]0;x\x07")
REPOSITORY = make_item("2", source="github", kind=ItemKind.REPOSITORY, title="owner/name")
#: Longer than anything here takes; only a failure waits for it.
PATIENCE = 60.0


@pytest.fixture
def items(registry: Registry) -> Registry:
    registry.task("papers")
    registry.task("others")
    registry.ran("papers", at=START - timedelta(days=40), items=[PAPER])
    registry.ran("others", at=START, items=[REPOSITORY])
    return registry


# --- export -----------------------------------------------------------------------------------


def test_items_are_lines_of_json_unless_something_else_is_said(cli: Cli, items: Registry) -> None:
    shown = cli("items", "export")

    assert [json.loads(line)["id"] for line in shown.lines] == ["1", "2"]
    assert shown.err == "2 items exported as jsonl\n"


@pytest.mark.parametrize(
    ("arguments", "left_out"),
    [(["--source", "arxiv"], 0), (["--task", "papers"], 0), (["-n", "1"], 0), ([], 1)],
)
def test_bibtex_holds_papers_and_says_what_it_leaves_out(
    cli: Cli, items: Registry, arguments: list[str], left_out: int
) -> None:
    shown = cli("items", "export", "-f", "bibtex", *arguments)

    assert shown.out.count("@misc{") == 1
    assert ("1 item left out: bibtex holds paper items only\n" in shown.err) == bool(left_out)


def test_a_file_tells_its_form_and_is_there_whole(
    cli: Cli, items: Registry, tmp_path: Path
) -> None:
    file = tmp_path / "out.csv"

    shown = cli("items", "export", file)

    rows = list(csv.DictReader(io.StringIO(file.read_text())))
    assert [row["id"] for row in rows] == ["1", "2"]
    assert rows[0]["title"].startswith("'=1+1")
    assert shown.err == f"2 items exported to {file} as csv\n"
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["out.csv"]
    assert stat.S_IMODE(file.stat().st_mode) & 0o600 == 0o600


def test_a_file_is_replaced_only_if_that_is_wanted(
    cli: Cli, items: Registry, tmp_path: Path
) -> None:
    file = tmp_path / "out.jsonl"
    file.write_text("mine")

    refused = cli("items", "export", file)

    assert (refused.code, file.read_text()) == (6, "mine")
    assert cli("items", "export", file, "--force").code == 0
    assert len(file.read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("name", "arguments", "code", "message"),
    [
        ("", ["-f", "csvv"], 2, "did you mean: csv ?"),
        ("out.txt", [], 2, "is not told by its name"),
        ("out.txt", ["--task", "nobody"], 2, "is not told"),
        ("out.csv", ["--task", "papres"], 5, "did you mean: papers ?"),
        ("no/such/folder/out.csv", [], 1, "can not be written"),
        (".", ["-f", "csv"], 2, "is a folder"),
    ],
)
def test_what_can_not_be_written_is_explained_and_leaves_nothing(
    cli: Cli,
    items: Registry,
    tmp_path: Path,
    name: str,
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    shown = cli("items", "export", *([tmp_path / name] if name else []), *arguments)

    assert (shown.code, message in shown.err) == (code, True)
    assert not [each for each in tmp_path.iterdir() if each.is_file()]


def test_a_terminal_obeys_nothing_and_gets_no_binary(
    cli: Cli, items: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)

    binary = cli("items", "export", "-f", "parquet")
    cli("items", "export", "-f", "csv")

    assert (binary.code, "\x1b" in terminal.getvalue()) == (2, False)
    assert "\\x1b]0;x\\x07" in terminal.getvalue()


def test_without_a_registry_an_export_is_empty(cli: Cli) -> None:
    assert cli("items", "export", "-f", "csl-json").out == "[]\n"


# --- watch ------------------------------------------------------------------------------------


class Enough(Exception):
    """Ends a watch."""


def steps(*actions: Callable[[], object]) -> Callable[[], None]:
    left = list(actions)

    def pause() -> None:
        if not left:
            raise Enough
        left.pop(0)()

    return pause


def test_a_watch_begins_with_the_last_ones_and_goes_on_with_the_new(items: Registry) -> None:
    def collect(*names: str) -> Callable[[], object]:
        return lambda: items.ran("papers", items=[make_item(name) for name in names])

    pause = steps(collect("3", "4"), lambda: None, collect("1"), collect("5"))
    with reading(items.app.paths.database) as reader:
        assert reader is not None
        batches = watch_items(reader, ItemFilter(source="arxiv"), last=5, pause=pause)
        seen = [[each.natural_id for each in next(batches)] for _ in range(3)]

        with pytest.raises(Enough):
            next(batches)

    assert seen == [["1"], ["3", "4"], ["5"]]


class EndingClock(FakeClock):
    """Somebody presses Ctrl-C while a command waits."""

    def sleep(self, seconds: float) -> None:
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("arguments", "first"),
    [
        ([], "12:01:00Z  2             owner/name  (José Raúl Romero)"),
        (["-o", "name"], "2"),
        (["-o", "tsv", "--fields", "id,kind"], "id\tkind"),
        (["-o", "jsonl", "--fields", "id"], '{"id": "2"}'),
    ],
)
def test_a_watch_is_read_by_people_and_programs(
    home: Path,
    items: Registry,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    first: str,
) -> None:
    shown = Cli(capsys, EndingClock())("items", "watch", "-n", "1", *arguments)

    assert (shown.code, shown.lines[0], shown.err) == (130, first, "")


def test_what_never_ends_is_no_array(cli: Cli, items: Registry) -> None:
    assert cli("items", "watch", "--json").code == 2


def test_without_a_registry_there_is_nothing_to_watch(cli: Cli) -> None:
    assert "begin with" in cli("items", "watch").err


def test_ctrl_c_ends_a_watch_in_silence(home: Path, items: Registry) -> None:
    command = [sys.executable, "-m", "stoma", "items", "watch", "-o", "name"]
    child = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ}
    )
    timer = threading.Timer(PATIENCE, child.kill)
    timer.start()
    assert child.stdout is not None
    assert child.stdout.readline() == "1\n"
    child.send_signal(signal.SIGINT)
    _, err = child.communicate()
    timer.cancel()

    assert (child.returncode, err) == (130, "")


# --- prune ------------------------------------------------------------------------------------


def test_a_trial_says_what_would_go_and_does_nothing(cli: Cli, items: Registry) -> None:
    shown = cli("items", "prune", "--unseen-for", "30d", "--dry-run")

    assert shown.out == "would delete 1 item\n"
    assert cli("items", "list", "-o", "name").lines == ["2", "1"]


def test_old_items_go(cli: Cli, items: Registry) -> None:
    assert cli("items", "prune", "--unseen-for", "30d", "--yes").out == "deleted 1 item\n"
    assert cli("items", "list", "-o", "name").lines == ["2"]
    assert cli("items", "prune", "--unseen-for", "30d").out == "nothing to delete\n"


def test_versions_and_answers_go(cli: Cli, items: Registry) -> None:
    items.ran("papers", items=[make_item("1", title="Other")])
    items.clock.advance(timedelta(hours=1))

    shown = cli("items", "prune", "--keep-versions", "1", "--answers-older-than", "1m", "--yes")

    assert shown.out.startswith("deleted 1 version, ")
    assert "(dropped)" in cli("items", "show", "2").out


def test_what_tasks_go_on_from_stays_and_is_told(cli: Cli, items: Registry) -> None:
    with items.app.database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO cursors SELECT task_id, 'q', '{}', 1, id, ended_at FROM runs WHERE id = 1"
        )

    shown = cli("items", "prune", "--unseen-for", "30d", "--yes")

    assert (shown.out, shown.err) == (
        "nothing to delete\n",
        "note: kept, because tasks go on from them: 1 item\n",
    )


def test_a_person_is_asked(cli: Cli, items: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cli("items", "prune", "--unseen-for", "30d").code == 2
    answers = Terminal("no\n")
    monkeypatch.setattr("sys.stdin", answers)
    monkeypatch.setattr("sys.stderr", Terminal())

    assert cli("items", "prune", "--unseen-for", "30d").code == 1
    assert cli("items", "list", "-o", "name").lines == ["2", "1"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "nothing says what may go"),
        (["--unseen-for", "long"], "--unseen-for is 'long'"),
        (["--unseen-for", "9999999d"], "so long ago there was nothing"),
        (["--answers-older-than", "1d", "--kind", "paper"], "can be chosen by --source only"),
    ],
)
def test_what_makes_no_sense_is_refused(
    cli: Cli, items: Registry, arguments: list[str], message: str
) -> None:
    shown = cli("items", "prune", "--yes", *arguments)

    assert (shown.code, message in shown.err) == (2, True)
