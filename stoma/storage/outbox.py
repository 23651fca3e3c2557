"""What is to be told: queued with its cause, delivered afterwards, kept for a while."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import RowMapping, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from stoma.domain.notice import (
    Notice,
    NoticeState,
    Queued,
    Trouble,
    notice_from_json,
    notice_to_json,
)
from stoma.redaction import redacted
from stoma.storage.database import Database
from stoma.storage.tables import OUTBOX, TROUBLES


class OutboxStore:
    """The notices of one registry, and the troubles they tell of."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, key: str, notice: Notice, not_before: Mapping[str, datetime], *, now: datetime
    ) -> int:
        """Queue *notice* for channels, each from a moment on; return how many did not have it.

        Called again with the same *key*, it does nothing: what happened is told once.
        """
        rows = [
            {
                "key": key,
                "channel": channel,
                "notice": notice_to_json(notice),
                "state": NoticeState.WAITING,
                "created_at": now,
                "not_before": moment,
            }
            for channel, moment in not_before.items()
        ]
        if not rows:
            return 0
        with self._database.write() as connection:
            return connection.execute(insert(OUTBOX).on_conflict_do_nothing(), rows).rowcount

    def due_channels(self, now: datetime) -> list[str]:
        """Return the channels that have something to deliver."""
        query = (
            select(OUTBOX.c.channel)
            .where(OUTBOX.c.state == NoticeState.WAITING, OUTBOX.c.not_before <= now)
            .distinct()
        )
        with self._database.read() as connection:
            return list(connection.scalars(query))

    def due(self, channel: str, now: datetime, *, limit: int) -> list[Queued]:
        """Return what a channel has to deliver, oldest first."""
        query = (
            select(OUTBOX)
            .where(OUTBOX.c.state == NoticeState.WAITING, OUTBOX.c.channel == channel)
            .where(OUTBOX.c.not_before <= now)
            .order_by(OUTBOX.c.id)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [_queued(row) for row in connection.execute(query).mappings()]

    def sent(self, ids: Sequence[int], *, now: datetime) -> None:
        """Note that notices were delivered."""
        self._end(ids, {"state": NoticeState.SENT, "sent_at": now, "error": ""})

    def postpone(self, ids: Sequence[int], error: str, *, not_before: datetime) -> None:
        """Note that notices could not be delivered, and are to be tried again."""
        self._end(ids, {"not_before": not_before, "error": redacted(error)})

    def give_up(self, ids: Sequence[int], error: str) -> None:
        """Note that notices could not be delivered, and will not be tried again."""
        self._end(ids, {"state": NoticeState.FAILED, "error": redacted(error)})

    def again(self, ids: Sequence[int] | None, *, now: datetime) -> int:
        """Let notices that were given up, or wait, be tried at once; None: all that were given up.

        Returns:
            How many there are.
        """
        change = update(OUTBOX).where(OUTBOX.c.state != NoticeState.SENT)
        if ids is None:
            change = change.where(OUTBOX.c.state == NoticeState.FAILED)
        else:
            change = change.where(OUTBOX.c.id.in_(ids))
        # Their age counts from now on, or they would be given up again at once.
        values = {"state": NoticeState.WAITING, "not_before": now, "created_at": now}
        with self._database.write() as connection:
            return connection.execute(change.values(values)).rowcount

    def hurry(self, *, now: datetime) -> list[int]:
        """Let all that waits be due, also what is held back until later; return its ids."""
        waiting = OUTBOX.c.state == NoticeState.WAITING
        with self._database.write() as connection:
            later = update(OUTBOX).where(waiting, OUTBOX.c.not_before > now)
            connection.execute(later.values(not_before=now))
            return list(
                connection.scalars(select(OUTBOX.c.id).where(waiting).order_by(OUTBOX.c.id))
            )

    def some(self, ids: Sequence[int]) -> list[Queued]:
        """Return notices by their ids, as they are now, oldest first."""
        # Not one by one: a value to bind for each would be too many for SQLite at some point.
        within = OUTBOX.c.id.between(min(ids, default=0), max(ids, default=0))
        query, wanted = select(OUTBOX).where(within).order_by(OUTBOX.c.id), {*ids}
        with self._database.read() as connection:
            rows = connection.execute(query).mappings()
            return [_queued(row) for row in rows if row["id"] in wanted]

    def prune(self, before: datetime) -> int:
        """Remove what was delivered, or given up, and queued before a moment; return how many."""
        gone = delete(OUTBOX).where(
            OUTBOX.c.state != NoticeState.WAITING, OUTBOX.c.created_at < before
        )
        with self._database.write() as connection:
            return connection.execute(gone).rowcount

    def troubles(self, task_id: str) -> dict[str, Trouble]:
        """Return what is wrong with a task, by kind."""
        query = select(TROUBLES).where(TROUBLES.c.task_id == task_id)
        with self._database.read() as connection:
            return {
                row["kind"]: Trouble(since=row["since"], count=row["count"], told_at=row["told_at"])
                for row in connection.execute(query).mappings()
            }

    def troubled(self, kinds: Sequence[str]) -> set[str]:
        """Return the tasks that have a trouble of one of these kinds."""
        query = select(TROUBLES.c.task_id).where(TROUBLES.c.kind.in_(kinds))
        with self._database.read() as connection:
            return set(connection.scalars(query))

    def set_troubles(self, task_id: str, troubles: Mapping[str, Trouble | None]) -> None:
        """Note what is wrong with a task now, by kind; None: that is well again."""
        with self._database.write() as connection:
            for kind, trouble in troubles.items():
                if trouble is None:
                    gone = delete(TROUBLES).where(TROUBLES.c.kind == kind)
                    connection.execute(gone.where(TROUBLES.c.task_id == task_id))
                    continue
                values = {
                    "task_id": task_id,
                    "kind": kind,
                    "since": trouble.since,
                    "count": trouble.count,
                    "told_at": trouble.told_at,
                }
                statement = insert(TROUBLES).values(values)
                keys = ["task_id", "kind"]
                connection.execute(
                    statement.on_conflict_do_update(index_elements=keys, set_=values)
                )

    def _end(self, ids: Iterable[int], values: Mapping[str, object]) -> None:
        change = update(OUTBOX).where(OUTBOX.c.id.in_(list(ids)))
        with self._database.write() as connection:
            connection.execute(change.values({"attempts": OUTBOX.c.attempts + 1, **values}))


def _queued(row: RowMapping) -> Queued:
    return Queued(
        id=row["id"],
        key=row["key"],
        channel=row["channel"],
        notice=notice_from_json(row["notice"]),
        state=row["state"],
        created_at=row["created_at"],
        not_before=row["not_before"],
        attempts=row["attempts"],
        sent_at=row["sent_at"],
        error=row["error"],
    )
