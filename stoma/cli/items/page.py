"""How one item is shown, as plain text and as records."""

from collections.abc import Iterator

from stoma.cli.items.views import few
from stoma.cli.output import View
from stoma.cli.pages import facts
from stoma.cli.times import Times, iso
from stoma.domain.task import Json
from stoma.storage.read_items import ItemDetail
from stoma.text import safe

#: What identifiers are called; the rest by their own name.
_SCHEMES = {"doi": "DOI", "arxiv": "arXiv"}


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
            "extra": lambda found: found.extra,
            "tasks": lambda found: list(found.tasks),
            "versions": _versions,
        },
        name=lambda found: found.line.natural_id,
    )


def item_text(found: ItemDetail, times: Times) -> str:
    """Return an item as a plain page."""
    rows = [*item_facts(found, times), ("abstract", found.summary or ""), *origins(found, times)]
    return f"{safe(found.line.title)}\n{facts(rows)}"


def item_facts(found: ItemDetail, times: Times) -> Iterator[tuple[str, str]]:
    """Yield what an item's source says of it, but for title and abstract."""
    line = found.line
    yield "authors", ", ".join(line.authors) or few(line.authors)
    yield "published", times.at(line.published_at) if line.published_at else ""
    updated = line.source_updated_at
    if updated is not None and updated != line.published_at:
        yield "updated", times.at(updated)
    yield "version", line.version_key
    if line.status != "active":
        yield "status", ": ".join(filter(None, (line.status, found.status_reason)))
    yield "filed under", ", ".join(tag.term for tag in found.tags)
    for identifier in found.identifiers:
        yield _SCHEMES.get(identifier.scheme, identifier.scheme), identifier.value
    if isinstance(found.extra, dict):
        for name, value in found.extra.items():
            yield name.replace("_", " "), value if isinstance(value, str) else ""
    yield "url", line.url


def origins(found: ItemDetail, times: Times) -> Iterator[tuple[str, str]]:
    """Yield where an item came from: tasks, runs, raw answers."""
    yield "collected", times.full(found.line.first_seen_at)
    yield "by", ", ".join(found.tasks)
    for version in found.versions:
        name = f"version {version.version_key}" if version.version_key else "version"
        raw = version.raw_sha256[:12] if version.raw_sha256 else "-"
        yield name, f"run {version.run_id}, {times.at(version.seen_at)}, raw answer {raw}"


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


def _versions(found: ItemDetail) -> Json:
    return [
        {
            "version": each.version_key,
            "content_hash": each.content_hash,
            "run_id": each.run_id,
            "seen_at": iso(each.seen_at),
            "raw_sha256": each.raw_sha256,
            "raw_url": each.raw_url,
        }
        for each in found.versions
    ]
