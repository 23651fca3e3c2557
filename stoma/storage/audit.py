"""The audit log: entries are added and, when they are old, cut off at the beginning.

SQLite itself refuses everything else (`audit_guard`): a mistake of ours, or a hand in the file,
has to go out of its way, and `verify` shows it afterwards.
"""

import json
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, RowMapping, delete, func, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from stoma.domain.audit import Actor, Draft, Entry, Mark, chained
from stoma.domain.task import Json
from stoma.storage.database import Database
from stoma.storage.tables import AUDIT, AUDIT_MARKS

_START, _HEAD = "start", "head"


class AuditStore:
    """The audit log of one registry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, drafts: Iterable[Draft]) -> list[Entry]:
        """Enter *drafts*, in order, all or none; inside `together` with what they tell of."""
        with self._database.write() as connection:
            return _add(connection, drafts)

    def newest(self, limit: int) -> list[Entry]:
        """Return the newest entries, newest first."""
        query = select(AUDIT).order_by(AUDIT.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            return [_entry(row) for row in connection.execute(query).mappings()]

    def prune(self, before: datetime, said_by: Draft) -> int:
        """Cut off the entries from before a moment, and enter *said_by* to say so.

        The hash of the last one that goes is kept, so that the chain still begins with a proof.

        Returns:
            How many were removed.
        """
        with self._database.write() as connection:
            # The first one that stays: moments need not be in order where a clock was set back.
            staying = connection.scalar(select(func.min(AUDIT.c.id)).where(AUDIT.c.at >= before))
            start, head = _mark(connection, _START), _mark(connection, _HEAD)
            until = head.entry_id if staying is None else staying - 1
            if until <= start.entry_id:
                return 0
            seal = connection.scalar(select(AUDIT.c.hash).where(AUDIT.c.id == until))
            _set_mark(connection, _START, Mark(until, str(seal)))
            gone = connection.execute(delete(AUDIT).where(AUDIT.c.id <= until)).rowcount
            _add(connection, [said_by])
            return gone


def _add(connection: Connection, drafts: Iterable[Draft]) -> list[Entry]:
    head = _mark(connection, _HEAD)
    entries = []
    for draft in drafts:
        entry = chained(head, draft)
        head = Mark(entry.id, entry.hash)
        entries.append(entry)
    if entries:
        connection.execute(insert(AUDIT), [_row(entry) for entry in entries])
        _set_mark(connection, _HEAD, head)
    return entries


def _mark(connection: Connection, name: str) -> Mark:
    row = connection.execute(select(AUDIT_MARKS).where(AUDIT_MARKS.c.name == name)).first()
    return Mark() if row is None else Mark(row.entry_id, row.hash)


def _set_mark(connection: Connection, name: str, mark: Mark) -> None:
    values = {"name": name, "entry_id": mark.entry_id, "hash": mark.hash}
    statement = upsert(AUDIT_MARKS).values(values)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))


def _row(entry: Entry) -> dict[str, object]:
    draft = entry.draft
    return {
        "id": entry.id,
        "at": draft.at,
        "actor": draft.actor.name,
        "origin": draft.actor.origin,
        "action": draft.action,
        "subject": draft.subject,
        "before": _text(draft.before),
        "after": _text(draft.after),
        "hash": entry.hash,
    }


def _text(value: Json) -> str | None:
    return None if value is None else json.dumps(value)


def _json(text: str | None) -> Json:
    found: Json = None if text is None else json.loads(text)
    return found


def _entry(row: RowMapping) -> Entry:
    draft = Draft(
        at=row["at"],
        actor=Actor(row["actor"], row["origin"]),
        action=row["action"],
        subject=row["subject"],
        before=_json(row["before"]),
        after=_json(row["after"]),
    )
    return Entry(id=row["id"], draft=draft, hash=row["hash"])
