"""Items: identity, immutable versions, satellites; stored page by page with the resume point."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.dialects.sqlite import insert as insert_or

from stoma.domain.item import Change, Item, RawAnswer, merged
from stoma.domain.run import Counts, Outcome, Run
from stoma.domain.task import Json
from stoma.storage.database import Database
from stoma.storage.item_rows import item_columns, known_item, observe, write_satellites
from stoma.storage.run_changes import finish_in, progress_in
from stoma.storage.tables import (
    CURSORS,
    ITEM_VERSIONS,
    ITEMS,
    RAW_ANSWERS,
    RUNS,
    TASK_ITEMS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The end of a collection: what becomes of the run, and the cursor that is proven.

    `cursor` None leaves the cursor where it is: the end was not proven.
    """

    outcome: Outcome
    detail: str = ""
    query: str = ""
    cursor: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageToStore:
    """One page of a collection, as it is stored."""

    raw: RawAnswer | None  #: None: nothing was asked, so nothing came
    items: Sequence[Item]
    checkpoint: Mapping[str, Json] = field(default_factory=dict)  #: where a later attempt goes on
    requests: int = 0  #: sent for this page
    proof: Proof | None = None  #: with the last page


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPage:
    """What one page brought."""

    counts: Counts
    changes: Sequence[tuple[Change, Item]] = field(default_factory=tuple)


class ItemStore:
    """The collected items of one registry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def cursor(self, task_id: str, query: str) -> tuple[dict[str, Json], int | None]:
        """Return how far *query* of a task is proven, and how many items that run returned.

        Without a proven run: an empty cursor and None.
        """
        where = (CURSORS.c.task_id == task_id) & (CURSORS.c.query == query)
        with self._database.read() as connection:
            row = connection.execute(select(CURSORS).where(where)).first()
        return ({}, None) if row is None else (dict(row.cursor), row.items)

    def store_page(self, run: Run, page: PageToStore, *, now: datetime) -> StoredPage:
        """Store one page: answer, items, resume point; and with the last page cursor and outcome.

        One transaction, which fails as a whole if the run is no longer held.

        Raises:
            LostClaimError: The run's fence is stale; nothing was stored.
        """
        with self._database.write() as connection:
            if page.raw is not None:
                _keep_raw(connection, run, page.raw)
            changes = _upsert_all(connection, run, page, now)
            counts = _count(page, changes)
            progress_in(connection, run, counts, page.checkpoint)
            proof = page.proof
            if proof is not None:
                if proof.cursor is not None:
                    _prove(connection, run, proof, now)
                finish_in(connection, run, proof.outcome, now=now, detail=proof.detail)
        return StoredPage(counts=counts, changes=changes)

    def raw(self, sha256: str) -> bytes | None:
        """Return the bytes of an answer; None if they are not kept (any more)."""
        query = select(RAW_ANSWERS.c.body).where(
            RAW_ANSWERS.c.sha256 == sha256, RAW_ANSWERS.c.kept_bytes > 0
        )
        with self._database.read() as connection:
            body = connection.scalar(query)
        return None if body is None else zlib.decompress(body)


def _count(page: PageToStore, changes: Sequence[tuple[Change, Item]]) -> Counts:
    kinds = [change for change, _ in changes]
    return Counts(
        new=kinds.count(Change.NEW),
        updated=kinds.count(Change.UPDATED),
        unchanged=kinds.count(Change.UNCHANGED),
        requests=page.requests,
        pages=int(page.raw is not None),
    )


def _keep_raw(connection: Connection, run: Run, raw: RawAnswer) -> None:
    body = zlib.compress(raw.body)
    kept = {
        "body": body,
        "kept_bytes": len(body),
        "fetched_at": raw.fetched_at,
        "run_id": run.id,
    }
    statement = insert_or(RAW_ANSWERS).values(
        sha256=raw.sha256,
        source=raw.source,
        url=raw.url,
        status=raw.status,
        media_type=raw.media_type,
        headers=dict(raw.headers),
        size=len(raw.body),
        **kept,
    )
    # The same answer again keeps its row; a body that was dropped meanwhile comes back.
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["sha256"], set_=kept, where=RAW_ANSWERS.c.kept_bytes == 0
        )
    )


def _prove(connection: Connection, run: Run, proof: Proof, now: datetime) -> None:
    returned = select(RUNS.c.new + RUNS.c.updated + RUNS.c.unchanged).where(RUNS.c.id == run.id)
    values = {
        "task_id": run.task_id,
        "query": proof.query,
        "cursor": dict(proof.cursor or {}),
        "items": connection.execute(returned).scalar_one(),
        "run_id": run.id,
        "proven_at": now,
    }
    statement = insert_or(CURSORS).values(values)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["task_id", "query"], set_=values)
    )


def _upsert_all(
    connection: Connection, run: Run, page: PageToStore, now: datetime
) -> list[tuple[Change, Item]]:
    known = _known(connection, page.items)
    changes = []
    for found in page.items:
        key = (found.source, found.natural_id)
        row = known.get(key)
        item = found
        if found.thin:
            if row is None and not found.title:
                continue  # says that something is gone which was never here
            if row is not None:
                item = merged(_as_known(connection, row), found)
        if row is None:
            item_id, change = _add(connection, run, item, now), Change.NEW
        else:
            item_id, change = row.id, _meet(connection, run, item, row, now)
        if change is not Change.UNCHANGED:
            _keep_version(connection, run, page.raw, item, item_id, now)
            known[key] = connection.execute(_KNOWN.where(ITEMS.c.id == item_id)).one()
        observe(connection, item, item_id, run.id, now)
        connection.execute(
            insert_or(TASK_ITEMS)
            .values(task_id=run.task_id, item_id=item_id, first_run_id=run.id)
            .on_conflict_do_nothing()
        )
        changes.append((change, item))
    return changes


_KNOWN = select(
    ITEMS.c.id,
    ITEMS.c.source,
    ITEMS.c.kind,
    ITEMS.c.natural_id,
    ITEMS.c.content_hash,
    ITEMS.c.version_seq,
)


def _as_known(connection: Connection, row: Any) -> Item:
    newest = select(ITEM_VERSIONS.c.content).where(
        ITEM_VERSIONS.c.item_id == row.id, ITEM_VERSIONS.c.content_hash == row.content_hash
    )
    return known_item(row, connection.scalar(newest.limit(1)))


def _known(connection: Connection, items: Sequence[Item]) -> dict[tuple[str, str], Any]:
    found: dict[tuple[str, str], Any] = {}
    for source in {item.source for item in items}:
        names = [item.natural_id for item in items if item.source == source]
        query = _KNOWN.where(ITEMS.c.source == source, ITEMS.c.natural_id.in_(names))
        for row in connection.execute(query):
            found[row.source, row.natural_id] = row
    return found


def _meet(connection: Connection, run: Run, item: Item, row: Any, now: datetime) -> Change:
    """Store what a known item is now like; an older version only joins the history."""
    seen = {"last_seen_at": now, "last_run_id": run.id}
    if item.content_hash == row.content_hash:
        connection.execute(update(ITEMS).where(ITEMS.c.id == row.id).values(seen))
        return Change.UNCHANGED
    if item.version_seq < row.version_seq:
        connection.execute(update(ITEMS).where(ITEMS.c.id == row.id).values(seen))
        known = select(ITEM_VERSIONS.c.id).where(
            ITEM_VERSIONS.c.item_id == row.id,
            ITEM_VERSIONS.c.version_key == item.version_key,
            ITEM_VERSIONS.c.content_hash == item.content_hash,
        )
        return Change.UNCHANGED if connection.scalar(known) else Change.UPDATED
    connection.execute(update(ITEMS).where(ITEMS.c.id == row.id).values(item_columns(item) | seen))
    write_satellites(connection, item, row.id)
    return Change.UPDATED


def _add(connection: Connection, run: Run, item: Item, now: datetime) -> int:
    seen = {
        "first_seen_at": now,
        "last_seen_at": now,
        "first_run_id": run.id,
        "last_run_id": run.id,
    }
    added = connection.execute(insert(ITEMS).values(item_columns(item) | seen))
    item_id = int(added.lastrowid)
    write_satellites(connection, item, item_id)
    return item_id


def _keep_version(
    connection: Connection, run: Run, raw: RawAnswer | None, item: Item, item_id: int, now: datetime
) -> None:
    connection.execute(
        insert_or(ITEM_VERSIONS)
        .values(
            item_id=item_id,
            version_key=item.version_key,
            content_hash=item.content_hash,
            content=item.content(),
            raw_sha256=raw.sha256 if raw else None,
            run_id=run.id,
            seen_at=now,
        )
        .on_conflict_do_nothing()
    )
