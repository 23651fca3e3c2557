"""A month of coming runs: as records, and as a file for a calendar program."""

from collections.abc import Iterator
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path

from stoma import __version__
from stoma.cli.output import View
from stoma.cli.streams import note, put
from stoma.cli.tables import Column
from stoma.cli.times import local
from stoma.cli.words import schedule_words
from stoma.exceptions import UsageError
from stoma.operations.coming import Month
from stoma.records.slots import day_fields
from stoma.storage.read_rows import TaskLine

#: Of each task; a task that runs every minute would fill any calendar.
MOST_EVENTS = 1000


def read_month(text: str | None, now: datetime, timezone: str) -> tuple[int, int]:
    """Return the year and month that *text* means, or the present one.

    Raises:
        UsageError: It is no month.
    """
    if text is None:
        today = local(now, timezone)
        return today.year, today.month
    try:
        found = date.fromisoformat(f"{text}-01")
    except ValueError:
        raise UsageError(f"{text!r} is no month", hint="write it as 2026-03") from None
    if not 1900 <= found.year <= 9998:
        raise UsageError(f"{text!r} is too far away", hint="years from 1900 to 9998")
    return found.year, found.month


def day_view(month: Month) -> View[int]:
    """Return how the days of a month are listed for scripts."""
    return View(
        columns=[
            Column("date", lambda day: _date(month, day)),
            Column("fires", lambda day: str(month.days[day]), right=True),
        ],
        fields=day_fields(month),
        name=lambda day: _date(month, day),
    )


def _date(month: Month, day: int) -> str:
    return date(month.year, month.month, day).isoformat()


def export(month: Month, target: str, *, now: datetime, registry: Path) -> None:
    """Write the month as iCalendar to the file *target*, or to stdout for `-`.

    Raises:
        UsageError: The file can not be written.
    """
    events = month.moments(limit=MOST_EVENTS)
    if not events:  # a calendar without events is none
        note("nothing is due in that month: nothing is written")
        return
    text = "".join(map(_folded, _calendar(events, now, str(registry), month.timezone)))
    if target == "-":
        put(text)
        return
    try:
        Path(target).write_bytes(text.encode())
    except OSError as error:
        raise UsageError(f"{target} can not be written: {error.strerror}") from None
    note(f"{len(events)} events written to {target}")
    left_out = month.fires - len(events)
    if left_out > 0:
        note(f"note: {left_out} left out, a task has at most {MOST_EVENTS}")


def _calendar(
    events: list[tuple[datetime, TaskLine]], now: datetime, registry: str, timezone: str
) -> Iterator[str]:
    """Yield the content lines of a calendar (RFC 5545), unfolded."""
    yield "BEGIN:VCALENDAR"
    yield "VERSION:2.0"
    yield f"PRODID:-//stoma//stoma {__version__}//EN"
    yield "CALSCALE:GREGORIAN"
    for at, task in events:
        # The same event of the same registry always has the same name: importing a month again
        # moves nothing and doubles nothing.
        name = sha256(f"{registry}\n{task.id}\n{_utc(at)}".encode()).hexdigest()[:32]
        yield "BEGIN:VEVENT"
        yield f"UID:{name}@stoma"
        yield f"DTSTAMP:{_utc(now)}"
        yield f"DTSTART:{_utc(at)}"
        yield f"SUMMARY:{_escaped(task.name)}"
        words = schedule_words(task.schedule, task.timezone or timezone)
        yield f"DESCRIPTION:{_escaped(f'{task.id}: {words}')}"
        yield f"CATEGORIES:{_escaped(task.type)}"
        yield "TRANSP:TRANSPARENT"
        yield "END:VEVENT"
    yield "END:VCALENDAR"


def _utc(moment: datetime) -> str:
    return f"{moment:%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    """Return *text* as a TEXT value (RFC 5545, 3.3.11), without control characters."""
    for before, after in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(before, after)
    return "".join(each for each in text if each.isprintable())


def _folded(line: str) -> str:
    """Return a content line with its end, in pieces of at most 75 octets (RFC 5545, 3.1)."""
    pieces, piece, size = [], "", 0
    for character in line:
        octets = len(character.encode())
        if size + octets > 75:
            pieces.append(piece)
            piece, size = " ", 1
        piece, size = piece + character, size + octets
    return "\r\n".join([*pieces, piece]) + "\r\n"
