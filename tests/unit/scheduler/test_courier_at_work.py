"""The courier beside a scheduler: threads, trouble, and what it queues itself."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from stoma.domain.notice import NoticeState
from stoma.domain.run import Outcome
from stoma.domain.task import Json
from stoma.exceptions import RegistryBusyError
from stoma.scheduler.courier import Courier
from stoma.scheduler.settling import settle
from tests.couriers import House, Open, house_at
from tests.fakes import START, FakeClock


@pytest.fixture
def opened(tmp_path: Path) -> Open:
    return partial(house_at, tmp_path, FakeClock())


@pytest.fixture
def house(opened: Open) -> Iterator[House]:
    with opened() as house:
        yield house


def test_a_slow_channel_holds_up_nobody(house: House) -> None:
    house.task("a", notify=("one",))
    house.task("b", notify=("two",))
    house.office.hold = threading.Event()

    with Courier(house.app, house.office.make):
        house.ends(task_id="a")
        settle(house.app)
        assert house.office.came.wait(60)  # it is with the slow one now
        house.office.came.clear()
        house.ends(task_id="b")
        settle(house.app)
        assert house.office.came.wait(60)
        house.office.hold.set()

    assert [name for name, _ in house.office.tried] == ["one", "two"]


def test_a_bug_in_a_channel_is_logged_and_the_notice_stays(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.task()
    house.ends()
    settle(house.app)
    house.office.errors = [ValueError("bug")]

    house.courier._deliver_quietly("one")

    assert "bug in the courier" in caplog.text
    assert house.states() == [("one", NoticeState.WAITING, 0)]


def test_a_registry_in_trouble_is_said_once(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.task()
    house.ends()
    settle(house.app)
    house.office.errors = [RegistryBusyError("stoma.db")]

    house.courier._deliver_quietly("one")

    assert "notices of channel one wait" in caplog.text


def test_a_task_that_brings_too_little_is_told(house: House) -> None:
    house.task()
    house.ends(Outcome.SUCCEEDED)
    settle(house.app)
    fact: Json = {"silence": {"text": "nothing new for 9 days", "since": START.isoformat()}}
    house.app.state.set("unusual:papers", fact, now=START)

    house.courier.round()
    house.clock.advance(timedelta(minutes=1))
    house.courier.round()
    house.app.state.set("unusual:papers", None, now=START)
    house.clock.advance(timedelta(minutes=1))
    house.courier.round()

    assert house.office.titles == ["stoma: papers brings nothing new: nothing new for 9 days"]
    assert house.app.outbox.troubles("papers") == {}


# --- the digest -----------------------------------------------------------------------------------


def test_the_digest_is_queued_once_a_day(opened: Open) -> None:
    with opened('digest = ["two"]') as house:
        house.courier.round()  # 12:00: from here on
        house.clock.advance(timedelta(minutes=59))
        house.courier.round()
        none = house.states()
        house.clock.advance(timedelta(minutes=1))
        for _ in range(3):
            house.courier.round()
        house.clock.advance(timedelta(days=1))
        house.courier.round()

    assert none == []
    assert house.office.titles == ["stoma: 0 new items, Mon 2 Mar", "stoma: 0 new items, Tue 3 Mar"]
