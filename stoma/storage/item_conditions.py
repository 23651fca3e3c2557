"""A filter of items, as the condition of a query."""

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime

from stoma.storage.item_lines import ItemFilter
from stoma.storage.schema import format_utc
from stoma.storage.search import match_expression

_CONDITIONS = {
    "text": "items.id IN (SELECT rowid FROM items_fts WHERE items_fts MATCH ?)",
    "source": "items.source = ?",
    "kind": "items.kind = ?",
    "status": "items.status = ?",
    "task_id": "items.id IN (SELECT item_id FROM task_items WHERE task_id = ?)",
    "of_tasks": "items.id IN (SELECT item_id FROM task_items WHERE task_id IN"
    " (SELECT value FROM json_each(?)))",
    "tag": "items.id IN (SELECT item_id FROM tags WHERE term = ? COLLATE NOCASE)",
    "author": "items.id IN (SELECT rowid FROM items_fts WHERE items_fts MATCH ?)",
    "since": "items.first_seen_at >= ?",
    "until": "items.first_seen_at < ?",
    "published_since": "items.published_at >= ?",
    "published_until": "items.published_at < ?",
    "new_in_run": "items.first_run_id = ?",
    "unseen_since": "items.last_seen_at < ?",
}
#: What an index answers alone, and up to how many items it pays to look for their numbers: what
#: came at one time lies together, and more of it is no more work.
_INDEXED = {
    ("since", "until"): 50_000,
    ("published_since", "published_until"): 50_000,
    ("source",): 10_000,
    ("kind",): 10_000,
}
#: A phrase without words is nowhere.
_NOBODY = '""'


def conditions(wanted: ItemFilter) -> tuple[str, Sequence[object]]:
    """Return a condition on `items`, and the values to bind to it."""
    given = {name: getattr(wanted, name) for name in _CONDITIONS}
    used = {name: value for name, value in given.items() if value is not None}
    where = " AND ".join(_CONDITIONS[name] for name in used) or "1"
    return where, [_bound(name, value) for name, value in used.items()]


def narrowed(connection: sqlite3.Connection, wanted: ItemFilter) -> tuple[str, Sequence[object]]:
    """Return a condition on `items` joined to `items_fts`, and the values to bind to it.

    Where few items fit, it names their numbers, so that not every match has to be looked at;
    where many do, enough are soon found.
    """
    where, values = conditions(wanted)
    parts, bound = [], []
    for names, many in _INDEXED.items():
        part = ItemFilter(**{name: getattr(wanted, name) for name in names})
        if part == ItemFilter():
            continue
        fits, given = conditions(part)
        some = f"SELECT id FROM items WHERE {fits}"  # noqa: S608 - fixed texts
        query = f"SELECT count(*), min(id), max(id) FROM ({some} LIMIT {many})"  # noqa: S608
        count, lowest, highest = connection.execute(query, given).fetchone()
        if not count:
            return "0", []
        if count < many:
            parts.append("items_fts.rowid BETWEEN ? AND ?")
            bound += [lowest, highest]
            if count <= highest - lowest:  # others are between them
                parts.append(f"+items_fts.rowid IN ({some})")
                bound += given
    return " AND ".join((*parts, where)), [*bound, *values]


def _bound(name: str, value: object) -> object:
    if isinstance(value, datetime):
        return format_utc(value)
    if isinstance(value, frozenset):
        return json.dumps(sorted(value))
    if name in {"text", "author"}:
        match = match_expression(str(value)) or _NOBODY
        return match if name == "text" else f"contributors_text : ({match})"
    return value
