"""How the items that fit a search are spread: what one may narrow it by. No SQLAlchemy."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace

from stoma.storage.item_conditions import conditions
from stoma.storage.item_lines import Group, ItemFilter
from stoma.storage.search import match_expression

#: So many values of each facet are named, the most frequent first.
MOST = 12
#: Of more hits, the newest so many are counted.
CANDIDATES = 20_000

_FACETS: Mapping[str, str] = {
    "source": "SELECT source, count(*) FROM items WHERE id IN hits GROUP BY 1",
    "kind": "SELECT kind, count(*) FROM items WHERE id IN hits GROUP BY 1",
    "task_id": "SELECT task_id, count(*) FROM task_items WHERE item_id IN hits GROUP BY 1",
    "tag": "SELECT term, count(*) FROM tags WHERE item_id IN hits GROUP BY 1",
}


class FacetReader:
    """Counts over the items of one registry."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def count(self, text: str, wanted: ItemFilter) -> int:
        """Return how many items fit; at most `CANDIDATES` where there is a text to search."""
        hits, values = _hits(text, wanted)
        return int(self._connection.execute(f"SELECT count(*) FROM ({hits})", values).fetchone()[0])  # noqa: S608 - fixed texts

    def facets(self, text: str, wanted: ItemFilter) -> Mapping[str, Sequence[Group]]:
        """Return by what a search may be narrowed.

        A facet that is in use counts what would be there without it, so that one may change it.
        """
        return {name: self._groups(query, name, text, wanted) for name, query in _FACETS.items()}

    def _groups(self, query: str, name: str, text: str, wanted: ItemFilter) -> Sequence[Group]:
        hits, values = _hits(text, replace(wanted, **{name: None}))
        whole = f"WITH hits AS MATERIALIZED ({hits}) {query} ORDER BY 2 DESC, 1 LIMIT ?"
        rows = self._connection.execute(whole, (*values, MOST))
        return [Group(name=row[0], items=row[1]) for row in rows]


def _hits(text: str, wanted: ItemFilter) -> tuple[str, tuple[object, ...]]:
    where, values = conditions(wanted)
    if not text:
        return f"SELECT items.id FROM items WHERE {where}", tuple(values)  # noqa: S608
    match = match_expression(text)
    if match is None:
        return "SELECT id FROM items WHERE 0", ()
    query = (
        "SELECT items_fts.rowid AS id FROM items_fts JOIN items ON items.id = items_fts.rowid"  # noqa: S608
        f" WHERE items_fts MATCH ? AND {where} ORDER BY items_fts.rowid DESC LIMIT {CANDIDATES}"
    )
    return query, (match, *values)
