"""What may go of what was collected, when somebody asks. Every step is one short transaction.

Generators stop after each step, so that whoever goes through them sees how far it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from stoma.storage.database import Database
from stoma.storage.item_conditions import conditions
from stoma.storage.item_lines import ItemFilter
from stoma.storage.retention import drop_bodies
from stoma.storage.schema import format_utc

_ITEMS_AT_ONCE, _ANSWERS_AT_ONCE = 200, 50

# A task goes on from its cursor, and its source may say of what it gave for that cursor only
# "unchanged": what its last proven run has met, or was met since, is not to be forgotten.
_NEEDED = """
    EXISTS (
        SELECT 1 FROM task_items
        JOIN cursors ON cursors.task_id = task_items.task_id
        LEFT JOIN runs ON runs.id = cursors.run_id
        WHERE task_items.item_id = items.id AND items.last_seen_at >=
            coalesce(runs.created_at, datetime(cursors.proven_at, '-1 day'))
    )
"""
#: Versions beyond the newest; the one that an item is at stays, whichever it is.
_SURPLUS = """
    SELECT id FROM (
        SELECT item_versions.id AS id, item_versions.content_hash <> items.content_hash AS past,
            row_number() OVER (PARTITION BY item_id ORDER BY item_versions.id DESC) AS place
        FROM item_versions JOIN items ON items.id = item_versions.item_id WHERE {where}
    ) WHERE past AND place > ?
"""
#: Answers of which neither the body is kept nor any version is left.
_EMPTY = """
    kept_bytes = 0 AND NOT EXISTS (
        SELECT 1 FROM item_versions WHERE item_versions.raw_sha256 = raw_answers.sha256
    )
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prunable:
    """How much there is to go."""

    items: int = 0
    needed: int = 0  #: items that would go, if no task needed them to go on from
    versions: int = 0  #: of items that stay
    answers: int = 0
    answer_bytes: int = 0


class ItemPruner:
    """Takes away collected items, versions and raw answers of one registry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count_items(self, wanted: ItemFilter) -> Prunable:
        """Return how many of the items that fit would go, and how many are needed."""
        where, values = conditions(wanted)
        query = f"SELECT count(*), coalesce(sum({_NEEDED}), 0) FROM items WHERE {where}"  # noqa: S608 - fixed texts
        fit, needed = self._one(query, *values)
        return Prunable(items=fit - needed, needed=needed)

    def prune_items(self, wanted: ItemFilter) -> Iterator[int]:
        """Delete the items that fit and are not needed, with all that hangs on them."""
        where, values = conditions(wanted)
        query = f"SELECT id FROM items WHERE {where} AND NOT {_NEEDED} LIMIT ?"  # noqa: S608 - fixed texts
        while gone := self._delete("items", query, *values, _ITEMS_AT_ONCE):
            yield gone
        self._forget_answers()

    def count_versions(self, wanted: ItemFilter, keep: int) -> int:
        """Return how many versions the items that fit have beyond the newest *keep*."""
        where, values = conditions(wanted)
        surplus = _SURPLUS.format(where=where)
        return int(self._one(f"SELECT count(*) FROM ({surplus})", *values, keep)[0])  # noqa: S608 - fixed texts

    def prune_versions(self, wanted: ItemFilter, keep: int) -> Iterator[int]:
        """Delete what the items that fit have beyond their newest *keep* versions."""
        where, values = conditions(wanted)
        query = f"{_SURPLUS.format(where=where)} LIMIT ?"
        while gone := self._delete("item_versions", query, *values, keep, _ITEMS_AT_ONCE):
            yield gone
        self._forget_answers()

    def count_answers(self, source: str | None, before: datetime) -> Prunable:
        """Return how many bodies of raw answers came before a moment, and what they take."""
        where, values = _old(source, before)
        query = f"SELECT count(*), coalesce(sum(kept_bytes), 0) FROM raw_answers WHERE {where}"  # noqa: S608 - fixed texts
        answers, size = self._one(query, *values)
        return Prunable(answers=answers, answer_bytes=size)

    def prune_answers(self, source: str | None, before: datetime) -> Iterator[int]:
        """Drop the bodies of raw answers; of those that items came from, the rest stays."""
        where, values = _old(source, before)
        query = f"SELECT sha256 FROM raw_answers WHERE {where} LIMIT ?"  # noqa: S608 - fixed texts
        while True:
            with self._database.write() as connection:
                hashes = [row[0] for row in _rows(connection, query, *values, _ANSWERS_AT_ONCE)]
                if hashes:
                    drop_bodies(connection, hashes)
            if not hashes:
                return
            yield len(hashes)

    def _delete(self, table: str, query: str, *values: object) -> int:
        with self._database.write() as connection:
            ids = [row[0] for row in _rows(connection, query, *values)]
            marks = ", ".join("?" * len(ids))
            if ids:
                _rows(connection, f"DELETE FROM {table} WHERE id IN ({marks})", *ids)  # noqa: S608 - fixed texts
        return len(ids)

    def _forget_answers(self) -> None:
        with self._database.write() as connection:
            _rows(connection, f"DELETE FROM raw_answers WHERE {_EMPTY}")  # noqa: S608 - fixed texts

    def _one(self, query: str, *values: object) -> Any:
        with self._database.read() as connection:
            return _rows(connection, query, *values).one()


def _rows(connection: Connection, query: str, *values: object) -> Any:
    return connection.exec_driver_sql(query, values)


def _old(source: str | None, before: datetime) -> tuple[str, list[object]]:
    where, values = "kept_bytes > 0 AND fetched_at < ?", [format_utc(before)]
    if source is None:
        return where, [*values]
    return f"{where} AND source = ?", [*values, source]
