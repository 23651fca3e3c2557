"""How the applying of task files is shown, and what a change means in fires."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from stoma.cli.output import View
from stoma.cli.tables import Column
from stoma.cli.times import Times, stamp
from stoma.operations.apply import ApplyLine, ApplyReport
from stoma.records.changes import APPLY
from stoma.scheduler.forecast import Fires, Forecast

T = TypeVar("T")

_MARKS = {
    "added": ("+", "32"),
    "changed": ("~", "33"),
    "kept": ("=", "36"),
    "unchanged": (" ", ""),
    "removed": ("-", "31"),
    "left_out": ("!", "33"),
}


def apply_view(times: Times) -> View[ApplyLine]:
    """Return how the lines of a plan are listed."""
    return View(
        columns=[
            Column(
                "mark",
                lambda line: _MARKS[line.action][0],
                bare=True,
                tint=lambda line: _MARKS[line.action][1],
            ),
            Column("task", lambda line: line.task_id, least=16),
            Column("action", lambda line: line.action.replace("_", " ")),
            Column("what", lambda line: _what(line), least=20),
            Column("fires", lambda line: forecast_text(line.forecast, times), least=20),
            Column("where", lambda line: line.where, wide=True),
        ],
        fields=APPLY,
        name=lambda line: line.task_id,
    )


def apply_summary(report: ApplyReport, *, dry_run: bool) -> str:
    """Return an applying in a line."""
    counts = Counter(line.action for line in report.lines)
    words = [f"{counts[name]} {name.replace('_', ' ')}" for name in _MARKS if counts[name]]
    return f"{'would apply' if dry_run else 'applied'}: {', '.join(words)}"


def forecast_text(found: Forecast | None, times: Times) -> str:
    """Return the fires that a change loses and gains: `-7 fires (06:00 UTC) +1 fire (...)`.

    Of two long lists only the numbers and the first moments: `-168 +336 fires (first lost ...)`.
    """
    if not found:
        return ""
    if _is_long(found.lost, times) and _is_long(found.gained, times):
        parts = [_both(found, times)]
    else:
        parts = [_fires("-", found.lost, times), _fires("+", found.gained, times)]
    if not found.complete:
        parts.append(f"until {times.at(found.until)}")
    return " ".join(filter(None, parts))


def _is_long(fires: Fires, times: Times) -> bool:
    return fires.count > 1 and not fires.words and (times.utc or not fires.clock)


def _both(found: Forecast, times: Times) -> str:
    lost, gained = found.lost.first[0], found.gained.first[0]
    if times.utc:
        first = f"first lost {stamp(lost)}, gained {stamp(gained)}"
    else:
        first = f"first lost {lost:%a %H:%M %Z}, gained {gained:%a %H:%M %Z}"
    return f"-{found.lost.count} +{found.gained.count} fires ({first})"


def _fires(sign: str, fires: Fires, times: Times) -> str:
    words = [fires.words] if fires.words else []
    if fires.count:
        noun = "fire" if fires.count == 1 else "fires"
        words.insert(0, f"{fires.count} {noun} ({_at(fires, times)})")
    return f"{sign}{', then '.join(words)}" if words else ""


def _at(fires: Fires, times: Times) -> str:
    if times.utc:
        return ", ".join(_first([stamp(moment) for moment in fires.first], fires.count))
    zone = f"{fires.first[0]:%Z}"
    if fires.clock:
        return f"{', '.join(fires.clock)} {zone}"
    return f"{', '.join(_first([_day(moment) for moment in fires.first], fires.count))} {zone}"


def _first(named: Sequence[str], count: int) -> Iterator[str]:
    yield from named
    if count > len(named):
        yield "..."


def _day(moment: datetime) -> str:
    return f"{moment:%a %H:%M}"


def _what(line: ApplyLine) -> str:
    changed, kept = ", ".join(line.changed_fields), ", ".join(line.kept_fields)
    return "; ".join(filter(None, [changed, f"yours kept: {kept}" if kept else "", line.note]))
