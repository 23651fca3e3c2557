"""Cron fields in plain English."""

from stoma.schedules.crontext import CronFields
from stoma.schedules.nominals import DayRule
from stoma.schedules.reading import WEEKDAYS
from stoma.schedules.words import listed, ordinal, ranges

_MONTHS = (
    "",
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_FEW = 6


def cron_in_words(fields: CronFields) -> str:
    """Return `at 09:00 on Monday to Friday`."""
    minutes, hours = fields.minutes, fields.hours
    days = _days(fields.rule)
    if len(minutes) * len(hours) <= _FEW:
        times = listed([f"{hour:02}:{minute:02}" for hour in hours for minute in minutes])
        words = f"at {times}{days}" if days else f"every day at {times}"
    else:
        words = f"{_minutes_and_hours(minutes, hours)}{days}"
    if fields.seconds != (0,):
        words += f", at second {ranges(fields.seconds)}"
    return words


def _minutes_and_hours(minutes: tuple[int, ...], hours: tuple[int, ...]) -> str:
    step = _step(minutes, 60)
    if step:
        words = "every minute" if step == 1 else f"every {step} minutes"
        if len(hours) == 24:
            return words
    else:
        words = f"at minute {ranges(minutes)}"
        if len(hours) == 24:
            return f"{words} of every hour"
    step = _step(hours, 24)
    return f"{words} of " + (f"every {ordinal(step)} hour" if step else f"hour {ranges(hours)}")


def _step(values: tuple[int, ...], cycle: int) -> int:
    """Return the even distance that takes *values* round the cycle from 0; 0 if there is none."""
    step = cycle // len(values)
    return step if step < cycle and values == tuple(range(0, cycle, step)) else 0


def _days(rule: DayRule) -> str:
    by_date = _by_date(rule)
    by_week = _by_week(rule)
    if by_date and by_week:
        joined = " or on " if rule.either else ", if that is "
        days = f" on {by_date}{joined}{by_week}"
    else:
        days = f" on {by_date or by_week}" if by_date or by_week else ""
    if len(rule.months) < 12:
        days += f" in {ranges(sorted(rule.months), _MONTHS)}"
    return days


def _by_date(rule: DayRule) -> str:
    if len(rule.days) == 31:
        return ""
    parts = [f"day {ranges(sorted(rule.days))}"] if rule.days else []
    parts += ["the last day"] if rule.last_day else []
    return f"{listed(parts)} of the month"


def _by_week(rule: DayRule) -> str:
    if rule.nth:
        return listed(
            [
                f"the {'last' if n < 0 else ordinal(n)} {WEEKDAYS[day]} of the month"
                for day, n in sorted(rule.nth)
            ]
        )
    # A week that starts on Monday reads better; Sunday comes last.
    monday_first = sorted((day - 1) % 7 for day in rule.weekdays)
    return "" if len(monday_first) == 7 else ranges(monday_first, (*WEEKDAYS[1:], WEEKDAYS[0]))
