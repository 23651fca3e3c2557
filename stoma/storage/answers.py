"""The answers that are kept, found again by the address that was asked."""

import zlib
from datetime import datetime, timedelta

from sqlalchemy import select

from stoma.domain.item import RawAnswer
from stoma.storage.database import Database
from stoma.storage.item_tables import KEPT_ANSWERS, RAW_ANSWERS


class AnswerCache:
    """Answers of one source that are fresh enough to spare it the same question again.

    Only what was believed is kept, so no bad answer comes back from here.
    """

    def __init__(self, database: Database, source: str, fresh_for: timedelta) -> None:
        self._database = database
        self._source = source
        self._fresh_for = fresh_for

    def find(self, url: str, now: datetime) -> RawAnswer | None:
        """Return the newest fresh answer that *url* has given."""
        kept = RAW_ANSWERS.c
        query = (
            select(RAW_ANSWERS)
            .where(kept.url == url, kept.source == self._source)
            .where(KEPT_ANSWERS, kept.status == 200, kept.fetched_at > now - self._fresh_for)
            .order_by(kept.fetched_at.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        return RawAnswer(
            source=row.source,
            url=row.url,
            status=row.status,
            media_type=row.media_type,
            body=zlib.decompress(row.body),
            fetched_at=row.fetched_at,
            headers=row.headers,
        )
