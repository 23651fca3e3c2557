"""How one item is shown, as plain text and as records."""

from collections.abc import Iterator

from stoma.cli.items.kinds import item_facts, stars_per_day
from stoma.cli.output import View
from stoma.cli.pages import facts
from stoma.cli.times import Times, iso
from stoma.domain.task import Json
from stoma.storage.item_lines import ItemDetail, VersionLine
from stoma.text import safe

#: What the text of an item is called.
_TEXTS = {"paper": "abstract", "filing": "summary", "release": "notes", "repository": "about"}


def item_detail_view() -> View[ItemDetail]:
    """Return the stable fields of one item."""
    return View(
        fields={
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
            "contributors": _contributors,
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
            "observed": _observed,
            "stars_per_day": lambda found: [
                {"day": each.day.isoformat(), "stars": each.value, "gained": each.gained}
                for each in stars_per_day(found)
            ],
            "tasks": lambda found: list(found.tasks),
            "versions": lambda found: [_version(each) for each in found.versions],
        },
        name=lambda found: found.line.natural_id,
    )


def item_text(found: ItemDetail, times: Times) -> str:
    """Return an item as a plain page."""
    text = (text_name(found), found.summary or "")
    rows = [*item_facts(found, times), text, *origins(found, times)]
    return f"{safe(found.line.title)}\n{facts(rows)}"


def text_name(found: ItemDetail) -> str:
    """Return what the text of an item is called."""
    return _TEXTS.get(found.line.kind, "text")


def origins(found: ItemDetail, times: Times) -> Iterator[tuple[str, str]]:
    """Yield where an item came from: tasks, runs, raw answers."""
    yield "collected", times.full(found.line.first_seen_at)
    yield "by", ", ".join(found.tasks)
    for version in found.versions:
        own = version.version_key not in ("", found.line.natural_id)
        key = f" {version.version_key}" if own else ""
        raw = f"raw answer {version.raw_sha256[:12]}{'' if version.raw_kept else ' (dropped)'}"
        again = f", read again {times.at(version.reparsed_at)}" if version.reparsed_at else ""
        yield (
            f"version {version.number}{key}",
            f"run {version.run_id}, {times.at(version.seen_at)}, {raw}{again}",
        )


def _contributors(found: ItemDetail) -> Json:
    return [
        {
            "name": each.name,
            "role": each.role,
            "external_id": each.external_id,
            "affiliations": list(each.affiliations),
        }
        for each in found.contributors
    ]


def _observed(found: ItemDetail) -> Json:
    return [
        {
            "metric": each.metric,
            "context": each.context,
            "value": each.value,
            "observed_at": iso(each.observed_at),
        }
        for each in found.observed
    ]


def _version(each: VersionLine) -> Json:
    return {
        "number": each.number,
        "version": each.version_key,
        "content_hash": each.content_hash,
        "task_id": each.task_id,
        "run_id": each.run_id,
        "seen_at": iso(each.seen_at),
        "raw_sha256": each.raw_sha256,
        "raw_url": each.raw_url,
        "raw_kept": each.raw_kept,
        "reparsed_at": iso(each.reparsed_at),
    }
