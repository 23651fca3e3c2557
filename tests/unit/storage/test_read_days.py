"""What became of the slots of days and hours: the same as going through all runs."""

import sqlite3
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from stoma.storage.read_days import DayReader, Tally, first_id
from stoma.storage.schema import format_utc
from tests.fakes import START
from tests.unit.storage.stored import ledger_of

Made = dict[str, object]
HOUR = timedelta(hours=1)
hours = st.integers(0, 12)


@st.composite
def ledgers(draw: st.DrawFn) -> list[Made]:
    """Runs with numbers that grow with the moment they were decided at."""
    found: dict[tuple[object, ...], Made] = {}
    for created in sorted(draw(st.lists(hours, max_size=20))):
        at = START + created * HOUR
        row: Made = {
            "task_id": draw(st.sampled_from("abc")),
            "state": "done",
            "outcome": draw(st.sampled_from(["succeeded", "failed"])),
            "trigger": draw(st.sampled_from(["schedule", "backfill"])),
            "created_at": format_utc(at),
            "started_at": format_utc(at),
            "due_at": None,
        }
        if draw(st.booleans()):
            due = START + draw(st.integers(0, created)) * HOUR
            row["due_at"] = format_utc(due)
            if draw(st.booleans()):
                row |= {"slots": 2, "due_to": format_utc(due + HOUR)}
        found.setdefault((row["task_id"], row["due_at"] or len(found)), row)
    return [*found.values()]


@given(
    rows=ledgers(),
    bounds=st.lists(hours, min_size=2, max_size=9, unique=True).map(sorted),
    only=st.none() | st.frozensets(st.sampled_from("abc")),
)
def test_days_hold_what_a_look_at_every_run_finds(
    connection: sqlite3.Connection, rows: list[Made], bounds: list[int], only: frozenset[str] | None
) -> None:
    ledger_of(connection, rows)
    reader = DayReader(connection, only)
    moments = [START + number * HOUR for number in bounds]

    def at(row: Made) -> str:
        return str(row["due_at"] or row["created_at"])

    def within(first: datetime, until: datetime) -> list[tuple[int, Made]]:
        return [
            (number, row)
            for number, row in enumerate(rows, 1)
            if (only is None or row["task_id"] in only) and "slots" not in row
            if format_utc(first) <= at(row) < format_utc(until)
        ]

    tallied = Counter(
        (bucket, row["outcome"], row["trigger"])
        for bucket, (first, until) in enumerate(pairwise(moments))
        for _, row in within(first, until)
    )
    inside = sorted((at(row), number) for number, row in within(moments[0], moments[-1]))

    found = [run.id for run in reader.between(moments[0], moments[-1], limit=5)]

    assert found == [number for _, number in inside[:5]]
    assert {(t.bucket, t.word, t.trigger): t.count for t in reader.tallies(moments)} == tallied


def test_many_intervals_are_told_apart(connection: sqlite3.Connection) -> None:
    due = [START + number * HOUR for number in range(100)]
    rows = [{"task_id": "a", "state": "missed", "due_at": format_utc(at)} for at in due]
    ledger_of(connection, rows)

    found = DayReader(connection, None).tallies([*due, due[-1] + HOUR])

    assert found == [Tally(number, "missed", "schedule", 1) for number in range(100)]


def test_a_run_is_found_by_the_moment_it_was_decided_at(connection: sqlite3.Connection) -> None:
    rows: list[Made] = [
        {"id": number, "task_id": "a", "state": "missed", "created_at": format_utc(START + at)}
        for number, at in ((3, 0 * HOUR), (4, HOUR), (9, 2 * HOUR))
    ]
    ledger_of(connection, rows)

    found = [first_id(connection, START + number * HOUR) for number in range(4)]

    assert found == [1, 4, 5, 10]


def test_lists_are_found_by_index_alone(connection: sqlite3.Connection) -> None:
    asked: list[str] = []
    connection.set_trace_callback(asked.append)
    try:
        reader = DayReader(connection, None)
        reader.between(START, START + HOUR, limit=5)
        reader.tallies([START, START + HOUR, START + 2 * HOUR])
    finally:
        connection.set_trace_callback(None)

    plans = [
        row["detail"]
        for query in asked
        if query.lstrip().startswith("WITH")
        for row in connection.execute(f"EXPLAIN QUERY PLAN {query}")
    ]

    assert not [step for step in plans if step.startswith("SCAN runs")]
    assert sum("(task_id=? AND due_at>? AND due_at<?)" in step for step in plans) == 2
    assert sum("due_at=? AND rowid>? AND rowid<?)" in step for step in plans) == 2
