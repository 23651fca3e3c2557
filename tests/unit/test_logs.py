"""How log lines look, for people and for programs."""

import io
import json
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stoma import logs
from stoma.exceptions import SettingsError
from stoma.settings.log_setup import begin_log
from stoma.settings.service import LoggingSettings


@pytest.fixture(autouse=True)
def root() -> Iterator[None]:
    before = logging.getLogger().handlers[:], logging.getLogger().level
    yield
    logs.configure("WARNING")  # closes a file
    logging.getLogger().handlers[:] = before[0]
    logging.getLogger().setLevel(before[1])


def test_a_line_for_people_obeys_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO")

    logging.getLogger("stoma.x").info("task %s", "a\x1b[31m")

    assert capsys.readouterr().err.endswith("Z INFO    task a\\x1b[31m\n")


def test_a_line_for_programs_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO", form="json")

    try:
        int("two\nlines")
    except ValueError:
        logging.getLogger("stoma.x").exception("it \x1b broke")

    (line,) = capsys.readouterr().err.splitlines()
    said = json.loads(line)
    assert (said["level"], said["logger"], said["message"]) == ("ERROR", "stoma.x", "it \x1b broke")
    assert said["traceback"].startswith("Traceback")
    assert "\x1b" not in line


def test_what_is_less_severe_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("WARNING")

    logging.getLogger("stoma.x").info("unheard")

    assert capsys.readouterr().err == ""


# --- the journal ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "priority"),
    [("DEBUG", 7), ("INFO", 6), ("WARNING", 4), ("ERROR", 3), ("CRITICAL", 2)],
)
def test_the_journal_is_told_how_bad_a_line_is(
    capsys: pytest.CaptureFixture[str], level: str, priority: int
) -> None:
    logs.configure("DEBUG", journal=True)

    logging.getLogger("stoma.x").log(logging.getLevelName(level), "it happened")

    assert capsys.readouterr().err == f"<{priority}>{level:<7} it happened\n"


def test_every_line_of_a_traceback_has_the_priority(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO", journal=True)

    try:
        int("x")
    except ValueError:
        logging.getLogger("stoma.x").exception("broken")

    lines = capsys.readouterr().err.splitlines()
    assert len(lines) > 3
    assert all(line.startswith("<3>") for line in lines)


def test_json_goes_to_the_journal_with_priorities(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO", form="json", journal=True)

    logging.getLogger("stoma.x").warning("careful")

    line = capsys.readouterr().err
    assert json.loads(line.removeprefix("<4>"))["message"] == "careful"


def test_stderr_leads_to_the_journal_if_it_is_that_very_stream(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with (tmp_path / "stream").open("w") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        there = os.fstat(stream.fileno())

        assert logs.to_journal(f"{there.st_dev}:{there.st_ino}")
        assert not logs.to_journal(f"{there.st_dev}:{there.st_ino + 1}")
        assert not logs.to_journal("")
        # A handler of pytest's, or a closed stream, has no number.
        monkeypatch.setattr(sys, "stderr", io.StringIO())
        assert not logs.to_journal("8:1")


# --- the file -------------------------------------------------------------------------------------


def test_a_file_that_is_full_makes_room(tmp_path: Path) -> None:
    path = tmp_path / "log" / "stoma.log"
    logs.configure("INFO", file=logs.LogFile(path, most_bytes=200, count=2))

    for number in range(20):
        logging.getLogger("stoma.x").info("line %d", number)

    names = sorted(each.name for each in path.parent.iterdir())
    assert names == ["stoma.log", "stoma.log.1", "stoma.log.2"]
    assert all(each.stat().st_size <= 200 for each in path.parent.iterdir())
    assert path.read_text().endswith("INFO    line 19\n")


def test_the_file_has_moments_where_the_journal_has_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "stoma.log"
    logs.configure("INFO", journal=True, file=logs.LogFile(path, most_bytes=10_000, count=1))

    logging.getLogger("stoma.x").info("hello")

    assert capsys.readouterr().err == "<6>INFO    hello\n"
    assert path.read_text().endswith("Z INFO    hello\n")


def test_a_file_that_can_not_be_written_any_more_is_told_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = logs.LogFile(tmp_path / "stoma.log", most_bytes=1, count=1)
    logs.configure("INFO", file=file)
    (tmp_path / "stoma.log.1").mkdir()
    (tmp_path / "stoma.log.1" / "x").touch()

    for number in range(3):
        logging.getLogger("stoma.x").info("line %d", number)

    said = capsys.readouterr().err
    assert said.count("the log file can not be written") == 1
    assert said.count("INFO    line") == 3


def test_a_file_of_the_settings_that_can_not_be_opened_is_their_fault(tmp_path: Path) -> None:
    wanted = LoggingSettings(file=str(tmp_path))

    with pytest.raises(SettingsError, match="which can not be written: Is a directory") as caught:
        begin_log(wanted, file=True)

    assert caught.value.exit_code == 78


def test_the_settings_say_how_large_and_how_many(tmp_path: Path) -> None:
    wanted = LoggingSettings(file=str(tmp_path / "x.log"), file_megabytes=0.0001, file_count=1)

    begin_log(wanted, file=True)
    for number in range(10):
        logging.getLogger("stoma.x").warning("line %d of those", number)
    begin_log(wanted)  # without the file: it is closed

    assert sorted(each.name for each in tmp_path.iterdir()) == ["x.log", "x.log.1"]


# --- runs -----------------------------------------------------------------------------------------


def test_every_line_of_a_run_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO", timestamps=False)
    log = logging.getLogger("stoma.x")

    log.info("run %d of task %s started", 7, "papers")
    with logs.about(7, "papers"):
        log.info("page %d stored", 1)
        log.info("run %d of task %s: attempt 1 started", 7, "papers")
    log.info("idle")

    assert capsys.readouterr().err.splitlines() == [
        "INFO    run 7 of task papers started",
        "INFO    run 7: page 1 stored",
        "INFO    run 7 of task papers: attempt 1 started",
        "INFO    idle",
    ]


def test_programs_get_the_run_in_fields_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO", form="json")
    log = logging.getLogger("stoma.x")

    log.info("run %d of task %s started", 7, "papers")
    with logs.about(8, "news"):
        log.info("page %d stored", 1)
    log.info("idle")

    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line.get("run_id"), line.get("task_id")) for line in lines] == [
        (7, "papers"),
        (8, "news"),
        (None, None),
    ]
