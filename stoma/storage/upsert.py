"""The items of one page into the registry: decided in memory, written in a few statements.

Storing a page costs about the same number of statements whether it has one item or a thousand.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from stoma.domain.item import Change, Item, hash_of, merged
from stoma.domain.task import Json
from stoma.storage.bulk import insert_rows
from stoma.storage.item_rows import SATELLITES, item_columns, known_item, satellite_rows
from stoma.storage.item_tables import ITEM_VERSIONS, ITEMS, TASK_ITEMS
from stoma.storage.observed import observe

#: What of an item's row a change replaces: all but when it was seen first.
_DESCRIBING = tuple(
    column.name
    for column in ITEMS.c
    if column.name not in {"id", "source", "natural_id", "first_seen_at", "first_run_id"}
)
#: SQLite takes some thousands of values in one list; fewer keep the statements small.
_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Where and when items were seen."""

    task_id: str
    run_id: int
    raw_sha256: str
    now: datetime
    raw_url: str | None = None  #: of an answer whose bytes had come from elsewhere before
    raw_status: int | None = None


@dataclass(slots=True)
class _Thing:
    """What is known of one thing, on the way through a page."""

    id: int
    content_hash: str
    version_seq: int
    row: Any = None  #: as the registry has it; None: it is new
    item: Item | None = None  #: as this page left it, if it changed it


@dataclass(slots=True)
class _Writes:
    """What a page is going to write."""

    new: dict[int, tuple[Item, str]] = field(default_factory=dict)  #: with its content hash
    changed: dict[int, tuple[Item, str]] = field(default_factory=dict)
    met: dict[int, None] = field(default_factory=dict)
    versions: dict[tuple[int, str, str], dict[str, Json]] = field(default_factory=dict)
    observed: list[tuple[int, Item]] = field(default_factory=list)


def upsert(connection: Connection, items: Sequence[Item], seen: Seen) -> list[tuple[Change, Item]]:
    """Store *items* in their order, and return what became of each."""
    known = _known(connection, items)
    next_id = connection.execute(select(func.coalesce(func.max(ITEMS.c.id), 0))).scalar_one() + 1
    writes, changes = _Writes(), []
    for found in items:
        key = (found.source, found.natural_id)
        thing, item = known.get(key), found
        if found.thin:
            if thing is None and not found.title:
                continue  # says that something is gone which was never here
            if thing is not None:
                item = merged(thing.item or _as_known(connection, thing.row), found)
        content = item.content()
        digest = hash_of(content)
        if thing is None:
            thing = known[key] = _Thing(next_id, digest, item.version_seq, item=item)
            next_id += 1
            writes.new[thing.id] = item, digest
            change = Change.NEW
        else:
            change = _meet(connection, thing, item, digest, writes)
        if change is not Change.UNCHANGED:
            version = (thing.id, item.version_key, digest)
            writes.versions.setdefault(version, content)
        if item.observations:
            writes.observed.append((thing.id, item))
        changes.append((change, item))
    _write(connection, writes, seen)
    return changes


def _meet(
    connection: Connection, thing: _Thing, item: Item, digest: str, writes: _Writes
) -> Change:
    """Decide what a known item is now like; an older version only joins the history."""
    writes.met[thing.id] = None
    if digest == thing.content_hash:
        return Change.UNCHANGED
    if item.version_seq < thing.version_seq:
        version = (thing.id, item.version_key, digest)
        if version in writes.versions or _has_version(connection, *version):
            return Change.UNCHANGED
        return Change.UPDATED
    thing.content_hash, thing.version_seq, thing.item = digest, item.version_seq, item
    place = writes.new if thing.id in writes.new else writes.changed
    place[thing.id] = item, digest
    return Change.UPDATED


def _write(connection: Connection, writes: _Writes, seen: Seen) -> None:
    first = {"first_seen_at": seen.now, "first_run_id": seen.run_id}
    last = {"last_seen_at": seen.now, "last_run_id": seen.run_id}
    for items, known_gets in ((writes.new, ()), (writes.changed, _DESCRIBING)):
        rows = [{"id": i, **item_columns(*kept), **first, **last} for i, kept in items.items()]
        insert_rows(connection, ITEMS, rows, known_gets=known_gets)
    for ids in _portions(writes.met):
        connection.execute(update(ITEMS).where(ITEMS.c.id.in_(ids)).values(last))
    _write_satellites(connection, writes)
    insert_rows(
        connection,
        ITEM_VERSIONS,
        [
            {
                "item_id": item_id,
                "version_key": version_key,
                "content_hash": digest,
                "raw_sha256": seen.raw_sha256,
                "raw_url": seen.raw_url,
                "raw_status": seen.raw_status,
                "run_id": seen.run_id,
                "seen_at": seen.now,
                "content": content,
            }
            for (item_id, version_key, digest), content in writes.versions.items()
        ],
        known_stays=True,
    )
    observe(connection, writes.observed, new=writes.new.keys(), run_id=seen.run_id, now=seen.now)
    insert_rows(
        connection,
        TASK_ITEMS,
        [
            {"task_id": seen.task_id, "item_id": item_id, "first_run_id": seen.run_id}
            for item_id in (*writes.new, *writes.met)
        ],
        known_stays=True,
    )


def _write_satellites(connection: Connection, writes: _Writes) -> None:
    """Write what hangs on items, in place of what hung on them before."""
    for ids in _portions(writes.changed):
        for table in SATELLITES:
            connection.execute(delete(table).where(table.c.item_id.in_(ids)))
    items = {**writes.new, **writes.changed}
    rows = [satellite_rows(item, item_id) for item_id, (item, _) in items.items()]
    for number, table in enumerate(SATELLITES):
        insert_rows(connection, table, [row for each in rows for row in each[number]])


def _known(connection: Connection, items: Sequence[Item]) -> dict[tuple[str, str], _Thing]:
    columns = ("id", "source", "kind", "natural_id", "content_hash", "version_seq")
    query = select(*(ITEMS.c[name] for name in columns))
    found: dict[tuple[str, str], _Thing] = {}
    for source in {item.source for item in items}:
        names = dict.fromkeys(item.natural_id for item in items if item.source == source)
        for portion in _portions(names):
            about = query.where(ITEMS.c.source == source, ITEMS.c.natural_id.in_(portion))
            for row in connection.execute(about):
                thing = _Thing(row.id, row.content_hash, row.version_seq, row)
                found[row.source, row.natural_id] = thing
    return found


def _as_known(connection: Connection, row: Any) -> Item:
    newest = select(ITEM_VERSIONS.c.content).where(
        ITEM_VERSIONS.c.item_id == row.id, ITEM_VERSIONS.c.content_hash == row.content_hash
    )
    return known_item(row, connection.scalar(newest.limit(1)))


def _has_version(connection: Connection, item_id: int, version_key: str, digest: str) -> bool:
    kept = ITEM_VERSIONS.c
    query = select(kept.id).where(
        kept.item_id == item_id, kept.version_key == version_key, kept.content_hash == digest
    )
    return connection.scalar(query) is not None


def _portions(values: Iterable[Any]) -> Iterator[list[Any]]:
    every = list(values)
    return (every[start : start + _AT_ONCE] for start in range(0, len(every), _AT_ONCE))
