"""Parts that everything stands on: words, tables of parts, processes, the boundary."""

import os
import sys
from dataclasses import replace

import pytest

from stoma.boundary import exit_codes
from stoma.exceptions import NotFoundError, StomaError, UnknownTypeError
from stoma.processes import process_exists, started, this_process
from stoma.registry import Registry
from stoma.text import collapse, did_you_mean, safe


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ünï 现代", "plain ünï 现代"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("a\rb\x00c\x9b", "a\\x0db\\x00c\\x9b"),
        ("\u202eevil\u2066", "\\u202eevil\\u2066"),
        ("two\nlines\tand", "two lines and"),
        ("[/x] [bold]", "[/x] [bold]"),
    ],
)
def test_nothing_that_a_terminal_would_obey_is_left(text: str, shown: str) -> None:
    assert safe(text) == shown


def test_lines_can_be_kept() -> None:
    assert safe("a\nb\x1b", lines=True) == "a\nb\\x1b"


def test_white_space_collapses() -> None:
    assert collapse("  a\n\t b ") == "a b"


def test_a_near_word_is_offered_and_a_far_one_is_not() -> None:
    assert did_you_mean("arxvi", ["arxiv", "github"]) == "did you mean: arxiv ?"
    assert did_you_mean("zzz", ["arxiv"]) == ""


def test_a_table_of_parts_loads_what_is_asked_for() -> None:
    registry: Registry[object] = Registry("thing", {"safe": "stoma.text:safe"})

    assert list(registry) == ["safe"]
    assert "safe" in registry
    assert registry.get("safe") is safe
    with pytest.raises(UnknownTypeError, match="unknown thing 'saef'; known: safe") as caught:
        registry.get("saef")
    assert caught.value.hint == "did you mean: safe ?"


def test_an_installed_package_adds_a_part_and_replaces_none() -> None:
    # pytest's own entry points stand in for a package that adds a part.
    registry: Registry[object] = Registry(
        "script", {"pytest": "stoma.text:safe"}, group="console_scripts"
    )

    assert registry.get("pytest") is safe
    assert "coverage" in registry
    assert callable(registry.get("coverage"))


def test_this_process_is_alive_and_its_like_of_another_time_is_not() -> None:
    here = this_process("test")

    assert here.is_alive
    assert not replace(here, pid_started="1").is_alive
    assert not replace(here, boot_id="another").is_alive
    assert replace(here, host="elsewhere").is_alive


def test_processes_that_are_not_there() -> None:
    assert not process_exists(2**22 + 1)
    assert process_exists(os.getpid())
    assert process_exists(1)
    assert started(2**22 + 1) == ""


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (NotFoundError("task", "x\x1b", hint="see list-tasks"), 5, "error: no task 'x\\x1b'"),
        (StomaError("bad"), 1, "error: bad\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_errors_become_words_and_codes(
    capsys: pytest.CaptureFixture[str], error: BaseException, code: int, said: str
) -> None:
    with pytest.raises(SystemExit) as caught, exit_codes():
        raise error

    assert caught.value.code == code
    assert said in capsys.readouterr().err


def test_debugging_lets_tracebacks_through() -> None:
    with pytest.raises(StomaError), exit_codes(debug=True):
        raise StomaError("bad")


def test_a_bug_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError), exit_codes():
        sys.stdout.write(str(1 // 0))
