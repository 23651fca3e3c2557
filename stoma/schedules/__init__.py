"""When tasks are due: one file per kind, and the one function that reads them all."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from stoma.exceptions import ScheduleError, UnknownTypeError
from stoma.registry import Registry
from stoma.schedules.base import BaseSchedule, Frame
from stoma.schedules.filters import read_filters
from stoma.schedules.reading import Table, shown
from stoma.schedules.zones import zone_named
from stoma.text import collapse, did_you_mean

SCHEDULES: Registry[BaseSchedule] = Registry(
    "schedule type",
    {
        "cron": "stoma.schedules.cron:CronSchedule",
        "custom": "stoma.schedules.cron:CronSchedule",
        "daily": "stoma.schedules.pattern:DailySchedule",
        "hourly": "stoma.schedules.pattern:HourlySchedule",
        "interval": "stoma.schedules.interval:IntervalSchedule",
        "manual": "stoma.schedules.manual:ManualSchedule",
        "monthly": "stoma.schedules.pattern:MonthlySchedule",
        "once": "stoma.schedules.once:OnceSchedule",
        "run_then_wait": "stoma.schedules.after_completion:AfterCompletionSchedule",
        "time_of_day": "stoma.schedules.time_of_day:TimeOfDaySchedule",
        "weekly": "stoma.schedules.pattern:WeeklySchedule",
    },
    group="stoma.schedules",
)

_WORD = re.compile(
    r"(cron(?=:)|hourly|daily|weekly|monthly|interval|time_of_day|run_then_wait|once|manual)"
    r"(?![a-z0-9])",
    re.IGNORECASE,
)
#: crontab(5)'s nicknames. Only the rare ones are left to the cron parser, which costs an import.
_NICKNAMES = {
    "@hourly": "hourly",
    "@daily": "daily",
    "@midnight": "daily",
    "@weekly": "weekly",
    "@monthly": "monthly",
    "@yearly": "cron: 0 0 1 1 *",
    "@annually": "cron: 0 0 1 1 *",
}
#: One example of every text form, to suggest from.
_FORMS = (
    "hourly",
    "daily",
    "weekly",
    "monthly",
    "daily_at_09:00",
    "weekly_on_mon_at_09:00",
    "interval_30m",
    "cron: 0 9 * * 1-5",
    "time_of_day 08:00,16:00",
    "run_then_wait_10m",
    "once_at_2026-12-01T09:00",
    "manual",
)
#: Keys that tell the type of a table that does not name it.
_TELLING = {
    "cron": "cron",
    "cron_expression": "cron",
    "interval_seconds": "interval",
    "wait_seconds": "run_then_wait",
    "at": "once",
}
_LONGEST_TEXT = 256
_LONGEST_JSON = 10_000


def parse_schedule(spec: object, timezone: str = "UTC", *, key: str = "") -> BaseSchedule:
    """Return the schedule that a text or a table describes.

    Args:
        spec: A text such as `daily_at_09:00`, or a table (a mapping, or JSON text of one).
        timezone: The IANA zone whose clock counts; one that the table names wins.
        key: The task's id, which `H` in cron text is hashed with.

    Raises:
        ScheduleError: It can not be understood, or would never fire whatever the date.
    """
    try:
        return _read(spec, Frame(timezone, key=key))
    except ScheduleError as error:
        raise ScheduleError(
            f"schedule {shown(spec)}: {error}",
            spec=shown(spec),
            column=error.column,
            hint=error.hint,
        ) from None


def ensure_fires(schedule: BaseSchedule, moment: datetime) -> None:
    """Check that a schedule with slots has one later than *moment* that will run.

    Raises:
        ScheduleError: Its only moment is past, or its filters let nothing through.
    """
    if schedule.has_slots and schedule.next_after(moment) is None:
        raise ScheduleError(
            f"schedule {shown(schedule.spec())} never fires after {moment:%Y-%m-%d %H:%M %Z}",
            spec=shown(schedule.spec()),
            hint="choose a later moment, or filters that leave some time free",
        )


def _read(spec: object, frame: Frame) -> BaseSchedule:
    # The annotations promise texts, but values from outside reach this place.
    for given in (frame.timezone, frame.key):
        if not isinstance(given, str):
            raise ScheduleError(f"time zone and key are texts, not {shown(given)}")
    if isinstance(spec, Mapping):
        return _from_table(spec, frame)
    if not isinstance(spec, str):
        raise ScheduleError(f"a schedule is a text or a table, not {type(spec).__name__}")
    text = spec.strip(" \t\r\n")
    if text.startswith("{"):
        return _from_table(_from_json(text), frame)
    zone_named(frame.timezone)
    return _from_text(text, replace(frame, text=collapse(text[:_LONGEST_TEXT])))


def _from_text(text: str, frame: Frame) -> BaseSchedule:
    if len(text) > _LONGEST_TEXT:
        raise ScheduleError(f"longer than {_LONGEST_TEXT} characters", column=_LONGEST_TEXT + 1)
    if not text.isascii():
        raise ScheduleError("only ASCII characters have a meaning here")
    nickname = text.lower().removeprefix("cron:").lstrip()
    if nickname.startswith("@"):
        if nickname not in _NICKNAMES:
            raise _unknown_nickname(nickname)
        text = _NICKNAMES[nickname]
    word = _WORD.match(text)
    if word:
        return _kind(word[1].lower()).from_text(text, frame)
    words = len(text.split())
    if words >= 5 or (words > 2 and text[0] in "*0123456789"):
        return _kind("cron").from_text(text, frame)
    raise ScheduleError("not a known form", hint=_nearest_form(text.lower()))


def _unknown_nickname(name: str) -> ScheduleError:
    if name == "@reboot":
        return ScheduleError(
            "@reboot is no moment in time", hint="an interval table may say run_on_start = true"
        )
    near = did_you_mean(name, _NICKNAMES) or _nearest_form(name)
    return ScheduleError("unknown nickname", hint=near)


def _nearest_form(text: str) -> str:
    period = re.search(r"([1-9][0-9]{0,3})\s*([smhd])", text)
    if period:
        return f"did you mean: interval_{period[1]}{period[2]} ?"
    return did_you_mean(text, _FORMS) or f"known forms: {', '.join(_FORMS)}"


def _from_table(spec: Mapping[object, object], frame: Frame) -> BaseSchedule:
    table = Table(_flattened(spec))
    zone = table.text("timezone")
    if zone is not None:
        frame = replace(frame, timezone=zone, zoned=True)
    zone_named(frame.timezone)
    frame = replace(frame, filters=read_filters(table, frame.timezone))
    name = table.text("type")
    pattern = _pattern(table) if name in (None, "cron", "custom") else None
    if pattern is not None:
        schedule = _from_text(pattern, frame)
    else:
        name = name or next((kind for key, kind in _TELLING.items() if key in table), None)
        if name is None:
            raise ScheduleError("has no type", hint=f"one of {', '.join(SCHEDULES)}")
        schedule = _kind(name.lower()).from_table(table, frame)
    table.finish()
    return schedule


def _pattern(table: Table) -> str | None:
    """Take the text form that a table may hold, or the nickname in place of a cron expression."""
    for name in ("cron", "cron_expression"):
        value = table.peek(name)
        if isinstance(value, str) and value.lstrip().startswith("@"):
            return table.text(name)
    return table.text("pattern")


def _flattened(spec: Mapping[object, object]) -> dict[str, object]:
    """Return the table with CronPilot's two keys, schedule_type and schedule_config, resolved."""
    entries = _with_text_keys(spec)
    kind, config = entries.pop("schedule_type", None), entries.pop("schedule_config", None)
    if isinstance(config, str) and config.strip():
        config = _from_json(config)
    if isinstance(config, Mapping):
        entries = {**_with_text_keys(config), **entries}
    elif config:
        raise ScheduleError(f"schedule_config must be a table, not {shown(config)}")
    return entries if kind is None else {**entries, "type": kind}


def _with_text_keys(table: Mapping[object, object]) -> dict[str, object]:
    if len(table) > 100 or not all(isinstance(key, str) for key in table):
        raise ScheduleError("the keys of a table are texts, and few")
    return {str(key): value for key, value in table.items()}


def _from_json(text: str) -> Mapping[object, object]:
    try:
        table = json.loads(text[: _LONGEST_JSON + 1])
    except (ValueError, RecursionError):
        raise ScheduleError("not valid JSON", hint='for example {"cron": "0 9 * * *"}') from None
    if not isinstance(table, Mapping):
        raise ScheduleError(f"JSON of a table is needed, not of {type(table).__name__}")
    return table


def _kind(name: str) -> type[BaseSchedule]:
    try:
        return SCHEDULES.get(name)
    except UnknownTypeError as error:
        raise ScheduleError(str(error), hint=error.hint) from None
