"""How the items that fit a search are spread: what one may narrow it by. No SQLAlchemy."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace

from stoma.storage.item_conditions import conditions, narrowed
from stoma.storage.item_lines import Group, ItemFilter
from stoma.storage.search import spelled_out

#: So many values of each facet are named, the most frequent first.
MOST = 12
#: Of more hits, the newest so many are counted.
CANDIDATES = 20_000

#: Where the values of a facet are, and beside which number of an item.
_FACETS: Mapping[str, tuple[str, str, str]] = {
    "source": ("items", "source", "id"),
    "kind": ("items", "kind", "id"),
    "task_id": ("task_items", "task_id", "item_id"),
    "tag": ("tags", "term", "item_id"),
}


class FacetReader:
    """Counts over the items of one registry."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def count(self, text: str, wanted: ItemFilter) -> int:
        """Return how many items fit; at most `CANDIDATES` where there is a text to search."""
        hits, values = self._hits(text, wanted)
        return int(self._connection.execute(f"SELECT count(*) FROM ({hits})", values).fetchone()[0])  # noqa: S608 - fixed texts

    def facets(self, text: str, wanted: ItemFilter) -> Mapping[str, Sequence[Group]]:
        """Return by what a search may be narrowed.

        A facet that is in use counts what would be there without it, so that one may change it.
        """
        return {name: self._groups(name, text, wanted) for name in _FACETS}

    def _groups(self, name: str, text: str, wanted: ItemFilter) -> Sequence[Group]:
        others = replace(wanted, **{name: None})
        table, value, number = _FACETS[name]
        if not text and (table == "items" or others == ItemFilter()):
            fits, values = conditions(others)  # an index counts these, without the items
        else:
            hits, values = self._hits(text, others)
            fits = f"{number} IN ({hits})"
        query = f"SELECT {value}, count(*) FROM {table} WHERE {fits} GROUP BY 1"  # noqa: S608
        rows = self._connection.execute(f"{query} ORDER BY 2 DESC, 1 LIMIT ?", (*values, MOST))
        return [Group(name=row[0], items=row[1]) for row in rows]

    def _hits(self, text: str, wanted: ItemFilter) -> tuple[str, Sequence[object]]:
        if not text:
            where, values = conditions(wanted)
            return f"SELECT items.id FROM items WHERE {where}", values  # noqa: S608 - fixed texts
        match = spelled_out(self._connection, text)
        if match is None:
            return "SELECT id FROM items WHERE 0", ()
        where, values = narrowed(self._connection, wanted)
        joined = "JOIN items ON items.id = items_fts.rowid" if values else ""
        query = (
            f"SELECT items_fts.rowid AS id FROM items_fts {joined}"  # noqa: S608 - fixed texts
            f" WHERE items_fts MATCH ? AND {where} ORDER BY items_fts.rowid DESC LIMIT {CANDIDATES}"
        )
        return query, (match, *values)
