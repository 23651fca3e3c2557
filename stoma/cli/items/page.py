"""How one item is shown, as plain text and as records."""

from collections.abc import Iterator

from stoma.cli.items.kinds import item_facts
from stoma.cli.output import View
from stoma.cli.pages import facts
from stoma.cli.times import Times
from stoma.records.items import item_detail_fields
from stoma.storage.item_lines import ItemDetail
from stoma.text import safe

#: What the text of an item is called.
_TEXTS = {"paper": "abstract", "filing": "summary", "release": "notes", "repository": "about"}


def item_detail_view() -> View[ItemDetail]:
    """Return the stable fields of one item."""
    return View(
        fields=item_detail_fields(),
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
