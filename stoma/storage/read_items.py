"""What people look at: collected items, listed, searched and shown. Read-only, no SQLAlchemy."""

import sqlite3
import zlib
from collections.abc import Iterator, Sequence

from stoma.domain.item import RawAnswer
from stoma.storage.item_conditions import conditions, narrowed
from stoma.storage.item_lines import (
    ItemDetail,
    ItemFilter,
    ItemLine,
    ItemRecord,
    ItemStats,
    VersionLine,
)
from stoma.storage.ranking import WEIGHTS, ranked
from stoma.storage.read_item_rows import (
    detail,
    item_line,
    raw_answer,
    records,
)
from stoma.storage.read_item_stats import statistics
from stoma.storage.search import (
    CANDIDATES,
    HIT_END,
    HIT_START,
    match_expression,
    search_terms,
    snippets,
    spelled_out,
)

__all__ = [
    "HIT_END",
    "HIT_START",
    "ItemDetail",
    "ItemFilter",
    "ItemLine",
    "ItemReader",
    "ItemRecord",
    "VersionLine",
]

#: So many items are read at a time where all are wanted.
_AT_ONCE = 500


class ItemReader:
    """A read-only look at the items of one registry."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def newest(self, wanted: ItemFilter, *, limit: int, offset: int = 0) -> list[ItemLine]:
        """Return items, the newest collected first."""
        where, values = conditions(wanted)
        query = (
            f"SELECT items.* FROM items WHERE {where}"  # noqa: S608 - fixed texts, bound values
            " ORDER BY items.first_seen_at DESC, items.id DESC LIMIT ? OFFSET ?"
        )
        return [item_line(row) for row in self._rows(query, *values, limit, offset)]

    def after(self, item_id: int, wanted: ItemFilter) -> list[ItemLine]:
        """Return the items that were added after the one of that number, in their order."""
        where, values = conditions(wanted)
        # By the number, never by the index of what nearly all have in common.
        query = f"SELECT * FROM items NOT INDEXED WHERE items.id > ? AND {where} ORDER BY items.id"  # noqa: S608
        return [item_line(row) for row in self._rows(query, item_id, *values)]

    def last_id(self) -> int:
        """Return the number of the item added last; 0 if there is none."""
        return self._count("SELECT coalesce(max(id), 0) FROM items")

    def search(
        self, text: str, wanted: ItemFilter, *, limit: int, offset: int = 0
    ) -> list[ItemLine]:
        """Return the items that contain every word of *text*, the best match first.

        Any text is a valid query; one without a letter or digit finds nothing. Where more than
        `CANDIDATES` items match, the newest of them are ranked, and the newest of those that have
        every word in their titles.
        """
        match, words = match_expression(text), spelled_out(self._connection, text)
        if match is None or words is None:
            return []
        most = max(CANDIDATES, limit + offset)
        where, values = narrowed(self._connection, wanted)
        found = self._matching(words, where, values, most)
        if len(found) == most:
            found |= self._matching(f"title : ({words})", where, values, most)
        best = ranked(search_terms(text), found)[offset : offset + limit]
        around = snippets(match, {item_id: found[item_id] for item_id in best})
        return [
            item_line(row, around.get(item_id, ""))
            for item_id in best
            for row in self._rows(_BY_NUMBER, item_id)
        ]

    def _matching(
        self, match: str, where: str, values: Sequence[object], most: int
    ) -> dict[int, tuple[str, ...]]:
        """Return the newest items that match, each with its texts, in the order of `WEIGHTS`."""
        query = (
            f"SELECT items.id, {_TEXTS} FROM items_fts"  # noqa: S608 - fixed texts
            " JOIN items ON items.id = items_fts.rowid"
            f" WHERE items_fts MATCH ? AND {where} ORDER BY items_fts.rowid DESC LIMIT ?"
        )
        rows = self._rows(query, match, *values, most)
        return {row["id"]: tuple(row[name] or "" for name in WEIGHTS) for row in rows}

    def count(self, wanted: ItemFilter) -> int:
        """Return how many items fit."""
        where, values = conditions(wanted)
        return self._count(f"SELECT count(*) FROM items WHERE {where}", *values)  # noqa: S608

    def find(self, name: str) -> ItemDetail | None:
        """Return one item by its natural id, any identifier that is its own, or its number here."""
        number = int(name) if name.isascii() and name.isdecimal() and len(name) < 19 else -1
        for query, value in (*((each, name) for each in _BY_NAME), (_BY_NUMBER, number)):
            for row in self._rows(query, value).fetchall():
                return detail(self._connection, row)
        return None

    def numbered(self, item_id: int) -> ItemDetail | None:
        """Return the item of that number here."""
        for row in self._rows(_BY_NUMBER, item_id).fetchall():
            return detail(self._connection, row)
        return None

    def records(self, wanted: ItemFilter) -> Iterator[ItemRecord]:
        """Yield items whole, in the order in which they were collected, a portion at a time.

        What is written meanwhile is not seen.
        """
        where, values = conditions(wanted)
        # Numbers are put in order in no time; whole rows would be written to the disk for it.
        some = f"SELECT id FROM items WHERE {where}"  # noqa: S608 - fixed texts
        found = self._rows(f"SELECT * FROM items WHERE id IN ({some}) ORDER BY id", *values)  # noqa: S608
        while rows := found.fetchmany(_AT_ONCE):
            yield from records(self._connection, rows)

    def raw(self, sha256: str) -> RawAnswer | None:
        """Return a raw answer; None if its body is not kept (any more)."""
        query = "SELECT * FROM raw_answers WHERE sha256 = ? AND kept_bytes > 0"
        for row in self._rows(query, sha256):
            return raw_answer(row, zlib.decompress(row["body"]))
        return None

    def statistics(self, wanted: ItemFilter, *, days: int) -> ItemStats:
        """Return the items that fit, counted; with the newest *days* that brought something."""
        return statistics(self._connection, wanted, days=days)

    def _count(self, query: str, *values: object) -> int:
        return int(self._connection.execute(query, values).fetchone()[0])

    def _rows(self, query: str, *values: object) -> sqlite3.Cursor:
        return self._connection.execute(query, values)


_TEXTS = ", ".join(f"items.{name}" for name in WEIGHTS)
_BY_NAME = (
    "SELECT * FROM items WHERE natural_id = ? ORDER BY id LIMIT 1",
    # A company's number, say, is on each of its filings.
    "SELECT items.* FROM identifiers JOIN items ON items.id = identifiers.item_id"
    " WHERE value = ? AND scheme NOT IN ('cik', 'file_number') ORDER BY items.id LIMIT 1",
)
_BY_NUMBER = "SELECT * FROM items WHERE id = ?"
