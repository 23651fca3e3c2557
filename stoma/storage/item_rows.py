"""Between an item and its rows: the item itself, its satellites, and what a thin answer keeps."""

from datetime import datetime
from typing import Any

from stoma.domain.item import Contributor, Identifier, Item, ItemKind, ItemStatus, Relation, Tag
from stoma.storage.item_tables import CONTRIBUTORS, IDENTIFIERS, RELATIONS, TAGS

#: What hangs on an item, and is written anew when the item changes.
SATELLITES = (CONTRIBUTORS, IDENTIFIERS, TAGS, RELATIONS)


def item_columns(item: Item, content_hash: str = "") -> dict[str, Any]:
    """Return the row of an item, without when and by which run it was seen.

    Whoever knows the *content_hash* already spares its making.
    """
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
        "content_hash": content_hash or item.content_hash,
        "contributors_text": "\n".join(each.name for each in item.contributors),
        "tags_text": " ".join(each.term for each in item.tags),
    }


def satellite_rows(item: Item, item_id: int) -> tuple[list[dict[str, Any]], ...]:
    """Return what hangs on an item, as rows of `SATELLITES`, table by table."""
    contributors = [
        {
            "item_id": item_id,
            "ordinal": ordinal,
            "role": each.role,
            "name": each.name,
            "external_id": each.external_id,
            "affiliations": list(each.affiliations),
        }
        for ordinal, each in enumerate(item.contributors)
    ]
    identifiers = [
        {"item_id": item_id, "scheme": each.scheme, "value": each.value}
        for each in dict.fromkeys(item.identifiers)
    ]
    tags = [
        {"item_id": item_id, "scheme": scheme, "term": term, "is_primary": primary}
        for (scheme, term), primary in _terms(item).items()
    ]
    relations = [
        {"item_id": item_id, "type": each.type, "to_natural_id": each.to_natural_id}
        for each in dict.fromkeys(item.relations)
    ]
    return contributors, identifiers, tags, relations


def _terms(item: Item) -> dict[tuple[str, str], bool]:
    terms: dict[tuple[str, str], bool] = {}
    for tag in item.tags:
        terms[tag.scheme, tag.term] = terms.get((tag.scheme, tag.term), False) or tag.primary
    return terms


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
