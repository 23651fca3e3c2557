"""Observations: numbers that change all the time, each a series with a row per change."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, column, select, values
from sqlalchemy.dialects.sqlite import insert as insert_or
from sqlalchemy.types import Integer, String

from stoma.domain.item import Item
from stoma.storage.item_tables import OBSERVATIONS

Series = tuple[int, str, str]

#: Three values each, well below what SQLite takes in one statement.
_AT_ONCE = 1000


def observe(
    connection: Connection,
    observed: Sequence[tuple[int, Item]],
    *,
    new: Collection[int],
    run_id: int,
    now: datetime,
) -> None:
    """Add the observations whose value differs from the one before.

    Args:
        connection: In a transaction that writes.
        observed: Items with their ids, in the order they were seen.
        new: The ids that had no observations before.
        run_id: The run that saw them.
        now: When.
    """
    asked = {
        (item_id, seen.metric, seen.context): None
        for item_id, item in observed
        if item_id not in new
        for seen in item.observations
    }
    newest = _newest(connection, list(asked))
    rows: dict[Series, float] = {}
    for item_id, item in observed:
        for seen in item.observations:
            series = (item_id, seen.metric, seen.context)
            if newest.get(series) != seen.value:
                rows.setdefault(series, seen.value)  # two at one moment: the first counts
                newest[series] = seen.value
    if rows:
        connection.execute(
            insert_or(OBSERVATIONS).on_conflict_do_nothing(),
            [
                {
                    "item_id": item_id,
                    "metric": metric,
                    "context": context,
                    "observed_at": now,
                    "value": value,
                    "run_id": run_id,
                }
                for (item_id, metric, context), value in rows.items()
            ],
        )


def _newest(connection: Connection, asked: Sequence[Series]) -> dict[Series, float]:
    """Return the newest value of each series that has one: a seek each, whatever their length."""
    found: dict[Series, float] = {}
    kept = OBSERVATIONS.c
    for start in range(0, len(asked), _AT_ONCE):
        names = (column("item_id", Integer), column("metric", String), column("context", String))
        series = values(*names).data(list(asked[start : start + _AT_ONCE])).cte("asked")
        newest = (
            select(kept.value)
            .where(
                kept.item_id == series.c.item_id,
                kept.metric == series.c.metric,
                kept.context == series.c.context,
            )
            .order_by(kept.observed_at.desc())
            .limit(1)
            .scalar_subquery()
            .correlate(series)
        )
        query = select(series.c.item_id, series.c.metric, series.c.context, newest)
        for item_id, metric, context, value in connection.execute(query):
            if value is not None:
                found[item_id, metric, context] = value
    return found
