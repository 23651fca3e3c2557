"""Collected items as their kept answers have them: looked at whole, and stored anew."""

import json
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.dialects.sqlite import insert as insert_or

from stoma.domain.item import Item, ItemKind, RawAnswer
from stoma.domain.task import Json
from stoma.storage.database import Database
from stoma.storage.item_conditions import conditions
from stoma.storage.item_lines import ItemFilter
from stoma.storage.item_rows import SATELLITES, item_columns, known_item, satellite_rows
from stoma.storage.item_tables import ITEM_VERSIONS, ITEMS, RAW_ANSWERS
from stoma.storage.tables import RUNS

_AT_ONCE = 200
_NUMBERED = re.compile(r"v([1-9]\d*)")


@dataclass(frozen=True, slots=True)
class AnswerName:
    """Which answer: the hash of its bytes, and where these came from that time."""

    sha256: str
    url: str | None  #: None: from where they came first
    status: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVersion:
    """One version, as it was stored."""

    version_key: str
    content_hash: str
    content: Json
    answer: AnswerName
    run_id: int
    task_id: str | None  #: whose run it was; None if that is not known any more
    reparsed: bool  #: made by reading an answer again
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredItem:
    """An item with all its versions, in the order in which they were stored."""

    id: int
    source: str
    kind: ItemKind
    natural_id: str
    content_hash: str
    version_seq: int  #: of what it is at
    versions: Sequence[StoredVersion]

    def as_of(self, version: StoredVersion) -> Item:
        """Return the item as a version has it."""
        numbered = _NUMBERED.fullmatch(version.version_key)
        row = _Row(self.source, self.kind, self.natural_id, int(numbered[1]) if numbered else 0)
        return known_item(row, version.content)


@dataclass(frozen=True, slots=True)
class _Row:
    source: str
    kind: ItemKind
    natural_id: str
    version_seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reread:
    """What reading the answers of one item again has changed."""

    item: StoredItem
    versions: Sequence[tuple[StoredVersion, Item]]  #: what a version came to be, and what it is now
    current: Item | None  #: what the item is now; None: what it was


class ReparseStore:
    """The items of one registry, to be read again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def items(self, wanted: ItemFilter) -> Iterator[list[StoredItem]]:
        """Yield the items that fit, by number, some at a time."""
        where, values = conditions(wanted)
        query = (
            "SELECT id, source, kind, natural_id, content_hash, version_seq FROM items"  # noqa: S608 - fixed texts
            f" WHERE items.id > ? AND {where} ORDER BY items.id LIMIT ?"
        )
        last = 0
        while True:
            with self._database.read() as connection:
                rows = connection.exec_driver_sql(query, (last, *values, _AT_ONCE)).all()
                found = _with_versions(connection, rows)
            if not found:
                return
            yield found
            last = found[-1].id

    def answer(self, name: AnswerName) -> RawAnswer | None:
        """Return an answer; None if its body is not kept any more."""
        kept = RAW_ANSWERS.c
        query = select(RAW_ANSWERS).where(kept.sha256 == name.sha256, kept.kept_bytes > 0)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        return RawAnswer(
            source=row.source,
            url=name.url or row.url,
            status=name.status or row.status,
            media_type=row.media_type,
            body=zlib.decompress(row.body),
            fetched_at=row.fetched_at,
            headers=row.headers,
        )

    def save(self, found: Sequence[Reread], *, now: datetime) -> int:
        """Store what has changed, in one transaction; return how many items are other now.

        An item that was collected again since it was looked at keeps what it is.
        """
        changed = 0
        with self._database.write() as connection:
            for each in found:
                rows = [_version_row(each.item.id, old, new, now) for old, new in each.versions]
                if rows:
                    connection.execute(insert_or(ITEM_VERSIONS).on_conflict_do_nothing(), rows)
                if each.current is not None:
                    changed += _replace(connection, each.item, each.current)
        return changed


def _with_versions(connection: Connection, rows: Sequence[Any]) -> list[StoredItem]:
    versions: dict[int, list[StoredVersion]] = {row.id: [] for row in rows}
    query = (
        select(ITEM_VERSIONS, RUNS.c.task_id)
        .join(RUNS, RUNS.c.id == ITEM_VERSIONS.c.run_id, isouter=True)
        .where(ITEM_VERSIONS.c.item_id.in_(versions))
        .order_by(ITEM_VERSIONS.c.id)
    )
    for row in connection.execute(query):
        versions[row.item_id].append(
            StoredVersion(
                version_key=row.version_key,
                content_hash=row.content_hash,
                content=row.content,
                answer=AnswerName(row.raw_sha256, row.raw_url, row.raw_status),
                run_id=row.run_id,
                task_id=row.task_id,
                reparsed=row.reparsed_at is not None,
                seen_at=row.seen_at,
            )
        )
    return [
        StoredItem(
            id=row.id,
            source=row.source,
            kind=ItemKind(row.kind),
            natural_id=row.natural_id,
            content_hash=row.content_hash,
            version_seq=row.version_seq,
            versions=versions[row.id],
        )
        for row in rows
    ]


def _version_row(item_id: int, old: StoredVersion, new: Item, now: datetime) -> dict[str, Any]:
    return {
        "item_id": item_id,
        "version_key": new.version_key,
        "content_hash": new.content_hash,
        "content": json.loads(json.dumps(new.content())),
        "raw_sha256": old.answer.sha256,
        "raw_url": old.answer.url,
        "raw_status": old.answer.status,
        "run_id": old.run_id,
        "seen_at": old.seen_at,
        "reparsed_at": now,
    }


def _replace(connection: Connection, item: StoredItem, new: Item) -> int:
    unchanged = (ITEMS.c.id == item.id) & (ITEMS.c.content_hash == item.content_hash)
    done = connection.execute(update(ITEMS).where(unchanged).values(item_columns(new)))
    if done.rowcount:
        for table, rows in zip(SATELLITES, satellite_rows(new, item.id), strict=True):
            connection.execute(delete(table).where(table.c.item_id == item.id))
            if rows:
                connection.execute(insert(table), rows)
    return done.rowcount
