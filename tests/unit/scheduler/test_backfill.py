"""Which slots of the past are to run after all, and what is left of the rows they were in."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stoma.domain.refill import Slots
from stoma.domain.run import Outcome, Run, RunState, Trigger
from stoma.scheduler.backfill import PRIORITY, Filling, Ledger, plan_backfill
from stoma.schedules import parse_schedule
from stoma.schedules.base import BaseSchedule
from tests.fakes import START
from tests.unit.scheduler.test_planner import stored

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HOURLY = parse_schedule("hourly")
#: Hourly, but for the hours from 14 to 17: those are skipped.
WITH_PAUSES = parse_schedule({"cron": "0 * * * *", "blackouts": [{"from": "14:00", "to": "18:00"}]})


def row(number: int, first: int, state: RunState, slots: int = 1, **fields: Any) -> Run:
    """A row of slots hour by hour from the hour *first* after the start."""
    due_at = START + first * HOUR
    usual: dict[str, Any] = {
        "due_to": due_at + (slots - 1) * HOUR if slots > 1 else None,
        "task_version": 1,
        "trigger": Trigger.SCHEDULE,
        "created_at": START,
    }
    return Run(
        id=number, task_id="papers", due_at=due_at, state=state, slots=slots, **(usual | fields)
    )


def planned(
    rows: Iterable[Run],
    hours: tuple[int, int],
    *,
    schedule: BaseSchedule = HOURLY,
    limit: int = 1000,
    then: BaseSchedule | None = None,
    apart: Collection[datetime] = (),
) -> Filling:
    """Plan a backfill of the hours from the first up to the second one."""
    rows = list(rows)
    ledger = Ledger(
        singles={run.due_at: run for run in rows if run.slots == 1 and run.due_at},
        stretches=[run for run in rows if run.slots > 1],
        schedule_of=lambda run: then or schedule,
        decided_in=lambda run: apart,
    )
    first, until = (START + hour * HOUR for hour in hours)
    return plan_backfill(schedule, ledger, first=first, until=until, limit=limit)


def hours(slots: Iterable[datetime]) -> list[int]:
    return [(slot - START) // HOUR for slot in slots]


def test_slots_that_were_never_recorded_are_filled_up_to_the_end_excluded() -> None:
    found = planned([], (0, 3))

    assert hours(found.fresh) == hours(found.slots) == [0, 1, 2]
    assert set(found.slots.values()) == {"never recorded"}


def test_only_what_nothing_was_carried_out_for_is_filled() -> None:
    rows = [
        row(1, 0, RunState.DONE, outcome=Outcome.SUCCEEDED),
        row(2, 1, RunState.SKIPPED),
        row(3, 2, RunState.PENDING),
        row(4, 3, RunState.DONE, outcome=Outcome.DEAD),
        row(5, 4, RunState.DONE, outcome=Outcome.FAILED),
        row(6, 5, RunState.COALESCED),
    ]

    found = planned(rows, (0, 6))

    assert [run.id for run in found.reopened] == [2, 4, 6]
    assert list(found.slots.values()) == ["skipped", "dead", "coalesced"]
    assert found.others == {"succeeded": 1, "pending": 1, "failed": 1}


def test_beyond_the_limit_the_newest_are_left() -> None:
    found = planned([], (0, 10), limit=4)

    assert (hours(found.slots), found.left) == ([0, 1, 2, 3], 6)


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ((0, 6), []),
        ((0, 2), [(2, 5, 4)]),
        ((4, 9), [(0, 3, 4)]),
        ((2, 4), [(0, 1, 2), (4, 5, 2)]),
        ((1, 5), [(0, None, 1), (5, None, 1)]),
    ],
    ids=str,
)
def test_a_row_of_many_slots_is_split(
    asked: tuple[int, int], left: list[tuple[int, int | None, int]]
) -> None:
    found = planned([row(1, 0, RunState.MISSED, slots=6)], asked)

    (split,) = found.splits
    assert hours(split.taken) == [hour for hour in range(*asked) if hour < 6]
    assert [as_hours(each) for each in split.left] == left


def as_hours(each: Slots) -> tuple[int, int | None, int]:
    last = None if each.last is None else hours([each.last])[0]
    return hours([each.first])[0], last, each.count


def test_slots_of_a_stretch_that_have_rows_of_their_own_are_not_counted_twice() -> None:
    apart = {START + HOUR, START + 4 * HOUR}
    rows = [row(1, 0, RunState.MISSED, slots=4, due_to=START + 5 * HOUR)]

    found = planned(rows, (2, 3), apart=apart)

    (split,) = found.splits
    assert [as_hours(each) for each in split.left] == [(0, None, 1), (3, 5, 2)]


def test_what_a_filter_skipped_stays_skipped() -> None:
    rows = [row(1, 2, RunState.SKIPPED, slots=4, reason="filter", detail="blackout")]

    found = planned(rows, (0, 8), schedule=WITH_PAUSES)

    assert hours(found.slots) == [0, 1, 6, 7]
    assert found.splits == []


def test_a_stretch_under_a_filter_is_split_under_a_schedule_without_one() -> None:
    rows = [row(1, 2, RunState.SKIPPED, slots=4, reason="filter", detail="blackout")]

    found = planned(rows, (3, 5), then=WITH_PAUSES)

    (split,) = found.splits
    assert hours(split.taken) == [3, 4]
    assert [as_hours(each) for each in split.left] == [(2, None, 1), (5, None, 1)]


def test_slots_that_an_earlier_schedule_did_not_have_are_new() -> None:
    rows = [row(1, 0, RunState.MISSED, slots=3, due_to=START + 4 * HOUR)]

    found = planned(rows, (0, 5), then=parse_schedule("interval_2h"))

    assert hours(found.fresh) == [1, 3]
    assert hours(found.splits[0].taken) == [0, 2, 4]


def test_what_fills_gaps_goes_last_with_the_attempts_of_the_task() -> None:
    task = stored("hourly", max_retries=2)

    refill = planned([row(1, 0, RunState.MISSED)], (0, 2)).refill(task)

    assert (refill.priority, refill.attempts) == (PRIORITY, 3)
    assert task.priority.rank < PRIORITY
    assert hours(refill.fresh) == [1]
    assert [run.id for run in refill.reopened] == [1]


@settings(max_examples=60, derandomize=True, deadline=None, database=None)
@given(
    bounds=st.tuples(st.integers(0, 60), st.integers(1, 60)),
    stretch=st.tuples(st.integers(0, 40), st.integers(2, 30)),
    apart=st.sets(st.integers(0, 70), max_size=5),
    limit=st.integers(1, 40),
    schedule=st.sampled_from([HOURLY, WITH_PAUSES]),
)
def test_no_slot_is_lost_or_filled_twice(
    bounds: tuple[int, int],
    stretch: tuple[int, int],
    apart: set[int],
    limit: int,
    schedule: BaseSchedule,
) -> None:
    runs = [START + hour * HOUR for hour in range(130)]
    runs = [
        at for at in runs if (slot := schedule.next_slot(at - HOUR / 2)) and not slot.skipped_by
    ]
    own = {START + hour * HOUR for hour in apart} & set(runs)
    inside = [at for at in runs[stretch[0] :][: stretch[1]] if at not in own]
    rows = [row(n, hours([at])[0], RunState.PENDING) for n, at in enumerate(sorted(own), 2)]
    if len(inside) > 1:
        fields = {"due_to": inside[-1]}
        first = hours(inside[:1])[0]
        rows.append(row(1, first, RunState.MISSED, slots=len(inside), **fields))
    asked = (bounds[0], bounds[0] + bounds[1])

    found = planned(rows, asked, schedule=schedule, limit=limit, apart=own)

    wanted = [at for at in runs if asked[0] <= hours([at])[0] < asked[1] and at not in own]
    assert list(found.slots) == wanted[:limit]
    assert found.left == len(wanted) - len(found.slots)
    for split in found.splits:
        counted = sum(each.count for each in split.left) + len(split.taken)
        assert counted == len(inside)
        spans = [(each.first, each.last or each.first) for each in split.left]
        kept = [at for at in inside if any(a <= at <= b for a, b in spans)]
        assert len(kept) == sum(each.count for each in split.left)
        assert not set(kept) & set(split.taken)
