"""The queue of notices: each is queued once, taken in order, kept for a while."""

from datetime import timedelta

import pytest

from stoma.domain.notice import Event, Notice, NoticeState, Trouble
from stoma.storage.database import Database
from stoma.storage.outbox import OutboxStore
from stoma.storage.read import reading
from tests.fakes import START

HOUR = timedelta(hours=1)
NOTICE = Notice(
    event=Event.FAILURE, at=START, title="t", text="x", task_id="papers", run_id=7, facts={"a": [1]}
)


@pytest.fixture
def outbox(database: Database) -> OutboxStore:
    return OutboxStore(database)


def test_a_cause_is_queued_once_per_channel(outbox: OutboxStore) -> None:
    both = dict.fromkeys(("mail", "hook"), START)

    counts = [
        outbox.add("run-7", NOTICE, {"mail": START}, now=START),
        outbox.add("run-7", NOTICE, both, now=START),
        outbox.add("run-8", NOTICE, {}, now=START),
    ]

    assert counts == [1, 1, 0]
    (queued,) = outbox.due("mail", START, limit=9)
    assert queued.notice == NOTICE
    assert outbox.due_channels(START) == ["hook", "mail"]


def test_what_is_not_due_waits(outbox: OutboxStore) -> None:
    outbox.add("run-7", NOTICE, {"mail": START + HOUR}, now=START)

    assert outbox.due_channels(START) == []
    assert outbox.due("mail", START, limit=9) == []
    assert len(outbox.due("mail", START + HOUR, limit=9)) == 1


def test_what_was_delivered_goes_after_a_while_and_what_waits_stays(
    outbox: OutboxStore, database: Database
) -> None:
    for number in range(4):
        outbox.add(f"run-{number}", NOTICE, {"mail": START}, now=START)
    outbox.sent([1], now=START)
    outbox.give_up([2], "550 no")
    outbox.postpone([3], "451 later", not_before=START + HOUR)

    gone = outbox.prune(START + HOUR)

    assert gone == 2
    with reading(database.path) as reader:
        assert reader is not None
        left = reader.outbox.newest(limit=9, states=["waiting"])
    assert [(each.id, each.attempts, each.error) for each in left] == [
        (4, 0, ""),
        (3, 1, "451 later"),
    ]
    assert all(each.state is NoticeState.WAITING for each in left)


def test_troubles_come_change_and_go(outbox: OutboxStore) -> None:
    trouble = Trouble(since=START, count=1)
    worse = Trouble(since=START, count=2, told_at=START + HOUR)

    outbox.set_troubles("papers", {"failure": trouble, "silence": trouble})
    outbox.set_troubles("papers", {"failure": worse, "silence": None})

    assert outbox.troubles("papers") == {"failure": worse}
    assert outbox.troubles("other") == {}
    assert outbox.troubled(["failure", "volume"]) == {"papers"}
    assert outbox.troubled(["volume"]) == set()
