"""Between an item and its rows: the item itself, its satellites, and what a thin answer keeps."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select
from sqlalchemy.dialects.sqlite import insert as insert_or

from stoma.domain.item import Contributor, Identifier, Item, ItemKind, ItemStatus, Relation, Tag
from stoma.storage.tables import (
    CONTRIBUTORS,
    IDENTIFIERS,
    OBSERVATIONS,
    RELATIONS,
    TAGS,
)

_SATELLITES = (CONTRIBUTORS, IDENTIFIERS, TAGS, RELATIONS)


def item_columns(item: Item) -> dict[str, Any]:
    """Return the row of an item, without when and by which run it was seen."""
    return {
        "source": item.source,
        "kind": item.kind,
        "natural_id": item.natural_id,
        "url": item.url,
        "title": item.title,
        "summary": item.summary,
        "version_key": item.version_key,
        "version_seq": item.version_seq,
        "published_at": item.published_at,
        "source_updated_at": item.source_updated_at,
        "status": item.status,
        "status_reason": item.status_reason,
        "extra": dict(item.extra),
        "content_hash": item.content_hash,
        "contributors_text": "\n".join(each.name for each in item.contributors),
        "tags_text": " ".join(each.term for each in item.tags),
    }


def write_satellites(connection: Connection, item: Item, item_id: int) -> None:
    """Write what hangs on an item, in place of what hung on it before."""
    for table in _SATELLITES:
        connection.execute(delete(table).where(table.c.item_id == item_id))
    rows: Sequence[tuple[Table, list[dict[str, Any]]]] = (
        (
            CONTRIBUTORS,
            [
                {
                    "ordinal": ordinal,
                    "role": each.role,
                    "name": each.name,
                    "external_id": each.external_id,
                    "affiliations": list(each.affiliations),
                }
                for ordinal, each in enumerate(item.contributors)
            ],
        ),
        (IDENTIFIERS, [{"scheme": i.scheme, "value": i.value} for i in set(item.identifiers)]),
        (
            TAGS,
            [
                {"scheme": scheme, "term": term, "is_primary": primary}
                for (scheme, term), primary in _terms(item).items()
            ],
        ),
        (
            RELATIONS,
            [{"type": r.type, "to_natural_id": r.to_natural_id} for r in set(item.relations)],
        ),
    )
    for table, values in rows:
        if values:
            connection.execute(insert(table), [{"item_id": item_id, **each} for each in values])


def _terms(item: Item) -> dict[tuple[str, str], bool]:
    terms: dict[tuple[str, str], bool] = {}
    for tag in item.tags:
        terms[tag.scheme, tag.term] = terms.get((tag.scheme, tag.term), False) or tag.primary
    return terms


def observe(connection: Connection, item: Item, item_id: int, run_id: int, now: datetime) -> None:
    """Add the observations whose value differs from the one before."""
    for seen in item.observations:
        series = (
            (OBSERVATIONS.c.item_id == item_id)
            & (OBSERVATIONS.c.metric == seen.metric)
            & (OBSERVATIONS.c.context == seen.context)
        )
        newest = OBSERVATIONS.c.observed_at.desc()
        query = select(OBSERVATIONS.c.value).where(series).order_by(newest).limit(1)
        if connection.scalar(query) != seen.value:
            connection.execute(
                insert_or(OBSERVATIONS)
                .values(
                    item_id=item_id,
                    metric=seen.metric,
                    context=seen.context,
                    observed_at=now,
                    value=seen.value,
                    run_id=run_id,
                )
                .on_conflict_do_nothing()
            )


def known_item(row: Any, content: Any) -> Item:
    """Return a known item as its newest version's *content* has it."""
    return Item(
        source=row.source,
        kind=ItemKind(row.kind),
        natural_id=row.natural_id,
        version_seq=row.version_seq,
        version_key=content["version_key"],
        title=content["title"],
        summary=content["summary"],
        url=content["url"],
        published_at=_moment(content["published_at"]),
        source_updated_at=_moment(content["source_updated_at"]),
        status=ItemStatus(content["status"]),
        status_reason=content["status_reason"],
        contributors=tuple(
            Contributor(**{**each, "affiliations": tuple(each["affiliations"])})
            for each in content["contributors"]
        ),
        identifiers=tuple(Identifier(**each) for each in content["identifiers"]),
        tags=tuple(Tag(**each) for each in content["tags"]),
        relations=tuple(Relation(**each) for each in content["relations"]),
        extra=content["extra"],
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
