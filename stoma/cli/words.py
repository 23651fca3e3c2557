"""Short words for schedules and states. Pure, and light: lists of tasks need no schedule parser."""

import re
from collections.abc import Callable, Mapping

from stoma.cli.forms import dumps
from stoma.domain.task import Json

_TEXT = re.compile(
    r"(?P<daily>daily)|daily_at_(?P<daily_at>\d\d:\d\d)"
    r"|weekly_on_(?P<day>[a-z]+)_at_(?P<day_at>\d\d:\d\d)"
    r"|interval_(?P<every>\d+[smhd])"
    r"|run_then_wait_(?P<wait>\d+[smhd])"
    r"|cron:\s*(?P<cron>.+)"
    r"|once_at_(?P<once>.+)",
    re.IGNORECASE,
)


def schedule_words(spec: Json, timezone: str) -> str:
    """Return a schedule in a few words: `daily 06:00 UTC`, `every 2h`, `0 9 * * 1-5 Asia/Tokyo`.

    What has no short form is shown as it was written.
    """
    if not isinstance(spec, Mapping):
        return _text_words(str(spec), timezone)
    zone = str(spec.get("timezone") or timezone)
    for key, prefix in (("pattern", ""), ("cron", "cron:"), ("cron_expression", "cron:")):
        if key in spec:
            return _text_words(f"{prefix}{spec[key]}", zone)
    return _table_words(spec, zone) or dumps(dict(spec), None)


def _text_words(text: str, timezone: str) -> str:
    match = _TEXT.fullmatch(text)
    if match is None:
        return f"{text} {timezone}" if _ON_THE_CLOCK.match(text) else text
    found = {name: value for name, value in match.groupdict().items() if value}
    return _SAYINGS[match.lastgroup or ""](found, timezone)


_ON_THE_CLOCK = re.compile(r"[\d*@]|weekly|monthly|time_of_day", re.IGNORECASE)
_SAYINGS: Mapping[str, Callable[[dict[str, str], str], str]] = {
    "daily": lambda found, zone: f"daily 00:00 {zone}",
    "daily_at": lambda found, zone: f"daily {found['daily_at']} {zone}",
    "day_at": lambda found, zone: f"{found['day'].title()} {found['day_at']} {zone}",
    "every": lambda found, zone: f"every {found['every']}",
    "wait": lambda found, zone: f"{found['wait']} after each run",
    "cron": lambda found, zone: f"{found['cron']} {zone}",
    "once": lambda found, zone: f"once {found['once'].replace('T', ' ')} {zone}",
}


def _table_words(table: Mapping[str, Json], zone: str) -> str:
    at = f"{_two(table.get('hour'))}:{_two(table.get('minute'))}"
    said = {
        "daily": f"daily {at} {zone}",
        "weekly": f"{str(table.get('day_of_week', 'Sun')).title()} {at} {zone}",
        "monthly": f"monthly on {table.get('day', 1)}, {at} {zone}",
        "hourly": f"hourly at :{_two(table.get('minute'))}",
        "interval": f"every {_length(table)}",
    }
    return said.get(str(table.get("type")), "")


def _two(number: Json) -> str:
    return f"{number:02}" if isinstance(number, int) else "00"


def _length(table: Mapping[str, Json]) -> str:
    keys = {"weeks": "w", "days": "d", "hours": "h", "minutes": "m", "seconds": "s"}
    parts = [f"{table[key]}{letter}" for key, letter in keys.items() if table.get(key)]
    if table.get("interval_seconds"):
        parts.append(f"{table['interval_seconds']}s")
    return "".join(parts)


#: What a run's outcome or state is called in tables; the rest are called what they are.
_SAID = {"succeeded": "ok", "timed_out": "timed out", "dead": "failed", "pending": "waiting"}
#: Every outcome and state has a mark, so that a strip of ten tells a story without colour.
MARKS = {
    "succeeded": "✓",
    "empty": "○",
    "partial": "!",
    "failed": "✗",
    "dead": "✗",
    "timed_out": "✗",
    "interrupted": "!",
    "cancelled": "-",
    "skipped": "-",
    "coalesced": "-",
    "missed": "-",
    "pending": "·",
    "queued": "·",
    "running": "▮",
}
_GREEN, _RED, _YELLOW, _BLUE, _DIM = "32", "31", "33", "36", "2"
_TINTS = {"✓": _GREEN, "○": _GREEN, "✗": _RED, "!": _YELLOW, "▮": _BLUE, "-": _DIM, "·": _DIM}


def said(word: str) -> str:
    """Return what tables call an outcome or a state."""
    return _SAID.get(word, word)


def mark(word: str) -> str:
    """Return the mark of an outcome or a state."""
    return MARKS.get(word, "?")


def counted(count: int, noun: str) -> str:
    """Return `1 run`, `1,234 runs`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def tint(sign: str) -> str:
    """Return the colour of a mark."""
    return _TINTS.get(sign, "")
