"""Items: in lists, and one with everything that is kept of it."""

from collections.abc import Container
from typing import Final

from stoma.domain.growth import DayOfGrowth, per_day
from stoma.domain.item import Contributor
from stoma.records.base import Fields, iso, told
from stoma.storage.item_lines import ItemDetail, ItemLine, SeriesPoint, VersionLine
from stoma.storage.read_items import HIT_END, HIT_START

#: Of the growth of a repository.
_DAYS_SHOWN: Final = 14

ITEM: Fields[ItemLine] = {
    "id": lambda item: item.natural_id,
    "number": lambda item: item.id,
    "source": lambda item: item.source,
    "kind": lambda item: item.kind,
    "title": lambda item: item.title,
    "authors": lambda item: list(item.authors),
    "url": lambda item: item.url,
    "version": lambda item: item.version_key,
    "status": lambda item: item.status,
    "published_at": lambda item: iso(item.published_at),
    "source_updated_at": lambda item: iso(item.source_updated_at),
    "first_seen_at": lambda item: iso(item.first_seen_at),
    "last_seen_at": lambda item: iso(item.last_seen_at),
    "snippet": lambda item: item.snippet.replace(HIT_START, "").replace(HIT_END, ""),
}

CONTRIBUTOR: Fields[Contributor] = {
    "name": lambda each: each.name,
    "role": lambda each: each.role,
    "external_id": lambda each: each.external_id,
    "affiliations": lambda each: list(each.affiliations),
}

OBSERVED: Fields[SeriesPoint] = {
    "metric": lambda each: each.metric,
    "context": lambda each: each.context,
    "value": lambda each: each.value,
    "observed_at": lambda each: iso(each.observed_at),
}


def item_detail_fields(only: Container[str] | None = None) -> Fields[ItemDetail]:
    """Return the fields of one item with everything kept of it; of its tasks, those in *only*."""
    version = version_fields(only)
    return {
        "id": lambda found: found.line.natural_id,
        "number": lambda found: found.line.id,
        "source": lambda found: found.line.source,
        "kind": lambda found: found.line.kind,
        "title": lambda found: found.line.title,
        "summary": lambda found: found.summary,
        "url": lambda found: found.line.url,
        "version": lambda found: found.line.version_key,
        "status": lambda found: found.line.status,
        "status_reason": lambda found: found.status_reason,
        "published_at": lambda found: iso(found.line.published_at),
        "source_updated_at": lambda found: iso(found.line.source_updated_at),
        "first_seen_at": lambda found: iso(found.line.first_seen_at),
        "last_seen_at": lambda found: iso(found.line.last_seen_at),
        "contributors": lambda found: [told(CONTRIBUTOR, each) for each in found.contributors],
        "identifiers": lambda found: [
            {"scheme": each.scheme, "value": each.value} for each in found.identifiers
        ],
        "tags": lambda found: [
            {"scheme": each.scheme, "term": each.term, "primary": each.primary}
            for each in found.tags
        ],
        "relations": lambda found: [
            {"type": each.type, "to": each.to_natural_id} for each in found.relations
        ],
        "extra": lambda found: found.extra,
        "observed": lambda found: [told(OBSERVED, each) for each in found.observed],
        "stars_per_day": lambda found: [
            {"day": each.day.isoformat(), "stars": each.value, "gained": each.gained}
            for each in stars_per_day(found)
        ],
        "tasks": lambda found: [each for each in found.tasks if only is None or each in only],
        "versions": lambda found: [told(version, each) for each in found.versions],
    }


def version_fields(only: Container[str] | None = None) -> Fields[VersionLine]:
    """Return the fields of a version of an item; its task, if that is in *only*."""
    return {
        "number": lambda each: each.number,
        "version": lambda each: each.version_key,
        "content_hash": lambda each: each.content_hash,
        "task_id": lambda each: each.task_id if only is None or each.task_id in only else None,
        "run_id": lambda each: each.run_id,
        "seen_at": lambda each: iso(each.seen_at),
        "raw_sha256": lambda each: each.raw_sha256,
        "raw_url": lambda each: each.raw_url,
        "raw_kept": lambda each: each.raw_kept,
        "reparsed_at": lambda each: iso(each.reparsed_at),
    }


def stars_per_day(found: ItemDetail) -> list[DayOfGrowth]:
    """Return how a repository's stars grew on the newest days, by what was observed here."""
    points = [(each.observed_at, each.value) for each in found.stars]
    return per_day(points, last=found.line.last_seen_at.date(), days=_DAYS_SHOWN)
