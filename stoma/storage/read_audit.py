"""The audit log, read without SQLAlchemy: listed, exported and verified."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from stoma.domain.audit import Actor, Draft, Entry, Mark, Verdict, verify
from stoma.domain.task import Json
from stoma.storage.read_rows import moment
from stoma.storage.schema import format_utc


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which entries are wanted: those that fit everything that is given."""

    subject: str | None = None
    actor: str | None = None
    action: str | None = None
    since: datetime | None = None  #: at this moment or later


class AuditReader:
    """A read-only look at the audit log of one registry."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def newest(self, wanted: AuditFilter, *, limit: int) -> list[Entry]:
        """Return the newest entries that are wanted, newest first."""
        where, values = _where(wanted)
        query = f"SELECT * FROM audit WHERE {where} ORDER BY id DESC LIMIT ?"  # noqa: S608
        return [_entry(row) for row in self._connection.execute(query, [*values, limit])]

    def all(self, wanted: AuditFilter) -> Iterator[Entry]:
        """Yield the entries that are wanted, in their order."""
        where, values = _where(wanted)
        query = f"SELECT * FROM audit WHERE {where} ORDER BY id"  # noqa: S608 - fixed texts
        return map(_entry, self._connection.execute(query, values))

    def verify(self) -> Verdict:
        """Go through the whole chain, as it is at this moment."""
        self._connection.execute("BEGIN")  # entries and marks of one moment
        try:
            return verify(self.all(AuditFilter()), self._mark("start"), self._mark("head"))
        finally:
            self._connection.execute("ROLLBACK")

    def has(self, seal: str) -> bool:
        """Return whether *seal* is, or begins, the hash of an entry that is kept."""
        query = "SELECT 1 FROM audit WHERE substr(hash, 1, ?) = ? LIMIT 1"
        return self._connection.execute(query, (len(seal), seal)).fetchone() is not None

    def _mark(self, name: str) -> Mark:
        query = "SELECT entry_id, hash FROM audit_marks WHERE name = ?"
        row = self._connection.execute(query, (name,)).fetchone()
        return Mark(row["entry_id"], row["hash"]) if row else Mark()


def _where(wanted: AuditFilter) -> tuple[str, list[str]]:
    rules = {
        "subject = ?": wanted.subject,
        "actor = ?": wanted.actor,
        "action = ?": wanted.action,
        "at >= ?": format_utc(wanted.since) if wanted.since else None,
    }
    given = {rule: value for rule, value in rules.items() if value is not None}
    return " AND ".join(given) or "1", list(given.values())


def _entry(row: sqlite3.Row) -> Entry:
    draft = Draft(
        at=_moment(row["at"]),
        actor=Actor(row["actor"], row["origin"]),
        action=row["action"],
        subject=row["subject"],
        before=_json(row["before"]),
        after=_json(row["after"]),
    )
    return Entry(id=row["id"], draft=draft, hash=row["hash"])


def _moment(text: str) -> datetime:
    try:
        return moment(text)
    except ValueError:  # nor is this, see below
        return datetime.min.replace(tzinfo=UTC)


def _json(text: str | None) -> Json:
    if text is None:
        return None
    try:
        found: Json = json.loads(text)
    except ValueError:  # not what was written: its hash will not fit either
        return text
    return found
