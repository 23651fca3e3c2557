"""From rows to items and what hangs on them. Read-only, no SQLAlchemy."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from stoma.domain.item import Contributor, Identifier, RawAnswer, Relation, Tag
from stoma.storage.item_lines import ItemDetail, ItemLine, ItemRecord, SeriesPoint, VersionLine
from stoma.storage.schema import parse_utc

#: In what order the satellites of an item come.
_SATELLITES = {
    "contributors": "ordinal",
    "identifiers": "scheme, value",
    "tags": "is_primary DESC, scheme, term",
    "relations": "type, to_natural_id",
}
_VERSIONS = """
    SELECT item_versions.*, coalesce(item_versions.raw_url, raw_answers.url) AS asked,
        raw_answers.kept_bytes > 0 AS raw_kept, runs.task_id AS task_id
    FROM item_versions
    LEFT JOIN raw_answers ON raw_answers.sha256 = item_versions.raw_sha256
    LEFT JOIN runs ON runs.id = item_versions.run_id
    WHERE item_id = ? ORDER BY item_versions.id
"""
_STARS = """
    SELECT * FROM observations WHERE item_id = ? AND metric = 'stars' AND context = ''
    ORDER BY observed_at
"""
_NEWEST_POINTS = """
    SELECT item_id, metric, context, max(observed_at) AS observed_at, value, run_id
    FROM observations WHERE item_id = ? GROUP BY metric, context ORDER BY metric, context
"""


def detail(connection: sqlite3.Connection, row: sqlite3.Row) -> ItemDetail:
    """Return the item in *row* with everything that is kept of it."""
    (record,) = records(connection, [row])
    tasks = "SELECT task_id FROM task_items WHERE item_id = ? ORDER BY task_id"
    versions = connection.execute(_VERSIONS, (row["id"],))
    return ItemDetail(
        **{name: getattr(record, name) for name in ItemRecord.__slots__},
        content_hash=row["content_hash"],
        versions=[_version(number, each) for number, each in enumerate(versions, 1)],
        tasks=[each["task_id"] for each in connection.execute(tasks, (row["id"],))],
        observed=[_point(each) for each in connection.execute(_NEWEST_POINTS, (row["id"],))],
        stars=[_point(each) for each in connection.execute(_STARS, (row["id"],))],
    )


def records(connection: sqlite3.Connection, rows: Sequence[sqlite3.Row]) -> Iterator[ItemRecord]:
    """Yield the items in *rows*, in their order."""
    hanging = {name: _hanging(connection, name, rows) for name in _SATELLITES}
    for row in rows:
        mine = {name: found[row["id"]] for name, found in hanging.items()}
        yield ItemRecord(
            line=item_line(row),
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
                for each in mine["contributors"]
            ],
            identifiers=[Identifier(each["scheme"], each["value"]) for each in mine["identifiers"]],
            tags=[
                Tag(each["scheme"], each["term"], bool(each["is_primary"])) for each in mine["tags"]
            ],
            relations=[Relation(each["type"], each["to_natural_id"]) for each in mine["relations"]],
        )


def _hanging(
    connection: sqlite3.Connection, table: str, rows: Sequence[sqlite3.Row]
) -> Mapping[int, list[sqlite3.Row]]:
    marks = ", ".join("?" * len(rows))
    query = (
        f"SELECT * FROM {table} WHERE item_id IN ({marks})"  # noqa: S608 - fixed texts
        f" ORDER BY item_id, {_SATELLITES[table]}"
    )
    found: dict[int, list[sqlite3.Row]] = defaultdict(list)
    for row in connection.execute(query, [row["id"] for row in rows]):
        found[row["item_id"]].append(row)
    return found


def item_line(row: sqlite3.Row, snippet: str = "") -> ItemLine:
    """Return the item in *row*, as lists show it."""
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
        first_seen_at=_moment(row["first_seen_at"]),
        last_seen_at=_moment(row["last_seen_at"]),
        authors=tuple(filter(None, row["contributors_text"].split("\n"))),
        snippet=snippet,
    )


def _point(row: sqlite3.Row) -> SeriesPoint:
    return SeriesPoint(
        metric=row["metric"],
        context=row["context"],
        value=row["value"],
        observed_at=_moment(row["observed_at"]),
        run_id=row["run_id"],
    )


def raw_answer(row: sqlite3.Row, body: bytes) -> RawAnswer:
    """Return the answer in *row*, which has this *body*."""
    return RawAnswer(
        source=row["source"],
        url=row["url"],
        status=row["status"],
        media_type=row["media_type"],
        body=body,
        fetched_at=_moment(row["fetched_at"]),
        headers=json.loads(row["headers"]),
    )


def _version(number: int, row: sqlite3.Row) -> VersionLine:
    return VersionLine(
        number=number,
        version_key=row["version_key"],
        content_hash=row["content_hash"],
        raw_sha256=row["raw_sha256"],
        raw_url=row["asked"],
        raw_kept=bool(row["raw_kept"]),
        run_id=row["run_id"],
        task_id=row["task_id"],
        seen_at=_moment(row["seen_at"]),
        reparsed_at=parse_utc(row["reparsed_at"]),
        content=json.loads(row["content"]),
    )


def _moment(text: Any) -> datetime:
    moment = parse_utc(text)
    assert moment is not None  # noqa: S101 - NOT NULL in the schema
    return moment
