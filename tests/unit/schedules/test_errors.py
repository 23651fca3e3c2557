"""What can not be understood is refused at once, with the wrong part and the nearest right one."""

import random
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from time import process_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stoma.exceptions import ScheduleError
from stoma.schedules import parse_schedule

TEXTS = [
    ("daily_at_25:00", "'25:00' is not a time of day", "did you mean: daily_at_23:00 ?"),
    ("daily_at_24:00", "'24:00' is not a time of day", "did you mean: daily_at_00:00 ?"),
    ("daily_at_9:00", "'9:00' is not a time of day", "did you mean: daily_at_09:00 ?"),
    ("daily_at_09:99", "'09:99' is not a time of day", "did you mean: daily_at_09:59 ?"),
    ("daily_at_noon", "'noon' is not a time of day", "did you mean: daily_at_09:00 ?"),
    ("daily_at_\u0660\u0669:00", "ASCII", ""),
    ("daily at 09:00", "not a known form", "did you mean: daily_at_09:00 ?"),
    ("dialy", "not a known form", "did you mean: daily ?"),
    ("hourly_at_5", "not a known form", "did you mean: hourly ?"),
    ("monthly_on_1", "not a known form", "did you mean: monthly ?"),
    ("manually", "not a known form", "did you mean: manual ?"),
    ("manual now", "not a known form", "did you mean: manual ?"),
    ("weekly_on_mon", "not a known form", "did you mean: weekly_on_mon_at_09:00 ?"),
    ("weekly_on_mno_at_09:00", "'mno' is not a day", "did you mean: weekly_on_mon_at_09:00 ?"),
    ("weekly_on_xyz_at_09:00", "'xyz' is not a day", "did you mean: weekly_on_mon_at_09:00 ?"),
    ("weekly_on_mon_at_25:00", "'25:00' is not", "did you mean: weekly_on_mon_at_23:00 ?"),
    ("interval_0m", "must be at least 1 second", "did you mean: interval_1m ?"),
    ("interval_0s", "must be at least 1 second", "did you mean: interval_1s ?"),
    ("interval_30", "'30' is not a duration", "did you mean: interval_30m ?"),
    ("interval_30 m", "'30 m' is not a duration", "did you mean: interval_30m ?"),
    ("interval_-5m", "'-5m' is not a duration", "did you mean: interval_5m ?"),
    ("interval_m", "'m' is not a duration", "did you mean: interval_30m ?"),
    ("interval_3651d", "must be at most 3650 days", ""),
    ("interval_99999999999999999999h", "is not a duration", "did you mean: interval_87600h ?"),
    ("run_then_wait_0s", "must be at least 1 second", "did you mean: run_then_wait_1s ?"),
    ("run_then_wait", "is not a duration", "did you mean: run_then_wait_30m ?"),
    ("time_of_day 8", "'8' is not a time of day", "did you mean: time_of_day 08:00 ?"),
    ("time_of_day 08:00,", "'' is not a time of day", ""),
    ("once_at_2026-13-01T09:00", "month must be in 1..12", ""),
    ("once_at_2026-02-30T09:00", "does not exist", ""),
    ("once_at_tomorrow", "is not a date with a time", "write it as 2026-12-01T09:00"),
    ("once_at_2026-12-01", "is not a date with a time", "write it as 2026-12-01T09:00"),
    ("once", "not a known form", "for example once_at_2026-12-01T09:00"),
    ("every 5 minutes", "not a known form", "did you mean: interval_5m ?"),
    ("5m", "not a known form", "did you mean: interval_5m ?"),
    ("at nine", "not a known form", ""),
    ("@reboot", "no moment in time", "run_on_start"),
    ("@dayly", "unknown nickname", "did you mean: @daily ?"),
    ("@every 5m", "unknown nickname", "did you mean: interval_5m ?"),
    ("", "not a known form", "known forms"),
    ("x" * 300, "longer than 256 characters", ""),
    ("{", "not valid JSON", ""),
    ("{}", "has no type", "cron"),
    ('{"a": ' + "[" * 9000, "not valid JSON", ""),
]


@pytest.mark.parametrize(("text", "problem", "hint"), TEXTS)
def test_text_that_is_refused(text: str, problem: str, hint: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse_schedule(text)

    assert problem in str(caught.value)
    assert hint in caught.value.hint
    assert len(str(caught.value)) < 400


CRON = [
    ("61 * * * *", 1, "minute: 61 is not within 0 to 59", "did you mean: 59 ?"),
    ("0 25 * * *", 3, "hour: 25 is not within 0 to 23", "did you mean: 23 ?"),
    ("0  0 0 * *", 6, "day-of-month: 0 is not within 1 to 31", "did you mean: 1 ?"),
    ("0 0 1 13 *", 7, "month: 13 is not within 1 to 12", ""),
    ("0 0 * * 8", 9, "day-of-week: 8 is not within 0 to 7", ""),
    ("0,15,75 * * * *", 6, "75 is not within", ""),
    ("0 8,9-99 * * *", 5, "99 is not within", ""),
    ("cron: 61 * * * *", 7, "61 is not within", ""),
    ("0 0 * * mno", 9, "unknown name 'mno'", "did you mean: mon ?"),
    ("0 0 * jab *", 7, "unknown name 'jab'", "did you mean: jan ?"),
    ("0 mon * * *", 3, "unknown name 'mon'", ""),
    ("*/0 * * * *", 1, "has a step of 0", ""),
    ("1,,2 * * * *", 3, "'' can not be read", ""),
    ("-1 * * * *", 1, "'-1' can not be read", ""),
    ("1-2-3 * * * *", 1, "'1-2-3' can not be read", ""),
    ("1.5 * * * *", 1, "'1.5' can not be read", ""),
    ("*5 * * * *", 1, "'*5' can not be read", ""),
    ("12345 * * * *", 1, "'12345' can not be read", ""),
    ("0 0 L/2 * *", 5, "'l/2' can not be read", ""),
    ("0 0 15W * *", 5, "W, the nearest weekday", ""),
    ("0 0 LW * *", 5, "W, the nearest weekday", ""),
    ("0 0 ? * *", 5, "? is not supported", "write *"),
    ("R * * * *", 1, "R would choose anew", "H chooses once"),
    ("0 R(1-5)/2 * * *", 3, "R would choose anew", ""),
    ("0 0 1 * 5#2", 5, "must be * beside # or L", ""),
    ("0 0 */2 * L5", 5, "must be * beside # or L", ""),
    ("0 0 * * 1,5#2", 9, "can not stand beside # or L", ""),
    ("0 0 * * 5#6", 9, "'5#6' can not be read", ""),
    ("0 0 * * 5L", 9, "'5l' can not be read", ""),
    ("H,30 * * * *", 1, "'h' can not be read", "H stands alone"),
    ("H(0-99) * * * *", 1, "out of range", ""),
    ("0 H(9-9) * * *", 3, "Range end must be greater", ""),
    ("H/0 * * * *", 1, "Bad expression", ""),
    ("0 0 31 2 *", 5, "never fires", "L is the last day"),
    ("0 0 30,31 2 *", 5, "never fires", ""),
    ("0 0 31 4,6,9,11 *", 5, "never fires", ""),
    ("0 0 31 2 */2", 5, "never fires", ""),
    ("* * * *", 8, "5 fields", "0 9 * * 1-5"),
    ("cron:", 6, "5 fields", ""),
    ("* * * * * *", 11, "5 fields", "seconds = true"),
    ("0 0 1 1 * 2030 x", 11, "5 fields", "a year field is not supported"),
    ("0 0 * \x00 *", 7, "has no meaning in cron", ""),
    ("0," * 126 + "0 * * * *", 257, "longer than 256", ""),
]


@pytest.mark.parametrize(("text", "column", "problem", "hint"), CRON)
def test_cron_that_is_refused_names_the_column(
    text: str, column: int, problem: str, hint: str
) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse_schedule(text, key="k")

    assert caught.value.column == column, str(caught.value)
    assert problem in str(caught.value)
    assert hint in caught.value.hint


def test_a_list_of_57_kilobytes_is_refused_at_once() -> None:
    begin = process_time()

    with pytest.raises(ScheduleError, match="longer than 256"):
        parse_schedule({"cron": ",".join(["0-59"] * 11_400) + " * * * *"})

    assert process_time() - begin < 0.5


TABLES: list[tuple[object, str, str]] = [
    ({}, "has no type", "daily"),
    ({"type": "dayly"}, "unknown schedule type 'dayly'", "did you mean: daily ?"),
    ({"type": 5}, "type must be a text, not 5", ""),
    ({"type": "daily", "our": 3}, "unknown key 'our'", "did you mean: hour ?"),
    ({"type": "daily", "zzzzzz": 3}, "unknown key 'zzzzzz'", "known keys: blackouts"),
    ({"type": "daily", "hour": 25}, "hour 25 is not within 0 to 23", "did you mean: 23 ?"),
    ({"type": "daily", "hour": -1}, "hour -1 is not within 0 to 23", "did you mean: 0 ?"),
    ({"type": "daily", "hour": "9"}, "hour must be a whole number, not '9'", ""),
    ({"type": "daily", "hour": 9.5}, "hour must be a whole number, not 9.5", ""),
    ({"type": "daily", "hour": True}, "hour must be a whole number, not True", ""),
    ({"type": "daily", "hour": float("nan")}, "hour must be a whole number, not nan", ""),
    ({"type": "daily", "hour": 10**5000}, "a huge int", ""),
    ({"type": "daily", "hour": [1]}, "hour must be a whole number", ""),
    ({"type": "weekly", "day_of_week": 1}, "day_of_week must be a text", ""),
    ({"type": "weekly", "day_of_week": "someday"}, "is not a day of the week", ""),
    ({"type": "monthly", "day": 32}, "day 32 is not within 1 to 31", ""),
    ({"type": "interval"}, "needs a duration", "{seconds = 1800}"),
    ({"type": "interval", "seconds": 0}, "must be at least 1 second", ""),
    ({"type": "interval", "days": 3651}, "must be at most 3650 days", ""),
    ({"type": "interval", "seconds": 60, "anchor": "noon"}, "is not a date with a time", ""),
    ({"type": "interval", "seconds": 60, "run_on_start": 1}, "must be true or false, not 1", ""),
    ({"type": "time_of_day"}, "needs hours or times", ""),
    ({"type": "time_of_day", "hours": []}, "needs hours or times", ""),
    ({"type": "time_of_day", "hours": [24]}, "hours 24 is not within 0 to 23", ""),
    ({"type": "time_of_day", "hours": [0] * 2000}, "at most 1440 entries", ""),
    ({"type": "time_of_day", "times": [8]}, "times must be texts like 08:30, not 8", ""),
    ({"type": "time_of_day", "hours": 8, "days_interval": 0}, "days_interval 0 is not within", ""),
    ({"type": "time_of_day", "hours": 8, "anchor": "2026-02-30"}, "does not exist", ""),
    ({"type": "time_of_day", "hours": 8, "anchor": 5}, "is not a date", "write it as 2026-12-01"),
    ({"type": "once"}, "is not a date with a time", ""),
    ({"type": "once", "at": 5}, "5 is not a date with a time", ""),
    ({"type": "once", "at": date(2026, 1, 1)}, "is not a date with a time", ""),
    ({"type": "cron"}, "needs an expression", ""),
    ({"cron": "@reboot"}, "no moment in time", ""),
    ({"cron": "0 9 * * *", "seconds": True}, "6 fields (second minute", ""),
    ({"cron": "0 0 9 * * *", "seconds": "yes"}, "seconds must be true or false", ""),
    ({"type": "daily", "timezone": "America/NewYork"}, "unknown time zone", "America/New_York"),
    ({"type": "daily", "timezone": 5}, "timezone must be a text", ""),
    ({"type": "daily", "skip_weekends": "yes"}, "must be true or false", ""),
    ({"type": "daily", "holidays": "XX"}, "no holidays are known for country 'XX'", "did you mean"),
    ({"type": "daily", "holidays": "DE-BX"}, "DE has no part 'BX'", "did you mean: DE-B"),
    ({"type": "daily", "holidays": "VA-X"}, "VA has no part 'X'", "use VA"),
    ({"type": "daily", "holidays": True}, "holidays must be a text", ""),
    ({"type": "daily", "on_hit": "defer"}, "on_hit must be one of skip, defer_to_end", ""),
    ({"type": "daily", "only_between": "09:00"}, "is not two times", "09:00-17:00"),
    ({"type": "daily", "only_between": "09:00-09:00"}, "only_between is empty", ""),
    ({"type": "daily", "only_between": "24:00-09:00"}, "'24:00' is not a time of day", ""),
    ({"type": "daily", "blackouts": "22:00"}, "a blackout is a table", ""),
    ({"type": "daily", "blackouts": [{"from": "22:00"}]}, "has the keys from and to", ""),
    ({"type": "daily", "blackouts": [{"from": "9:00", "to": "x"}]}, "is not a time of day", ""),
    ({"type": "daily", "blackouts": [{"from": "09:00", "to": "2026-01-01"}]}, "is not a date", ""),
    (
        {"type": "daily", "blackouts": [{"from": "2026-01-02", "to": "2026-01-01"}]},
        "must end after it starts: 2026-01-02 to 2026-01-01",
        "",
    ),
    ({"schedule_type": "weekly", "schedule_config": "{"}, "not valid JSON", ""),
    ({"schedule_type": "weekly", "schedule_config": "[1]"}, "JSON of a table is needed", ""),
    ({"schedule_type": "weekly", "schedule_config": [1]}, "schedule_config must be a table", ""),
    ({"schedule_config": {"schedule_config": {}}}, "has no type", ""),
    ({"cron": 10**5000}, "cron must be a text, not a huge int", ""),
    ({"type": "daily", "blackouts": [{"from": 10**5000, "to": 5}]}, "is not a date", ""),
    ({5: "daily"}, "the keys of a table are texts", ""),
    ({str(i): i for i in range(101)}, "the keys of a table are texts, and few", ""),
    (None, "a text or a table, not NoneType", ""),
    (5, "a text or a table, not int", ""),
    (["daily"], "a text or a table, not list", ""),
    (b"daily", "a text or a table, not bytes", ""),
]


@pytest.mark.parametrize(("table", "problem", "hint"), TABLES)
def test_table_that_is_refused(table: object, problem: str, hint: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse_schedule(table)

    assert problem in str(caught.value)
    assert hint in caught.value.hint
    assert len(str(caught.value)) < 500
    assert caught.value.exit_code == 2


ZONES: list[tuple[Any, str]] = [
    ("America/NewYork", "America/New_York"),
    ("america/new_york", "America/New_York"),
    ("Mars/Olympus", ""),
    ("America", ""),
    ("../../etc/passwd", ""),
    ("/etc/localtime", ""),
    ("posix/UTC", ""),
    ("", ""),
    ("UTC\0", ""),
    ("x" * 10_000, ""),
    ("Europe/\ud800", ""),
]


@pytest.mark.parametrize(("zone", "hint"), ZONES)
def test_unknown_zone(zone: str, hint: str) -> None:
    with pytest.raises(ScheduleError, match="unknown time zone") as caught:
        parse_schedule("interval_5m", zone)

    assert hint in caught.value.hint


def test_a_table_that_holds_itself_is_refused() -> None:
    table: dict[str, object] = {"type": "daily"}
    table["schedule_config"] = table

    with pytest.raises(ScheduleError, match="unknown key 'schedule_config'"):
        parse_schedule(table)


def test_zone_and_key_must_be_texts() -> None:
    wrong: Any = 5

    with pytest.raises(ScheduleError, match="are texts, not 5"):
        parse_schedule("daily", wrong)
    with pytest.raises(ScheduleError, match="are texts, not 5"):
        parse_schedule("daily", key=wrong)


def test_a_key_may_hold_anything() -> None:
    assert parse_schedule("H H * * *", key="\ud800é").describe().startswith("every day at")


class _Nowhere(tzinfo):
    def utcoffset(self, when: datetime | None) -> None:
        return None

    dst = utcoffset

    def tzname(self, when: datetime | None) -> None:
        return None


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 1, 1),
        datetime(2026, 1, 1, tzinfo=_Nowhere()),
        date(2026, 1, 1),
        "2026-01-01T00:00Z",
        0,
        None,
        timedelta(1),
    ],
)
def test_a_moment_without_a_zone_is_refused(moment: Any) -> None:
    schedule = parse_schedule("daily")

    for ask in (schedule.next_after, schedule.next_slot):
        with pytest.raises(ScheduleError, match="a datetime with a time zone is needed"):
            ask(moment)


# --- garbage ----------------------------------------------------------------------------------

law = settings(derandomize=True, database=None, deadline=None, max_examples=300)

PIECES = (
    *("daily", "weekly", "hourly", "monthly", "manual", "interval", "once", "time_of_day", "cron:"),
    *("run_then_wait", "_at_", "_on_", "mon", "SUNDAY", "30m", "2h", "25:00", "09:00", "@daily"),
    *("*", "*/5", "0", "61", "1-5", "5-1", "1,2", "L", "5L", "l5", "#2", "5#2", "W", "15W", "R"),
    *("H", "H/15", "H(0-9)", "?", "jan", "JAN-", "-", "/", ",", " ", "  ", "\t", "\n", "\0"),
    *("{", "}", '"', "[", "]", ":", "\\", "é", "٣", "\u3000", "\ud800", "9" * 20, "9" * 5000),
    *("2026-12-01T09:00", "+25:00", "Z", "0" * 300, "*," * 120, "[" * 3000, "x" * 1_000_000),
)


def _survives(spec: object, zone: Any = "UTC") -> None:
    """Either it is a schedule that answers, or a ScheduleError says why not; soon."""
    begin = process_time()
    with suppress(ScheduleError):
        schedule = parse_schedule(spec, zone, key="k")
        assert parse_schedule(schedule.spec(), zone, key="k") == schedule
        schedule.next_after(datetime(2026, 1, 1, tzinfo=UTC))
        assert schedule.describe()
    assert process_time() - begin < 2, "a hundred times the aim, for a busy machine"


def test_almost_schedules_raise_nothing_else() -> None:
    roll = random.Random(5)

    for _ in range(6000):
        glue = roll.choice(("", " ", " ", "_", ","))
        _survives(glue.join(roll.choice(PIECES) for _ in range(roll.randrange(1, 9))))


@law
@given(text=st.text(max_size=60), zone=st.text(max_size=30))
def test_any_text_raises_nothing_else(text: str, zone: str) -> None:
    _survives(text)
    _survives("daily", zone)
    _survives({"cron": text, "timezone": zone})


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.dates(),
    st.datetimes(timezones=st.sampled_from([None, UTC, timezone(timedelta(hours=-23))])),
    st.times(),
    st.sampled_from(["22:00", "2026-01-01", "2026-01-01T09:00", "US", "UTC", "mon", "daily"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(["from", "to", "type", "x"]), inner, max_size=3),
    ),
    max_leaves=6,
)
KEYS = st.sampled_from(
    [
        *("type", "hour", "minute", "day", "day_of_week", "seconds", "minutes", "interval_seconds"),
        *("hours", "times", "days_interval", "anchor", "at", "wait_seconds", "run_on_start"),
        *("cron", "cron_expression", "pattern", "timezone", "schedule_type", "schedule_config"),
        *("skip_weekends", "blackouts", "only_between", "on_hit", "x"),
    ]
)
KINDS = st.sampled_from(
    [
        *("hourly", "daily", "weekly", "monthly", "interval", "time_of_day", "run_then_wait"),
        *("once", "manual", "cron", "custom"),
    ]
)


@law
@given(table=st.dictionaries(KEYS, VALUES, max_size=6), kind=st.one_of(st.none(), KINDS))
def test_any_table_raises_nothing_else(table: Mapping[str, object], kind: str | None) -> None:
    _survives({**table, "type": kind} if kind else table)


@law
@given(spec=VALUES)
def test_any_value_raises_nothing_else(spec: object) -> None:
    _survives(spec)
