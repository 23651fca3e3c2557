"""How runs went over a time, counted: the same as going through all of them."""

import sqlite3
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoma.operations.statistics import statistics
from stoma.storage.read import Reader
from stoma.storage.read_pages import TaskFilter
from stoma.storage.read_statistics import StatisticsReader, WordCount
from stoma.storage.schema import format_utc
from tests.fakes import START
from tests.unit.storage.stored import ledger_of

BAD = ("failed", "dead")
WORDS = ("succeeded", "empty", "failed", "dead", "missed", "pending")
Made = tuple[str, str, int]  # the task, the word, and how many slots it stands for
made = st.lists(
    st.tuples(st.sampled_from("abcde"), st.sampled_from(WORDS), st.integers(1, 3)), max_size=20
)


def fill(connection: sqlite3.Connection, runs: list[Made]) -> None:
    rows = []
    for number, (task_id, word, slots) in enumerate(runs, 1):
        done = word not in {"missed", "pending"}
        row: dict[str, object] = {
            "task_id": task_id,
            "state": "done" if done else word,
            "outcome": word if done else None,
            "due_at": format_utc(START + timedelta(hours=number)),
            "due_to": format_utc(START + timedelta(hours=number, minutes=1)),
            "slots": slots,
            "started_at": format_utc(START) if done else None,
            "ended_at": format_utc(START + timedelta(seconds=number)) if done else None,
            "new": number,
            "updated": 1,
        }
        rows.append(row)
    ledger_of(connection, rows)


def counted(runs: list[Made], first: int, among: frozenset[str] | None) -> list[WordCount]:
    """Return what the reader should, by going through all."""
    found: dict[str, WordCount] = {}
    for number, (task_id, word, slots) in enumerate(runs, 1):
        if number >= first and (among is None or task_id in among):
            old = found.get(word, WordCount(word, 0, 0, 0))
            found[word] = WordCount(word, old.runs + slots, old.new + number, old.updated + 1)
    return [found[word] for word in sorted(found)]


@given(
    runs=made,
    first=st.integers(1, 22),
    only=st.none() | st.frozensets(st.sampled_from("abcde")),
    limit=st.integers(0, 6),
)
def test_counts_are_those_of_all_runs_one_by_one(
    connection: sqlite3.Connection,
    runs: list[Made],
    first: int,
    only: frozenset[str] | None,
    limit: int,
) -> None:
    fill(connection, runs)
    reader = StatisticsReader(connection, first, only)
    seen = [run for run in runs[first - 1 :] if only is None or run[0] in only]
    bad = Counter({task_id: 0 for task_id, _, _ in seen})
    for task_id, word, slots in seen:
        bad[task_id] += slots if word in BAD else 0

    worst = reader.worst(BAD, limit=limit)

    assert reader.words() == counted(runs, first, only)
    assert worst == sorted(bad, key=lambda task_id: (-bad[task_id], task_id))[:limit]
    assert reader.words_of(worst) == {
        task_id: counted(runs, first, frozenset([task_id])) for task_id in worst
    }
    lengths = [
        (task_id, float(number))
        for number, (task_id, word, _) in reversed([*enumerate(runs, 1)])
        if number >= first and word not in {"missed", "pending"}
        if only is None or task_id in only
    ]
    assert [(task_id, round(length, 3)) for task_id, length in reader.seconds()] == lengths


@pytest.mark.parametrize("only", [None, frozenset({"a", "b"})])
def test_what_is_asked_for_is_found_by_the_number_of_runs_and_not_by_going_through_all(
    connection: sqlite3.Connection, only: frozenset[str] | None
) -> None:
    asked: list[str] = []
    connection.set_trace_callback(asked.append)
    try:
        reader = StatisticsReader(connection, 10, only)
        reader.words(), reader.seconds(), reader.words_of(reader.worst(BAD, limit=3))
    finally:
        connection.set_trace_callback(None)

    plans = [
        row["detail"]
        for query in asked
        for row in connection.execute(f"EXPLAIN QUERY PLAN {query}")
    ]

    assert len(asked) == 5
    assert not [step for step in plans if step.startswith("SCAN runs")]
    assert not [step for step in plans if "runs_by_state" in step]


def test_words_are_told_with_the_most_frequent_first(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    fill(connection, [("a", "succeeded", 1), ("a", "empty", 3), ("b", "failed", 1)])

    found = statistics(Reader(connection, tmp_path), START, now=START, most=1)

    assert list(found.words.items()) == [("empty", 3), ("failed", 1), ("succeeded", 1)]
    assert found.success_rate == 0.8
    assert [each.task_id for each in found.by_task] == ["b"]
    assert (found.new, found.updated) == (6, 3)


def test_running_tasks_are_found_from_what_runs(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    query = "SELECT task_id FROM runs WHERE state = 'running'"
    plan = [row["detail"] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}")]

    assert "runs_by_state" in plan[0]
    assert Reader(connection, tmp_path).pages.task_count(TaskFilter(state="running")) == 0
