"""Items: identity, immutable versions, satellites; stored page by page with the resume point."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert as insert_or

from stoma.domain.coverage import Days
from stoma.domain.item import Change, Item, RawAnswer
from stoma.domain.run import Counts, Outcome, Run
from stoma.domain.task import Json
from stoma.redaction import redacted
from stoma.storage.coverage import cover_in
from stoma.storage.database import Database
from stoma.storage.item_tables import RAW_ANSWERS
from stoma.storage.run_changes import finish_in, progress_in
from stoma.storage.tables import CURSORS, RUNS
from stoma.storage.upsert import Seen, upsert

#: The level of zlib: the usual one takes four times as long, for a few percent.
_PACKING = 3

_ANSWER = insert_or(RAW_ANSWERS)
# The same answer again keeps its row; a body that was dropped meanwhile comes back.
_KEEP = _ANSWER.on_conflict_do_update(
    index_elements=["sha256"],
    set_={name: _ANSWER.excluded[name] for name in ("body", "kept_bytes", "fetched_at", "run_id")},
    where=RAW_ANSWERS.c.kept_bytes == 0,
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
    covered: Days | None = None  #: days of which all is here with this


@dataclass(frozen=True, slots=True, kw_only=True)
class PageToStore:
    """One page of a collection, as it is stored."""

    raw: RawAnswer | None  #: None: nothing was asked, so nothing came, and there are no items
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
        packed = zlib.compress(page.raw.body, _PACKING) if page.raw is not None else b""
        with self._database.write() as connection:
            if page.raw is not None:
                _keep_raw(connection, run, page.raw, packed)
            changes = _upsert(connection, run, page, now)
            counts = _count(page, changes)
            progress_in(connection, run, counts, page.checkpoint)
            proof = page.proof
            if proof is not None:
                if proof.cursor is not None:
                    _prove(connection, run, proof, now)
                if proof.covered is not None:
                    cover_in(connection, run, proof.query, proof.covered, now)
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


def _keep_raw(connection: Connection, run: Run, raw: RawAnswer, packed: bytes) -> None:
    row = {
        "sha256": raw.sha256,
        "source": raw.source,
        "url": redacted(raw.url),
        "status": raw.status,
        "media_type": raw.media_type,
        "headers": dict(raw.headers),
        "body": packed,
        "kept_bytes": len(packed),
        "size": len(raw.body),
        "fetched_at": raw.fetched_at,
        "run_id": run.id,
    }
    connection.execute(_KEEP, row)


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


def _upsert(
    connection: Connection, run: Run, page: PageToStore, now: datetime
) -> list[tuple[Change, Item]]:
    if not page.items:
        return []
    if page.raw is None:
        raise ValueError("items without the answer that they were read from")
    name = page.raw.sha256
    seen = Seen(task_id=run.task_id, run_id=run.id, raw_sha256=name, now=now)
    here = (redacted(page.raw.url), page.raw.status)
    kept = select(RAW_ANSWERS.c.url, RAW_ANSWERS.c.status).where(RAW_ANSWERS.c.sha256 == name)
    if tuple(connection.execute(kept).one()) != here:  # "Not Found", say, is said of many things
        seen = replace(seen, raw_url=here[0], raw_status=here[1])
    return upsert(connection, page.items, seen)
