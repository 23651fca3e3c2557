"""Preset files: what is read, and what is refused and how."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stoma.domain.task import (
    DEFINITION_FIELDS,
    Task,
)
from stoma.exceptions import NotFoundError, PresetError
from stoma.presets import (
    Preset,
    task_to_table,
    validate_file,
)
from tests.unit.presets.common import PAPERS, SHORT, WHOLE, law

# Reading.


def test_every_key_of_a_task_can_be_written(read: Callable[[str], Preset]) -> None:
    preset = read(WHOLE)

    assert (preset.name, preset.description, preset.tasks) == ("p", "Papers", (PAPERS,))
    assert set(task_to_table(PAPERS)) | {"id"} == set(DEFINITION_FIELDS)


def test_what_is_left_out_is_the_default(read: Callable[[str], Preset]) -> None:
    preset = read(SHORT)

    assert preset.description == ""
    assert preset.tasks == (Task(id="a", name="A", type="arxiv", schedule="hourly"),)


def test_a_schedule_may_be_a_table(read: Callable[[str], Preset]) -> None:
    text = SHORT.replace('"hourly"', '{ type = "daily", hour = 14, minute = 30 }')

    assert read(text).tasks[0].schedule == {"type": "daily", "hour": 14, "minute": 30}


def test_tasks_keep_the_order_of_the_file(read: Callable[[str], Preset]) -> None:
    text = "".join(SHORT.replace(".a]", f".{name}]") for name in "cab")

    assert [task.id for task in read(text).tasks] == ["c", "a", "b"]


def test_a_key_is_found_on_its_line(read: Callable[[str], Preset], tmp_path: Path) -> None:
    preset = read(WHOLE)

    assert preset.where("tasks", "papers", "config", "max_results") == f"{tmp_path}/p.toml:33"
    assert preset.where("tasks", "papers", "config", "sort_by") == f"{tmp_path}/p.toml:31"
    assert preset.where("tasks", "papers", "schedule") == f"{tmp_path}/p.toml:7"
    assert preset.where("nothing") == f"{tmp_path}/p.toml:1"


def test_values_over_several_lines_do_not_shift_the_lines(read: Callable[[str], Preset]) -> None:
    text = SHORT + 'tags = [\n  "x",\n]\n[tasks.a.config]\nquery = """\nname = 1\n"""\nlast = 1\n'

    preset = read(text)

    assert preset.positions["tasks", "a", "tags"] == 5
    assert preset.positions["tasks", "a", "config", "query"] == 9
    assert preset.positions["tasks", "a", "config", "last"] == 12


def test_a_byte_order_mark_and_windows_lines_are_no_fault(
    read: Callable[[bytes], Preset],
) -> None:
    preset = read(b"\xef\xbb\xbf" + SHORT.replace("\n", "\r\n").encode())

    assert preset.tasks[0].id == "a"


# What is refused, and how.


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ('prioriti = "high"', "there is no key 'prioriti'", "did you mean: priority ?"),
        ("zzzzzz = 1", "there is no key 'zzzzzz'", "keys of a task: name, description, type"),
        (
            'priority = "hihg"',
            "priority is 'hihg', must be 'critical', 'high', 'normal' or 'low'",
            "did you mean: high ?",
        ),
        (
            'overlap = "stop"',
            "overlap is 'stop', must be 'skip', 'queue_one', 'replace' or 'allow'",
            "",
        ),
        ('max_retries = "3"', "max_retries is '3', must be a whole number", ""),
        ("max_retries = 3.0", "max_retries is 3.0, must be a whole number", ""),
        ("max_retries = true", "max_retries is True, must be a whole number", ""),
        ("max_retries = -1", "max_retries is -1, must be 0 or more", ""),
        ('timeout_seconds = "1h"', "timeout_seconds is '1h', must be a number", ""),
        ("timeout_seconds = 0", "timeout_seconds is 0.0, must be 0.001 or more", ""),
        ("timeout_seconds = inf", "timeout_seconds is inf, must be plain data", ""),
        ('enabled = "yes"', "enabled is 'yes', must be true or false", ""),
        ('tags = "ai"', "tags is 'ai', must be an array of texts", ""),
        ('tags = ["ai", 1]', "tags is ['ai', 1], must be an array of texts", ""),
        ("owner = 3", "owner is 3, must be a text", ""),
        ('config = "x"', "config is 'x', must be a table", ""),
        (
            "config.since = 2026-01-01",
            "config.since is 2026-01-01, must be plain data",
            "write dates and times as texts, in quotes",
        ),
        (
            'timezone = "Europe/Berln"',
            "timezone: unknown time zone 'Europe/Berln'",
            "did you mean: Europe/Berlin ?",
        ),
        (f'owner = ["{"x" * 100}"]', f"owner is ['{'x' * 75}..., must be a text", ""),
    ],
)
def test_a_wrong_key_is_named_with_file_line_task_and_way_out(
    read: Callable[[str], Preset], tmp_path: Path, line: str, message: str, hint: str
) -> None:
    with pytest.raises(PresetError) as caught:
        read(f"{SHORT}{line}\n")

    assert str(caught.value) == f"{tmp_path}/p.toml:5: task 'a': {message}"
    assert caught.value.hint.startswith(hint)
    assert bool(caught.value.hint) == bool(hint)
    assert caught.value.exit_code == 78


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SHORT.replace('name = "A"\n', ""), ":1: task 'a': name is missing"),
        (SHORT.replace('"A"', '" "'), ":2: task 'a': needs a name"),
        (SHORT.replace(".a]", '."a b"]'), ":1: task 'a b': task id 'a b' can not be used"),
        (SHORT + 'id = "a"', ":5: task 'a': there is no key 'id'"),
        (
            SHORT.replace('"hourly"', "60"),
            ":4: task 'a': schedule is 60, must be a text or a table",
        ),
        ('tasks.a = "x"', ":1: task 'a': must be a table"),
        ("\n[[tasks]]\nname = 'A'", ":2: there are no tasks"),
        ('description = "x"', ":1: there are no tasks"),
        ("", ":1: there are no tasks"),
        (f"description = 3\n{SHORT}", ":1: description must be a text"),
        (f"{SHORT}[taks.b]", ":5: there is no key 'taks'"),
        (f"{SHORT}{SHORT}", ":5: not valid TOML: cannot declare ('tasks', 'a') twice"),
        (f'{SHORT}name = "B"', ":5: not valid TOML: cannot overwrite a value"),
        (SHORT[:-3], ":4: not valid TOML: "),
        (f"{SHORT}tags = [", ":5: not valid TOML: "),
    ],
)
def test_a_wrong_file_is_named_with_its_line(
    read: Callable[[str], Preset], tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(PresetError) as caught:
        read(text)

    assert str(caught.value).startswith(f"{tmp_path}/p.toml{message}")


def test_a_wrong_schedule_is_named_with_what_is_meant(
    read: Callable[[str], Preset], tmp_path: Path
) -> None:
    with pytest.raises(PresetError) as caught:
        read(SHORT.replace("hourly", "houry"))

    assert str(caught.value).startswith(f"{tmp_path}/p.toml:4: task 'a': schedule 'houry': ")
    assert "hourly" in caught.value.hint


def test_every_fault_of_a_file_is_reported_at_once(read: Callable[[str], Preset]) -> None:
    text = SHORT.replace("hourly", "houry") + "max_retries = -1\n" + SHORT.replace(".a]", ".b]")

    with pytest.raises(PresetError) as caught:
        read(f"{text}\nprio = 1\n")

    faults = str(caught.value).split("; ")
    assert len(faults) == 3
    assert "p.toml:5: task 'a': max_retries is -1" in str(caught.value)
    assert "p.toml:4: task 'a': schedule 'houry'" in str(caught.value)
    assert "p.toml:11: task 'b': there is no key 'prio'" in str(caught.value)


def test_a_file_of_another_encoding_is_refused(read: Callable[[bytes], Preset]) -> None:
    with pytest.raises(PresetError, match=r"p\.toml: can not be read: 'utf-8' codec"):
        read("description = 'é'".encode("latin-1"))


def test_a_folder_is_no_preset(tmp_path: Path) -> None:
    with pytest.raises(PresetError, match="can not be read: Is a directory"):
        validate_file(tmp_path)


def test_a_file_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        validate_file(tmp_path / "p.toml")

    assert str(caught.value) == f"no preset file '{tmp_path}/p.toml'"


@law
@given(cut=st.integers(0, len(WHOLE)))
@example(cut=len(WHOLE) - 1)
def test_a_file_that_is_cut_off_is_refused_or_whole_so_far(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    file = tmp_path_factory.mktemp("cut") / "p.toml"
    file.write_text(WHOLE[:cut])

    try:
        preset = validate_file(file)
    except PresetError as error:
        assert str(error).startswith(f"{file}:")  # noqa: PT017 - some cuts are no error
    else:
        assert preset.tasks[0].schedule == PAPERS.schedule
