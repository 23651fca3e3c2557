"""Moments as whole seconds since the Unix epoch, and back; nothing here knows a time zone."""

from datetime import UTC, date, datetime, timedelta

from stoma.exceptions import ScheduleError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86_400
#: What `date.toordinal` says of 1970-01-01, day 0 of all arithmetic here.
EPOCH_ORDINAL = 719_163
FIRST_DAY = date.min.toordinal() - EPOCH_ORDINAL
LAST_DAY = date.max.toordinal() - EPOCH_ORDINAL
_FIRST_SECOND = FIRST_DAY * DAY


def seconds_of(moment: datetime) -> int:
    """Return the whole seconds from the epoch to *moment*, rounded down.

    Every due instant is a whole second, so "later than *moment*" and "later than the second
    that *moment* lies in" are the same thing.

    Raises:
        ScheduleError: *moment* is not a datetime that knows its zone.
    """
    try:
        since = moment - EPOCH
        second = since.days * DAY + since.seconds
    except (TypeError, AttributeError):
        raise ScheduleError(
            f"{moment!r} is not a moment: a datetime with a time zone is needed",
            hint="give it a zone, for example tzinfo=UTC",
        ) from None
    # A zone east of Greenwich has moments before the first one of UTC.
    return max(second, _FIRST_SECOND)


def moment_of(second: int) -> datetime | None:
    """Return the moment *second*, in UTC; None beyond the year 9999."""
    try:
        return EPOCH + timedelta(0, second)
    except OverflowError:
        return None


def date_of(day: int) -> date:
    """Return the date of *day*, counted from 1970-01-01; the calendar's ends are clamped."""
    return date.fromordinal(min(max(day, FIRST_DAY), LAST_DAY) + EPOCH_ORDINAL)


def day_of(value: date) -> int:
    """Return the days from 1970-01-01 to *value*."""
    return value.toordinal() - EPOCH_ORDINAL


def local_seconds(value: datetime) -> int:
    """Return the wall-clock time *value* as seconds on a clock that started 1970-01-01 00:00."""
    return day_of(value) * DAY + value.hour * 3600 + value.minute * 60 + value.second
