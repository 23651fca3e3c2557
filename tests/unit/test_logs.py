"""How log lines look, for people and for programs."""

import json
import logging
from collections.abc import Iterator

import pytest

from stoma import logs


@pytest.fixture(autouse=True)
def root() -> Iterator[None]:
    before = logging.getLogger().handlers[:], logging.getLogger().level
    yield
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
