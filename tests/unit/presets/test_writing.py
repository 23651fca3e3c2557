"""Preset files: found, written, and read back equal; and those that come along."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoma.collectors import COLLECTORS
from stoma.domain.task import (
    DEFINITION_FIELDS,
    CatchUp,
    OnInterrupt,
    Overlap,
    Task,
    TaskPriority,
)
from stoma.exceptions import NotFoundError, UsageError
from stoma.presets import (
    Preset,
    dump_preset,
    load_preset,
    preset_folders,
    preset_names,
    task_from_table,
    task_to_table,
    validate_file,
)
from stoma.schedules import parse_schedule
from tests.unit.presets.common import BUILT_IN, MANUAL, NAMES, PAPERS, SHORT, law

# Finding.


def test_the_built_in_presets_are_found() -> None:
    assert preset_names(BUILT_IN) == NAMES


def test_a_users_preset_comes_first_and_says_what_it_hides(tmp_path: Path) -> None:
    (tmp_path / "research.toml").write_text(SHORT)
    (tmp_path / "mine.toml").write_text(SHORT)
    search = preset_folders(tmp_path)

    assert preset_names(search) == sorted([*NAMES, "mine"])
    assert load_preset("mine", search).shadows is None
    assert load_preset("research", search).path == tmp_path / "research.toml"
    assert load_preset("research", search).shadows == search[-1] / "research.toml"
    assert load_preset("default", search).shadows is None


def test_files_whose_names_no_command_could_take_are_left_out(tmp_path: Path) -> None:
    for name in (".hidden.toml", "a b.toml", "x.toml.bak", "-x.toml"):
        (tmp_path / name).write_text(SHORT)

    assert preset_names([tmp_path]) == []


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("reserch", "did you mean: research ?"),
        ("zzzzzzz", "presets there are: business, default, development, research"),
        ("../presets/default", "presets there are: business, default, development, research"),
        ("", "presets there are: business, default, development, research"),
    ],
)
def test_a_preset_that_is_not_there_is_not_found(name: str, hint: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        load_preset(name, BUILT_IN)

    assert str(caught.value) == f"no preset {name!r}"
    assert caught.value.hint == hint
    assert caught.value.exit_code == 5


def test_without_any_preset_the_hint_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        load_preset("default", [tmp_path, tmp_path / "nowhere"])

    assert caught.value.hint == "presets there are: none"


# Tables and tasks.


def test_a_table_leaves_defaults_out_and_reads_like_a_sentence() -> None:
    table = task_to_table(replace(PAPERS, timezone=None, owner="", max_retries=3))

    assert list(table)[:5] == ["name", "description", "type", "schedule", "priority"]
    assert list(table)[-1] == "config"
    assert not {"timezone", "owner", "max_retries"} & set(table)
    assert table["timeout_seconds"] == 600
    assert isinstance(table["timeout_seconds"], int)


def test_a_wrong_table_is_refused_with_every_fault() -> None:
    with pytest.raises(UsageError) as caught:
        task_from_table("a", {"name": "A", "type": "arxiv", "prio": 1, "max_retries": -1})

    assert str(caught.value) == (
        "task 'a': schedule is missing; there is no key 'prio'; "
        "max_retries is -1, must be 0 or more"
    )


def test_the_schedule_is_checked_in_the_zone_of_the_task() -> None:
    table = task_to_table(replace(PAPERS, timezone=None))

    assert task_from_table("papers", table, timezone="Asia/Tokyo").timezone is None
    with pytest.raises(UsageError, match="unknown time zone 'Mars'"):
        task_from_table("papers", table, timezone="Mars")


texts = st.text(st.characters(codec="utf-8"), max_size=12)
json_values = st.recursive(
    st.booleans() | st.integers(-(2**60), 2**60) | st.floats(-1e9, 1e9) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
seconds = st.floats(0.001, 1e6) | st.integers(1, 10**6).map(float)
tasks = st.builds(
    Task,
    id=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,20}", fullmatch=True),
    name=texts.filter(str.strip),
    type=texts,
    schedule=st.sampled_from(
        [
            "hourly",
            "daily_at_06:00",
            "weekly_on_mon_at_09:00",
            "interval_2h",
            "20 6 * * 1-5",
            {"type": "daily", "hour": 14, "minute": 30},
        ]
    ),
    config=st.dictionaries(texts, json_values, max_size=3),
    description=texts,
    timezone=st.none() | st.sampled_from(["UTC", "America/New_York"]),
    priority=st.sampled_from(TaskPriority),
    enabled=st.booleans(),
    owner=texts,
    tags=st.lists(texts, max_size=3).map(tuple),
    timeout_seconds=seconds,
    max_retries=st.integers(0, 9),
    retry_delay_seconds=seconds,
    catch_up=st.sampled_from(CatchUp),
    max_catch_up=st.integers(1, 9),
    misfire_grace_seconds=st.none() | seconds,
    overlap=st.sampled_from(Overlap),
    jitter_seconds=seconds,
    on_interrupt=st.sampled_from(OnInterrupt),
)


@law
@given(task=tasks)
def test_table_and_task_are_inverse(task: Task) -> None:
    assert task_from_table(task.id, task_to_table(task)) == task


@law
@given(
    description=texts, exported=st.lists(tasks, min_size=1, max_size=3, unique_by=lambda t: t.id)
)
def test_an_export_loads_back(
    tmp_path_factory: pytest.TempPathFactory, description: str, exported: list[Task]
) -> None:
    file = tmp_path_factory.mktemp("export") / "mine.toml"
    file.write_bytes(dump_preset("mine", description, exported).encode())

    preset = validate_file(file)

    assert (preset.description, list(preset.tasks)) == (description, exported)
    assert {preset.positions["tasks", task.id] for task in exported} <= set(range(1, 10_000))


@law
@given(
    table=st.dictionaries(
        st.sampled_from([*DEFINITION_FIELDS, "other"]),
        st.none() | json_values | st.dates() | st.just(float("nan")),
        max_size=6,
    )
)
def test_any_table_is_a_task_or_a_usage_error(table: dict[str, Any]) -> None:
    try:
        task = task_from_table("a", table)
    except UsageError as error:
        assert str(error).startswith("task 'a': ")  # noqa: PT017 - most tables are errors
    else:
        assert task_from_table("a", task_to_table(task)) == task


@pytest.mark.parametrize(
    ("name", "exported", "message"),
    [
        ("a/b", [PAPERS], "'a/b' can not be the name of a preset"),
        ("mine", [], "preset 'mine' would have no tasks"),
        ("mine", [PAPERS, PAPERS], "task 'papers' is there twice"),
        (
            "mine",
            [replace(PAPERS, config={"a": {"b": [1, None]}})],
            "task 'papers': config.a.b is None, which a preset can not say",
        ),
        (
            "mine",
            [replace(PAPERS, config={"a": float("inf")})],
            "task 'papers': config.a is inf, which a preset can not say",
        ),
    ],
)
def test_what_could_not_be_loaded_back_is_not_exported(
    name: str, exported: list[Task], message: str
) -> None:
    with pytest.raises(UsageError) as caught:
        dump_preset(name, "", exported)

    assert str(caught.value) == message


# The presets that come along.


def built_in() -> list[Task]:
    return [task for name in NAMES for task in load_preset(name, BUILT_IN).tasks]


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        (
            "default",
            [
                "arxiv_daily_trending",
                "github_daily_trending",
                "sec_recent_filings",
                "arxiv_weekly_comprehensive",
                "github_weekly_comprehensive",
                "sec_weekly_comprehensive",
            ],
        ),
        ("research", ["arxiv_ai_research", "arxiv_nlp_research", "arxiv_computer_vision"]),
        (
            "business",
            ["sec_10k_annual_reports", "sec_10q_quarterly_reports", "sec_insider_trading"],
        ),
        (
            "development",
            [
                "github_python_trending",
                "github_typescript_trending",
                "github_rust_trending",
                "github_go_trending",
            ],
        ),
    ],
)
def test_the_presets_hold_what_the_reference_lists(name: str, ids: list[str]) -> None:
    preset = load_preset(name, BUILT_IN)

    assert preset.description
    assert [task.id for task in preset.tasks] == ids


def test_ids_are_unique_over_all_presets() -> None:
    assert not [
        name for name, count in Counter(task.id for task in built_in()).items() if count > 1
    ]


@pytest.mark.parametrize("task", built_in(), ids=lambda task: task.id)
def test_a_built_in_task_is_complete_and_fits_its_type(task: Task) -> None:
    assert task.description
    assert task.tags
    assert task.timeout_seconds < 3601
    COLLECTORS.get(task.type).config.model_validate(dict(task.config))


def test_filings_are_looked_for_every_two_hours() -> None:
    task = next(task for task in built_in() if task.id == "sec_recent_filings")
    start = datetime(2026, 3, 2, tzinfo=UTC)

    first = parse_schedule(task.schedule, key=task.id).next_after(start)

    assert first is not None
    assert parse_schedule(task.schedule, key=task.id).next_after(first) == first + timedelta(
        hours=2
    )


def test_built_in_tasks_do_not_pile_up() -> None:
    start = datetime(2026, 3, 2, tzinfo=UTC)
    moments: Counter[tuple[str, datetime]] = Counter()
    for task in built_in():
        schedule = parse_schedule(task.schedule, task.timezone or "UTC", key=task.id)
        due = schedule.next_after(start)
        while due is not None and due < start + timedelta(days=14):
            moments[task.type, due] += 1
            due = schedule.next_after(due)

    assert max(moments.values()) == 1


def test_no_arxiv_query_is_sent_twice_a_day() -> None:
    queries = Counter(task.config["search_query"] for task in built_in() if task.type == "arxiv")

    assert max(queries.values()) == 1


# The manual.


def test_every_key_of_a_task_is_in_the_manual() -> None:
    lines = MANUAL.read_text().splitlines()

    for key in set(DEFINITION_FIELDS) - {"id"}:
        assert [line for line in lines if line.startswith(f"| `{key}` |")], key


def test_every_built_in_preset_and_task_is_in_the_manual() -> None:
    manual = MANUAL.read_text()

    assert [name for name in NAMES if f"`{name}`" not in manual] == []
    assert [task.id for task in built_in() if f"`{task.id}`" not in manual] == []


def test_every_preset_in_the_manual_loads(read: Callable[[str], Preset]) -> None:
    blocks = [part.split("```")[0] for part in MANUAL.read_text().split("```toml\n")[1:]]

    assert [read(block).tasks for block in blocks]
