"""How items are listed, and what a search found."""

import shutil
import sys
from collections.abc import Sequence

from stoma.cli.output import View
from stoma.cli.streams import tinted
from stoma.cli.tables import Column, shortened
from stoma.cli.times import Times
from stoma.records.items import ITEM
from stoma.storage.item_lines import ItemLine
from stoma.storage.read_items import HIT_END, HIT_START
from stoma.text import safe

_HIT = "1;33"


def item_view(times: Times) -> View[ItemLine]:
    """Return how items are listed."""
    return View(
        columns=[
            Column("id", lambda item: item.natural_id),
            Column("published", lambda item: _day(item)),
            Column("kind", lambda item: item.kind, wide=True),
            Column("source", lambda item: item.source, wide=True),
            Column("version", lambda item: item.version_key or "-", wide=True),
            Column("collected", lambda item: times.near(item.first_seen_at)),
            Column("authors", lambda item: few(item.authors), least=12),
            Column("title", _title, least=30),
            Column("url", lambda item: item.url, wide=True),
        ],
        fields=ITEM,
        name=lambda item: item.natural_id,
    )


def found_text(items: Sequence[ItemLine]) -> str:
    """Return what a search found: two lines each, the words that were looked for highlighted."""
    room = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    lines = []
    for item in items:
        head = f"{item.natural_id}  {_day(item)}  {_title(item)}"
        who = few(item.authors)
        lines.append(_fitted(head, room))
        lines.append(f"    {_highlighted(item.snippet)}")
        if who:
            lines.append(f"    {tinted(_fitted(who, room and room - 4), '2')}")
    return "".join(f"{line}\n" for line in lines)


def watched_text(items: Sequence[ItemLine]) -> str:
    """Return items as they come: a line each."""
    room = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    lines = []
    for item in items:
        who = few(item.authors)
        start = f"{item.first_seen_at:%H:%M:%S}Z  {item.natural_id:<12}  {_title(item)}"
        lines.append(_fitted(f"{start}  ({who})" if who else start, room))
    return "".join(f"{line}\n" for line in lines)


def few(authors: Sequence[str]) -> str:
    """Return who wrote it, as it is cited: `A`, `A and B`, `A et al.`."""
    if len(authors) > 2:
        return f"{authors[0]} et al."
    return " and ".join(authors)


def _day(item: ItemLine) -> str:
    return f"{item.published_at:%Y-%m-%d}" if item.published_at else "-"


def _title(item: ItemLine) -> str:
    title = item.title or "(no title)"
    return title if item.status == "active" else f"[{item.status}] {title}"


def _fitted(text: str, room: int | None) -> str:
    return safe(text) if room is None else shortened(safe(text), room)


def _highlighted(snippet: str) -> str:
    """Return a snippet with its hits in colour; what frames them never reaches the terminal."""
    first, *rest = snippet.split(HIT_START)
    parts = [safe(first)]
    for each in rest:
        hit, _, after = each.partition(HIT_END)
        parts += [tinted(safe(hit), _HIT), safe(after)]
    return "".join(parts)
