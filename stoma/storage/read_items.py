"""What people look at: collected items, listed, searched and shown. Read-only, no SQLAlchemy."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from stoma.domain.item import Contributor, Identifier, Tag
from stoma.domain.task import Json
from stoma.storage.schema import format_utc, parse_utc
from stoma.storage.search import RANK, match_expression

#: What frames a hit in a snippet; control characters that no stored text can hold.
HIT_START, HIT_END = "\x02", "\x03"


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFilter:
    """Which items; every condition given must hold."""

    source: str | None = None
    kind: str | None = None
    task_id: str | None = None
    tag: str | None = None
    since: datetime | None = None  #: first seen at or after
    until: datetime | None = None  #: first seen before
    new_in_run: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemLine:
    """An item, as lists show it. `snippet` is there only in search results."""

    id: int
    source: str
    kind: str
    natural_id: str
    title: str
    url: str
    version_key: str
    status: str
    published_at: datetime | None
    source_updated_at: datetime | None
    first_seen_at: datetime
    last_seen_at: datetime
    authors: Sequence[str] = field(default_factory=tuple)
    snippet: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionLine:
    """One immutable version of an item, and where it came from."""

    version_key: str
    content_hash: str
    raw_sha256: str | None
    raw_url: str | None
    run_id: int
    seen_at: datetime
    content: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemDetail:
    """Everything kept of one item."""

    line: ItemLine
    summary: str | None
    status_reason: str | None
    extra: Json
    contributors: Sequence[Contributor]
    identifiers: Sequence[Identifier]
    tags: Sequence[Tag]
    versions: Sequence[VersionLine]  #: oldest first
    tasks: Sequence[str]  #: the tasks that returned it


class ItemReader:
    """A read-only look at the items of one registry."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def newest(self, wanted: ItemFilter, *, limit: int, offset: int = 0) -> list[ItemLine]:
        """Return items, the newest collected first."""
        where, values = _conditions(wanted)
        query = (
            f"SELECT items.* FROM items WHERE {where}"  # noqa: S608 - fixed texts, bound values
            " ORDER BY items.first_seen_at DESC, items.id DESC LIMIT ? OFFSET ?"
        )
        return [_line(row) for row in self._connection.execute(query, (*values, limit, offset))]

    def search(
        self, text: str, wanted: ItemFilter, *, limit: int, offset: int = 0
    ) -> list[ItemLine]:
        """Return the items that contain every word of *text*, the best match first.

        Any text is a valid query; one without a letter or digit finds nothing.
        """
        match = match_expression(text)
        if match is None:
            return []
        where, values = _conditions(wanted)
        query = (
            "SELECT items.*, snippet(items_fts, -1, ?, ?, '…', 16) AS snippet"  # noqa: S608
            " FROM items_fts JOIN items ON items.id = items_fts.rowid"
            f" WHERE items_fts MATCH ? AND {where} ORDER BY {RANK} LIMIT ? OFFSET ?"
        )
        bound = (HIT_START, HIT_END, match, *values, limit, offset)
        return [_line(row) for row in self._connection.execute(query, bound)]

    def count(self, wanted: ItemFilter) -> int:
        """Return how many items fit."""
        where, values = _conditions(wanted)
        query = f"SELECT count(*) FROM items WHERE {where}"  # noqa: S608 - as above
        return int(self._connection.execute(query, values).fetchone()[0])

    def find(self, name: str) -> ItemDetail | None:
        """Return one item by its number here, its natural id, or any identifier it has."""
        row = self._connection.execute(
            "SELECT * FROM items WHERE natural_id = :name OR id IN"
            " (SELECT item_id FROM identifiers WHERE value = :name)"
            " OR CAST(id AS TEXT) = :name ORDER BY natural_id = :name DESC, id LIMIT 1",
            {"name": name},
        ).fetchone()
        return None if row is None else self._detail(row)

    def _detail(self, row: sqlite3.Row) -> ItemDetail:
        def satellites(query: str) -> list[sqlite3.Row]:
            return self._connection.execute(query, (row["id"],)).fetchall()

        return ItemDetail(
            line=_line(row),
            summary=row["summary"],
            status_reason=row["status_reason"],
            extra=json.loads(row["extra"]),
            contributors=[
                Contributor(
                    name=each["name"],
                    role=each["role"],
                    external_id=each["external_id"],
                    affiliations=tuple(json.loads(each["affiliations"])),
                )
                for each in satellites(
                    "SELECT * FROM contributors WHERE item_id = ? ORDER BY ordinal"
                )
            ],
            identifiers=[
                Identifier(each["scheme"], each["value"])
                for each in satellites(
                    "SELECT * FROM identifiers WHERE item_id = ? ORDER BY scheme, value"
                )
            ],
            tags=[
                Tag(each["scheme"], each["term"], bool(each["is_primary"]))
                for each in satellites(
                    "SELECT * FROM tags WHERE item_id = ? ORDER BY is_primary DESC, scheme, term"
                )
            ],
            versions=[_version(each) for each in satellites(_VERSIONS)],
            tasks=[
                each["task_id"]
                for each in satellites(
                    "SELECT task_id FROM task_items WHERE item_id = ? ORDER BY task_id"
                )
            ],
        )


_VERSIONS = (
    "SELECT item_versions.*, raw_answers.url AS raw_url FROM item_versions"
    " LEFT JOIN raw_answers ON raw_answers.sha256 = item_versions.raw_sha256"
    " WHERE item_id = ? ORDER BY item_versions.id"
)

_CONDITIONS = {
    "source": "items.source = ?",
    "kind": "items.kind = ?",
    "task_id": "items.id IN (SELECT item_id FROM task_items WHERE task_id = ?)",
    "tag": "items.id IN (SELECT item_id FROM tags WHERE term = ? COLLATE NOCASE)",
    "since": "items.first_seen_at >= ?",
    "until": "items.first_seen_at < ?",
    "new_in_run": "items.first_run_id = ?",
}


def _conditions(wanted: ItemFilter) -> tuple[str, list[object]]:
    given = [(name, getattr(wanted, name)) for name in _CONDITIONS]
    used = [(name, value) for name, value in given if value is not None]
    where = " AND ".join(_CONDITIONS[name] for name, _ in used) or "1"
    return where, [format_utc(v) if isinstance(v, datetime) else v for _, v in used]


def _line(row: sqlite3.Row) -> ItemLine:
    first_seen_at, last_seen_at = parse_utc(row["first_seen_at"]), parse_utc(row["last_seen_at"])
    assert first_seen_at is not None  # noqa: S101 - NOT NULL in the schema
    assert last_seen_at is not None  # noqa: S101
    return ItemLine(
        id=row["id"],
        source=row["source"],
        kind=row["kind"],
        natural_id=row["natural_id"],
        title=row["title"],
        url=row["url"],
        version_key=row["version_key"],
        status=row["status"],
        published_at=parse_utc(row["published_at"]),
        source_updated_at=parse_utc(row["source_updated_at"]),
        first_seen_at=first_seen_at,
        last_seen_at=last_seen_at,
        authors=tuple(filter(None, row["contributors_text"].split("\n"))),
        snippet=row["snippet"] if "snippet" in row.keys() else "",  # noqa: SIM118 - not a dict
    )


def _version(row: sqlite3.Row) -> VersionLine:
    seen_at = parse_utc(row["seen_at"])
    assert seen_at is not None  # noqa: S101 - NOT NULL in the schema
    return VersionLine(
        version_key=row["version_key"],
        content_hash=row["content_hash"],
        raw_sha256=row["raw_sha256"],
        raw_url=row["raw_url"],
        run_id=row["run_id"],
        seen_at=seen_at,
        content=json.loads(row["content"]),
    )
