"""The queue of notices, read without SQLAlchemy."""

import json
import sqlite3
from collections.abc import Iterable

from stoma.domain.notice import NoticeState, Queued, notice_from_json
from stoma.storage.read_rows import moment
from stoma.storage.schema import parse_utc


class OutboxReader:
    """A read-only look at the queue of one registry."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def newest(self, *, limit: int, states: Iterable[str] = ()) -> list[Queued]:
        """Return the newest notices, newest first; only those in *states*, if any are given."""
        words = list(states)
        where = f"state IN ({', '.join('?' * len(words))})" if words else "1"
        query = f"SELECT * FROM outbox WHERE {where} ORDER BY id DESC LIMIT ?"  # noqa: S608
        return [_queued(row) for row in self._connection.execute(query, [*words, limit])]


def _queued(row: sqlite3.Row) -> Queued:
    return Queued(
        id=row["id"],
        key=row["key"],
        channel=row["channel"],
        notice=notice_from_json(json.loads(row["notice"])),
        state=NoticeState(row["state"]),
        created_at=moment(row["created_at"]),
        not_before=moment(row["not_before"]),
        attempts=row["attempts"],
        sent_at=parse_utc(row["sent_at"]),
        error=row["error"],
    )
