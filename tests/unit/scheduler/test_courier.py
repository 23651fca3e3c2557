"""Notices: queued once with their cause, delivered at least once, never in anybody's way."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from stoma.domain.ledger import Decision
from stoma.domain.notice import NoticeState
from stoma.domain.run import Outcome, RunState
from stoma.notifications.errors import DeliveryError
from stoma.scheduler.courier import Courier, channel_of
from stoma.scheduler.heralding import announce_ends, announce_missed
from stoma.scheduler.settling import settle
from stoma.settings import load_settings
from tests.couriers import House, Open, house_at
from tests.fakes import START, FakeClock
from tests.makers import make_firing
from tests.registries import opened_app


@pytest.fixture
def opened(tmp_path: Path) -> Open:
    return partial(house_at, tmp_path, FakeClock())


@pytest.fixture
def house(opened: Open) -> Iterator[House]:
    with opened() as house:
        yield house


def test_a_failure_is_queued_when_its_end_is_seen_to_and_then_delivered(house: House) -> None:
    house.task()
    house.ends()

    settle(house.app)
    waiting = house.states()
    house.courier.round()

    assert waiting == [("one", NoticeState.WAITING, 0)]
    assert house.office.titles == ["stoma: papers failed: no answer"]
    assert house.states() == [("one", NoticeState.SENT, 1)]


def test_an_end_that_is_seen_to_twice_is_told_once(house: House) -> None:
    house.task()
    run = house.ends()

    settle(house.app)
    announce_ends(house.app, [run])
    settle(house.app)

    assert len(house.states()) == 1


def test_what_was_queued_survives_a_restart(opened: Open) -> None:
    with opened() as house:
        house.task()
        house.ends()
        settle(house.app)

    with opened() as house:
        house.courier.round()

        assert len(house.office.tried) == 1


def test_an_end_whose_settling_is_cut_off_is_told_by_the_next(house: House) -> None:
    house.task()
    house.ends()

    def cut_off() -> None:
        with house.app.database.together():
            settle(house.app)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cut_off()
    assert house.states() == []
    settle(house.app)

    assert len(house.states()) == 1


def test_recovery_is_told_with_how_long_it_took(house: House) -> None:
    house.task()
    house.ends()
    settle(house.app)
    house.clock.advance(timedelta(hours=5))
    house.ends(Outcome.SUCCEEDED)
    settle(house.app)

    house.courier.round()

    assert house.office.titles[1] == "stoma: papers is well again"
    assert "failed 1 time, for 5 h" in house.office.tried[1][1].notice.text


def test_what_is_not_taken_is_tried_again_later_with_the_same_id(house: House) -> None:
    house.task()
    house.ends()
    settle(house.app)
    house.office.errors = [DeliveryError("451 greylisted"), DeliveryError("451 greylisted")]

    tries = []
    for _ in range(5):
        house.courier.round()
        tries.append(len(house.office.tried))
        house.clock.advance(timedelta(seconds=31))

    # After 30 s, and then after 60.
    assert tries == [1, 2, 2, 3, 3]
    assert len({parcel.id for _, parcel in house.office.tried}) == 1
    assert house.states() == [("one", NoticeState.SENT, 3)]


def test_a_channel_in_trouble_is_left_alone_while_the_others_go_on(house: House) -> None:
    for name in ("a", "b"):
        house.task(name, notify=("one", "two"))
        house.ends(task_id=name)
    settle(house.app)
    house.office.errors = [DeliveryError("down")]

    house.courier.round()

    assert [name for name, _ in house.office.tried] == ["one", "two", "two"]


def test_a_receiver_that_asks_for_an_hour_gets_it(house: House) -> None:
    house.task()
    house.ends()
    settle(house.app)
    house.office.errors = [DeliveryError("busy", retry_after_seconds=3600)]

    house.courier.round()
    house.clock.advance(timedelta(minutes=59))
    house.courier.round()

    assert len(house.office.tried) == 1


def test_what_will_never_be_taken_is_given_up_and_can_be_tried_again(house: House) -> None:
    house.task()
    house.ends()
    settle(house.app)
    house.office.errors = [DeliveryError("550 no such mailbox", retryable=False)]

    house.courier.round()
    given_up = house.states()
    again = house.app.outbox.again(None, now=house.clock.now())
    house.courier.round()

    assert given_up == [("one", NoticeState.FAILED, 1)]
    assert again == 1
    assert house.states() == [("one", NoticeState.SENT, 2)]


def test_after_three_days_it_is_given_up(house: House) -> None:
    house.task()
    house.ends()
    settle(house.app)
    house.office.errors = [DeliveryError("down") for _ in range(9)]

    for _ in range(3):
        house.courier.round()
        house.clock.advance(timedelta(hours=36))

    assert house.states() == [("one", NoticeState.FAILED, 3)]


def test_many_at_once_are_one_message(house: House) -> None:
    for number in range(8):
        house.task(f"t{number}")
        house.ends(task_id=f"t{number}")
    settle(house.app)

    assert house.courier.round() == 8

    (notice,) = [parcel.notice for _, parcel in house.office.tried]
    assert notice.title == "stoma: 8 notices, the first: t0 failed: no answer"
    assert "- t7 failed: no answer" in notice.text
    assert all(state is NoticeState.SENT for _, state, _ in house.states())


def test_quiet_hours_put_off_and_do_not_lose(opened: Open) -> None:
    with opened('quiet_hours = "11:00-14:00"') as house:
        house.task()
        house.ends()
        settle(house.app)

        before = house.courier.round()
        house.clock.advance(timedelta(hours=2))

        assert (before, house.courier.round()) == (0, 1)


def test_a_task_says_itself_who_is_told(house: House) -> None:
    house.task("a", notify=("two:success",))
    house.task("b", notify=("none",))
    house.task("c", notify=("gone", "one"))
    for name in "abc":
        house.ends(Outcome.SUCCEEDED if name == "a" else Outcome.FAILED, task_id=name)
    settle(house.app)

    assert house.states() == [
        ("two", NoticeState.WAITING, 0),
        ("one", NoticeState.WAITING, 0),
    ]


def test_missed_slots_are_told_as_one_notice_a_day(house: House) -> None:
    house.task()
    stretch = Decision(
        state=RunState.MISSED,
        due_at=START - timedelta(hours=5),
        due_to=START,
        slots=6,
        reason="downtime",
        detail="nothing was there to start it",
    )
    for _ in range(2):
        announce_missed(house.app, [make_firing(stretch, next_run_at=START + timedelta(hours=1))])
    house.courier.round()

    assert house.office.titles == ["stoma: papers missed: nothing was there to start it"]
    text = house.office.tried[0][1].notice.text
    assert "6 runs" in text
    assert "stoma scheduler backfill papers --from 2026-03-02T07:00:00Z" in text


def test_words_that_can_not_be_found_stop_nothing(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    run = house.ends(task_id="never_was")

    settle(house.app)

    assert house.app.runs.unsettled() == []
    assert f"the end of run {run.id} can not be told" in caplog.text


def test_without_channels_nothing_is_written(tmp_path: Path) -> None:
    with opened_app(load_settings(home=tmp_path, environ={}), clock=FakeClock()) as app:
        house = House(app, FakeClock())
        house.task()
        house.ends()
        settle(app)

        assert app.outbox.troubles("papers") == {}
        with Courier(app) as courier:
            assert courier.round() == 0


def test_a_channel_that_the_settings_no_longer_have_is_given_up(house: House) -> None:
    with pytest.raises(DeliveryError, match="there is no channel 'gone'; there are: one, two"):
        channel_of(house.app, "gone")
