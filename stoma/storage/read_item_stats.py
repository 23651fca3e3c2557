"""Collected items, counted. Read-only, no SQLAlchemy."""

import sqlite3
from collections.abc import Sequence

from stoma.storage.item_conditions import conditions
from stoma.storage.item_lines import DayLine, Group, ItemFilter, ItemStats

_MOST_TASKS = 50


def statistics(connection: sqlite3.Connection, wanted: ItemFilter, *, days: int) -> ItemStats:
    """Return the items that fit, counted; with the newest *days* that brought something."""
    where, values = conditions(wanted)
    chosen = f"SELECT items.id FROM items WHERE {where}"  # noqa: S608 - fixed texts, bound values
    among = f"item_id IN ({chosen})" if values else "1"

    def number(query: str, *bound: object) -> int:
        return int(connection.execute(query, bound).fetchone()[0] or 0)

    def groups(query: str, *bound: object) -> Sequence[Group]:
        rows = connection.execute(query, bound)
        return [Group(name=row[0], items=row[1]) for row in rows]

    def by(column: str) -> Sequence[Group]:
        query = f"SELECT {column}, count(*) FROM items WHERE {where} GROUP BY 1 ORDER BY 2 DESC, 1"  # noqa: S608
        return groups(query, *values)

    answers = "raw_answers" if wanted.source is None else "raw_answers WHERE source = ?"
    of_source = () if wanted.source is None else (wanted.source,)
    kept = connection.execute(
        f"SELECT count(*), coalesce(sum(kept_bytes > 0), 0), coalesce(sum(kept_bytes), 0)"  # noqa: S608
        f" FROM {answers}",
        of_source,
    ).fetchone()
    return ItemStats(
        items=number(f"SELECT count(*) FROM items WHERE {where}", *values),  # noqa: S608
        versions=number(f"SELECT count(*) FROM item_versions WHERE {among}", *values),  # noqa: S608
        observations=number(f"SELECT count(*) FROM observations WHERE {among}", *values),  # noqa: S608
        sources=by("source"),
        kinds=by("kind"),
        statuses=by("status"),
        tasks=groups(
            f"SELECT task_id, count(*) FROM task_items WHERE {among}"  # noqa: S608
            " GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ?",
            *values,
            _MOST_TASKS,
        ),
        days=_days(connection, among, values, days),
        answers=kept[0],
        answers_kept=kept[1],
        answer_bytes=kept[2],
        text_bytes=number(f"SELECT sum(length(content)) FROM item_versions WHERE {among}", *values),  # noqa: S608
    )


def _days(
    connection: sqlite3.Connection, among: str, values: Sequence[object], days: int
) -> Sequence[DayLine]:
    """Return what the newest days brought: an item's first version is new, each later a change."""
    query = f"""
        SELECT day, sum(new), count(*) - sum(new) FROM (
            SELECT substr(seen_at, 1, 10) AS day,
                id = (SELECT min(id) FROM item_versions AS first
                      WHERE first.item_id = item_versions.item_id) AS new
            FROM item_versions WHERE reparsed_at IS NULL AND {among}
        ) GROUP BY day ORDER BY day DESC LIMIT ?
    """  # noqa: S608 - fixed texts, bound values
    rows = connection.execute(query, (*values, days)).fetchall()
    return [DayLine(day=row[0], new=row[1], changed=row[2]) for row in reversed(rows)]
