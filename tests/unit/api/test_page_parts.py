"""The parts of pages that only compute: words for time, what intervals hold, drawings, fields."""

from dataclasses import fields, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stoma.api.forms import Form
from stoma.api.pages import format as fmt
from stoma.api.pages.config_fields import config_fields, read_config
from stoma.api.pages.drawing import Axis, run_bars
from stoma.api.pages.looks import look, told
from stoma.api.pages.spans import Sum, fires, hour_bounds, planned, schedule_of, sums
from stoma.collectors.base import CollectorConfig
from stoma.domain.run import Outcome, RunState
from stoma.domain.task import Json
from stoma.storage.read_days import Tally
from stoma.storage.read_pages import Sample
from stoma.storage.read_rows import RunLine, TaskLine
from tests.fakes import START

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "-"),
        (0.25, "0.2 s"),
        (9, "9 s"),
        (61, "1 min 1 s"),
        (3600, "1 h"),
        (5400, "1 h 30 min"),
        (90000, "1 d 1 h"),
    ],
)
def test_lengths(seconds: float | None, words: str) -> None:
    assert fmt.span(seconds) == words


@pytest.mark.parametrize(
    ("away", "words"),
    [(0, "now"), (45, "in 45 s"), (3700, "in 1 h 1 min"), (-45, "45 s ago"), (-7300, "2 h ago")],
)
def test_distances(away: float, words: str) -> None:
    assert fmt.distance(START + timedelta(seconds=away), START) == words


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0, "13:00 CET"),
        (2, "Wed 13:00 CET"),
        (40, "11 Apr, 14:00 CEST"),
        (-90, "2 Dec 2025, 13:00 CET"),
    ],
)
def test_moments_are_as_short_as_they_can_be(days: int, words: str) -> None:
    assert fmt.near_words(START + timedelta(days=days), "Europe/Berlin", START) == words


@pytest.mark.parametrize(
    ("share", "words"),
    [(None, "-"), (1.0, "100 %"), (0.999, "99.9 %"), (0.5, "50 %"), (0.001, "< 1 %"), (0.0, "0 %")],
)
def test_a_share_is_never_whole_where_something_is_missing(share: float, words: str) -> None:
    assert fmt.percent(share) == words


@pytest.mark.parametrize(
    ("count", "words"), [(None, "-"), (812, "812 B"), (4_100_000, "4.1 MB"), (2e12, "2000.0 GB")]
)
def test_sizes(count: int | None, words: str) -> None:
    assert fmt.size(count) == words


@pytest.mark.parametrize("word", [*RunState, *Outcome])
def test_every_state_has_a_shape_and_a_word(word: str) -> None:
    found = look(str(word))

    assert found.said != "?" or word == "done"


def test_only_what_a_backfill_carried_out_is_backfilled() -> None:
    assert told("succeeded", "backfill") == "backfilled"
    assert told("failed", "backfill") == "failed"
    assert told("succeeded", "schedule") == "succeeded"


# --- intervals ------------------------------------------------------------------------------------


def line(schedule: Json = "hourly", **more: object) -> TaskLine:
    """A task of which only the schedule matters."""
    known: dict[str, Any] = dict.fromkeys(each.name for each in fields(TaskLine))
    known |= {"id": "t", "name": "T", "enabled": True, "schedule": schedule, "tags": ()}
    return TaskLine(**(known | more))


def stretch(first: datetime, last: datetime, slots: int) -> RunLine:
    """A row that stands for several slots."""
    known: dict[str, Any] = dict.fromkeys(each.name for each in fields(RunLine))
    known |= {"id": 1, "task_id": "t", "state": RunState.MISSED, "slots": slots}
    return RunLine(**(known | {"due_at": first, "due_to": last}))


@settings(derandomize=True, database=None, deadline=None, max_examples=60)
@given(st.integers(0, 23), st.integers(1, 30))
def test_slots_are_planned_once_whichever_way_they_are_counted(hour: int, hours: int) -> None:
    bounds = [START + n * HOUR for n in range(hours + 1)]
    task = line({"cron": f"*/{hour % 29 + 1} * * * *"})

    counted = planned([task], "UTC", bounds, START - HOUR)

    assert sum(counted) == len(fires(task, "UTC", bounds[0], bounds[-1], most=10_000))


def test_nothing_is_planned_for_the_past_or_for_a_disabled_task() -> None:
    bounds = [START - HOUR, START, START + HOUR, START + 2 * HOUR]

    assert planned([line()], "UTC", bounds, START) == [0, 0, 1]
    assert planned([line(enabled=False)], "UTC", bounds, START) == [0, 0, 0]
    assert planned([line("nonsense")], "UTC", bounds, START) == [0, 0, 0]
    assert fires(line("nonsense"), "UTC", START, START + HOUR, most=9) == []


def test_a_chained_task_has_the_one_slot_that_is_known() -> None:
    task = line("run_then_wait_10m", next_run_at=START + HOUR)
    bounds = [START, START + HOUR, START + 2 * HOUR]

    assert planned([task], "UTC", bounds, START) == [0, 1]
    assert fires(task, "UTC", START, START + 2 * HOUR, most=9) == [START + HOUR]
    assert fires(replace(task, next_run_at=None), "UTC", START, START + HOUR, most=9) == []


def test_a_stretch_is_spread_over_its_intervals() -> None:
    bounds = [START + n * HOUR for n in range(5)]
    run = stretch(START + HOUR, START + 3 * HOUR, 3)
    schedule = schedule_of(line(), "UTC")

    known = sums(bounds, [], [(run, schedule)], [0] * 4)
    unknown = sums(bounds, [], [(run, None)], [0] * 4)

    assert [each.missed for each in known] == [0, 1, 1, 1]
    assert [each.missed for each in unknown] == [0, 3, 0, 0]
    assert sums(bounds, [], [(replace(run, due_to=None), None)], [0] * 4)[1].total == 0


def test_a_sum_says_every_kind_apart() -> None:
    tallies = [
        Tally(0, "succeeded", "schedule", 2),
        Tally(0, "succeeded", "backfill", 1),
        Tally(0, "dead", "schedule", 1),
        Tally(0, "coalesced", "schedule", 4),
        Tally(0, "running", "manual", 1),
    ]

    (found,) = sums([START, START + HOUR], tallies, [], [5])

    assert found.said() == "2 ok, 1 backfilled, 1 failed, 4 skipped, 1 open, 5 planned"
    assert (found.total, Sum({}).said()) == (14, "nothing")


def test_days_of_clock_changes_have_23_and_25_hours() -> None:
    assert len(hour_bounds(date(2026, 3, 29), "Europe/Berlin")) - 1 == 23
    assert len(hour_bounds(date(2026, 10, 25), "Europe/Berlin")) - 1 == 25


# --- drawings ------------------------------------------------------------------------------------


def test_an_axis_names_round_moments() -> None:
    axis = Axis(START, START + timedelta(days=1), "Europe/Berlin")

    said = [tick.said for tick in axis.ticks()]

    assert said == ["15:00", "18:00", "21:00", "Tue 3", "03:00", "06:00", "09:00", "12:00"]
    assert (axis.at(START - HOUR), axis.at(axis.until)) == (0.0, 1.0)


def test_bars_tell_share_and_length() -> None:
    samples = [
        Sample(1, "succeeded", "schedule", START, 4.0, 1),
        Sample(2, "failed", "schedule", START, 2.0, 0),
        Sample(3, "skipped", "schedule", START, None, 0),
        Sample(4, "running", "manual", None, None, 0),
    ]

    found = run_bars(samples, "UTC")
    nothing = run_bars([], "UTC")

    assert [bar.fill for bar in found.bars] == ["f-ok", "f-bad", "hollow", "f-run"]
    assert (found.share, found.median, found.longest) == (0.5, 4.0, 4.0)
    assert found.bars[3].said == "run 4, by hand: running"
    assert (nothing.share, nothing.bars) == (None, [])


# --- fields of a config ---------------------------------------------------------------------------


class Config(CollectorConfig):
    """Every kind of key."""

    words: str = ""
    most: int = 10
    ratio: float = 0.5
    deep: bool = False
    wide: bool = True
    order: Literal["up", "down"] = "up"
    names: list[str] = []
    forms: str | list[str] = ""
    extra: dict[str, int] = {}


def sent(**fields: str) -> Form:
    return Form({f"config.{name}": [text] for name, text in fields.items()})


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"words": "a b", "most": 3, "ratio": 0.25, "order": "down"},
        {"deep": True, "wide": False},
        {"names": ["a", "b"], "forms": "x", "extra": {"a": 1}},
        {"forms": ["x", "y"]},
        {"forms": ["x"]},
    ],
)
def test_a_config_survives_its_form(config: dict[str, Json]) -> None:
    fields = config_fields(Config, config)
    form = Form({each.name: [each.value] for each in fields if each.value})

    assert read_config(Config, form, config) == config
    Config.read("t", read_config(Config, form, config))


def test_what_says_the_default_is_left_out_and_what_is_not_asked_for_stays() -> None:
    form = sent(most="10", order="up", wide="yes")

    other: dict[str, Json] = {"token": {"secret": "NAME"}}

    assert read_config(Config, form, other) == other
    assert read_config(Config, form, {"most": 3, "wide": True}) == {"most": 10, "wide": True}


def test_what_can_not_be_read_is_kept_for_the_type_to_judge() -> None:
    form = sent(most="many", extra="{", wide="yes")

    assert read_config(Config, form, {}) == {"most": "many", "extra": "{"}
    (field,) = [each for each in config_fields(Config, {}, form) if each.name == "config.most"]
    assert field.value == "many"


def test_every_key_knows_whether_it_says_anything() -> None:
    fields = {each.name: each for each in config_fields(Config, {"deep": True})}

    assert fields["config.deep"].is_set
    assert not fields["config.words"].is_set
