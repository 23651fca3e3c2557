"""What `stoma scheduler backfill` shows."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice

from stoma.cli.output import View
from stoma.cli.pages import facts, heading
from stoma.cli.tables import Column, table
from stoma.cli.times import Times, span
from stoma.cli.words import counted
from stoma.operations.backfill import Backfilled
from stoma.records.slots import backfill_fields
from stoma.text import safe

#: So many slots of a plan are listed; `--json` has them all.
_LISTED = 20


def filling_view(*, dry_run: bool) -> View[Backfilled]:
    """Return the stable fields of a backfill."""
    return View(
        fields=backfill_fields(dry_run=dry_run),
        name=lambda found: found.task_id,
    )


def filling_text(found: Backfilled, times: Times, dry_run: bool) -> str:
    """Return what is filled; of a plan, every slot of it, or the first ones."""
    if not found.slots:
        return f"{safe(found.task_id)}: nothing to fill\n{facts(_others(found))}"
    verb = "would run" if dry_run else "will run"
    slots = list(found.slots)
    head = heading(f"{found.task_id}: {counted(len(slots), 'slot')} {verb}")
    rows = [
        ("first", times.at(slots[0], found.timezone)),
        ("last", times.at(slots[-1], found.timezone)),
        ("were", _list(found.counts)),
        ("takes", f"about {span(found.seconds)}, one after the other" if found.seconds else ""),
        *_others(found),
    ]
    return head + facts(rows) + (_plan(found, times) if dry_run else "")


def filling_notes(found: Backfilled, times: Times) -> Iterator[str]:
    """Yield what is left as it is, and why."""
    if found.left:
        yield f"{counted(found.left, 'more slot')} beyond --limit"
    if found.undecided_from is not None:
        at = times.at(found.undecided_from, found.timezone)
        yield f"slots from {at} on are not decided yet: the scheduler does so when it runs"


def _others(found: Backfilled) -> list[tuple[str, str]]:
    return [("left", f"{_list(found.others)}: nothing to do")] if found.others else []


def _plan(found: Backfilled, times: Times) -> str:
    rows = list(islice(found.slots.items(), _LISTED))
    columns: list[Column[tuple[datetime, str]]] = [
        Column("slot", lambda row: times.at(row[0], found.timezone)),
        Column("was", lambda row: row[1]),
    ]
    more = len(found.slots) - len(rows)
    rest = f"and {more:,} more\n" if more else ""
    return "\n" + table(columns, rows, headers=True) + rest


def _list(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {word}" for word, count in counts.items())
