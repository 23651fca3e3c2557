"""Task files: the shapes that are read, and what is refused and how."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoma.domain.task import Task, TaskPriority
from stoma.exceptions import ConfigError, NotFoundError
from stoma.presets import dump_preset
from stoma.taskfiles.reading import (
    LARGEST_BYTES,
    read_task_file,
    task_paths,
)
from tests.makers import make_task
from tests.unit.presets.common import PAPERS, SHORT, WHOLE, law
from tests.unit.taskfiles.common import Read, refusal

YAML = """\
description: Papers
tasks:
  papers:
    name: New papers
    description: Everything
    type: arxiv
    schedule: daily_at_06:00
    timezone: Europe/Berlin
    priority: high
    enabled: false
    owner: me
    tags: [ai, papers]
    timeout_seconds: 600
    max_retries: 5
    retry_delay_seconds: 1.5
    catch_up: all
    max_catch_up: 3
    misfire_grace_seconds: 60
    overlap: queue_one
    jitter_seconds: 30
    on_interrupt: report
    retry_on: [network, timed_out]
    no_retry_on: [refused]
    after: [other, "backup:always"]
    only_if:
      - {type: variable, name: stage, equals: production}
    concurrency_key: disk
    max_running: 2
    memory_limit_mb: 512
    notify: [mail, "phone:dead"]
    config:
      search_query: cat:cs.AI
      max_results: 50
"""
SMALL = "tasks:\n  a:\n    name: A\n    type: arxiv\n    schedule: hourly\n"
# Our own shape.


def test_every_key_of_a_task_can_be_written_in_yaml(read: Read) -> None:
    assert read(YAML).tasks == (PAPERS,)


def test_a_preset_is_a_task_file(read: Read) -> None:
    file = read(WHOLE, "p.toml")

    assert file.tasks == (PAPERS,)
    assert file.where("papers", "config", "max_results").endswith("/p.toml:33")


def test_a_key_is_found_on_its_line(read: Read, tmp_path: Path) -> None:
    file = read(YAML)

    assert file.where("papers") == f"{tmp_path}/t.yaml:3"
    assert file.where("papers", "config", "max_results") == f"{tmp_path}/t.yaml:33"
    assert file.where("papers", "config", "sort_by") == f"{tmp_path}/t.yaml:31"


def test_tasks_may_be_a_list_with_ids(read: Read) -> None:
    text = (
        "tasks:\n- {id: a, name: A, type: arxiv, schedule: hourly}\n"
        "- {name: B c, type: arxiv, schedule: daily}\n"
    )

    assert [task.id for task in read(text).tasks] == ["a", "b_c"]


plain_texts = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=20)
definitions = st.builds(
    make_task,
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,9}", fullmatch=True),
    name=plain_texts.filter(lambda text: bool(text.strip())),
    description=plain_texts,
    schedule=st.sampled_from(["daily", {"type": "time_of_day", "hours": [0, 8]}]),
    priority=st.sampled_from(TaskPriority),
    tags=st.lists(plain_texts, max_size=3).map(tuple),
    config=st.dictionaries(
        plain_texts, st.one_of(plain_texts, st.integers(-9, 9), st.booleans()), max_size=3
    ),
)


@law
@given(tasks=st.lists(definitions, min_size=1, max_size=3, unique_by=lambda task: task.id))
def test_an_export_is_a_task_file_that_says_the_same(
    tmp_path_factory: pytest.TempPathFactory, tasks: list[Task]
) -> None:
    path = tmp_path_factory.mktemp("export") / "t.toml"
    path.write_text(dump_preset("t", "", tasks), encoding="utf-8")

    assert sorted(read_task_file(path).tasks, key=str) == sorted(tasks, key=str)


# What no shape allows.


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ":1: there are no tasks"),
        ("x", ":1: there are no tasks"),
        ("[]", ":1: there are no tasks"),
        ("tasks: []", ":1: there are no tasks"),
        ("tasks: 3", ":1: there are no tasks"),
        ("description: 3\n" + SMALL, ":1: description must be a text"),
        (SMALL + "taks: 1", ":6: there is no key 'taks'"),
        ("tasks: {a: 1}", ":1: task 'a': must be a table"),
        ("tasks: [1]", ":1: task '0': must be a table"),
        ("[{name: A, type: x, schedule: hourly}]\n", ""),
        ("[{type: x, schedule: hourly}]", ":1: task '': name is missing; t.yaml:1: task '': task"),
        (
            "- {name: A, type: x, schedule: daily}\n- {name: a, type: x, schedule: daily}",
            ":2: task 'a' is there twice",
        ),
        (SMALL + "    enabled: yes", ":6: task 'a': enabled is 'yes', must be true or false"),
        (SMALL + "    prioriti: high", ":6: task 'a': there is no key 'prioriti'"),
        (SMALL + "    name: B", ":6: 'name' is there twice"),
        (SMALL + "    tags: [", ":6: not valid YAML: "),
        (
            SMALL + "    x: !!python/object/apply:os.system [ls]",
            ":6: the tag !!pythonapply:os.system has",
        ),
        (SMALL + "  - b", ":6: not valid YAML: "),
        (SMALL + "---\nx: 1", ":6: a second document begins"),
    ],
)
def test_a_file_that_can_not_be_used_is_named_with_its_line(
    read: Read, text: str, message: str
) -> None:
    if message:
        assert refusal(read, text)[0].startswith(f"t.yaml{message}")
    else:
        assert read(text).tasks[0].type == "x"  # types are known elsewhere


def test_a_cut_off_file_of_settings_is_refused(read: Read) -> None:
    assert refusal(read, SHORT[:-3], "t.toml")[0].startswith("t.toml:4: not valid TOML")


def test_a_file_that_is_too_large_or_of_another_kind_is_refused(read: Read) -> None:
    assert refusal(read, " " * (LARGEST_BYTES + 1))[0] == "t.yaml: larger than 1000000 bytes"
    assert refusal(read, SMALL, "t.txt")[0] == "t.txt: not a name of a task file"


def test_a_file_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"no task file '.*nothing\.yaml'"):
        read_task_file(tmp_path / "nothing.yaml")


# Folders.


def test_a_folder_stands_for_the_task_files_in_it(tmp_path: Path) -> None:
    for name in ("b.yml", "a.toml", "notes.md", ".hidden.yaml", "c.json"):
        (tmp_path / name).touch()

    found = task_paths([tmp_path, tmp_path / "a.toml", tmp_path / "elsewhere.yaml"])

    assert [path.name for path in found] == ["a.toml", "b.yml", "c.json", "elsewhere.yaml"]


def test_a_folder_without_task_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no task files there"):
        task_paths([tmp_path])
    with pytest.raises(ConfigError, match="can not be read: File name too long"):
        task_paths([tmp_path / ("x" * 300)])


@law
@given(cut=st.integers(0, len(YAML)))
def test_a_file_that_is_cut_off_is_refused_or_whole_so_far(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    path = tmp_path_factory.mktemp("cut") / "t.yaml"
    path.write_text(YAML[:cut])

    try:
        (task,) = read_task_file(path).tasks
    except ConfigError as error:
        assert str(error).startswith(f"{path}:")  # noqa: PT017 - some cuts are no error
    else:
        assert replace(task, id="x").type in "arxiv"
