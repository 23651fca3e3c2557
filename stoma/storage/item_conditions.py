"""A filter of items, as the condition of a query."""

import json
from collections.abc import Sequence
from datetime import datetime

from stoma.storage.item_lines import ItemFilter
from stoma.storage.schema import format_utc
from stoma.storage.search import match_expression

_CONDITIONS = {
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
#: A phrase without words is nowhere.
_NOBODY = '""'


def conditions(wanted: ItemFilter) -> tuple[str, Sequence[object]]:
    """Return a condition on `items`, and the values to bind to it."""
    given = {name: getattr(wanted, name) for name in _CONDITIONS}
    used = {name: value for name, value in given.items() if value is not None}
    where = " AND ".join(_CONDITIONS[name] for name in used) or "1"
    return where, [_bound(name, value) for name, value in used.items()]


def _bound(name: str, value: object) -> object:
    if isinstance(value, datetime):
        return format_utc(value)
    if isinstance(value, frozenset):
        return json.dumps(sorted(value))
    if name == "author":
        match = match_expression(str(value)) or _NOBODY
        return f"contributors_text : ({match})"
    return value
