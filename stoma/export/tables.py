"""Items as lines of JSON, and as rows for a spreadsheet."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from stoma.domain.task import Json
from stoma.export.citing import identifier
from stoma.storage.item_lines import ItemRecord
from stoma.text import harmless_cell

COLUMNS = (
    "id", "source", "kind", "title", "authors", "published_at", "source_updated_at", "version",
    "status", "url", "doi", "tags", "summary", "first_seen_at", "last_seen_at",
)  # fmt: skip


def json_lines(records: Iterable[ItemRecord]) -> Iterator[bytes]:
    """Yield one object a line: everything but the history."""
    for record in records:
        yield f"{json.dumps(json_object(record), ensure_ascii=False)}\n".encode()


def json_object(record: ItemRecord) -> dict[str, Json]:
    """Return an item as JSON, with the names that `items show --json` uses."""
    line = record.line
    return {
        "id": line.natural_id,
        "number": line.id,
        "source": line.source,
        "kind": line.kind,
        "title": line.title,
        "summary": record.summary,
        "url": line.url,
        "version": line.version_key,
        "status": line.status,
        "status_reason": record.status_reason,
        "published_at": _iso(line.published_at),
        "source_updated_at": _iso(line.source_updated_at),
        "first_seen_at": _iso(line.first_seen_at),
        "last_seen_at": _iso(line.last_seen_at),
        "contributors": [
            {
                "name": each.name,
                "role": each.role,
                "external_id": each.external_id,
                "affiliations": list(each.affiliations),
            }
            for each in record.contributors
        ],
        "identifiers": [
            {"scheme": each.scheme, "value": each.value} for each in record.identifiers
        ],
        "tags": [
            {"scheme": each.scheme, "term": each.term, "primary": each.primary}
            for each in record.tags
        ],
        "relations": [{"type": each.type, "to": each.to_natural_id} for each in record.relations],
        "extra": record.extra,
    }


def csv_rows(records: Iterable[ItemRecord]) -> Iterator[bytes]:
    """Yield a header and one row per item; no cell is a formula. Lists are joined with `; `."""
    yield _row(COLUMNS)
    for record in records:
        cells = csv_cells(record)
        yield _row([harmless_cell(cells[name] or "") for name in COLUMNS])


def csv_cells(record: ItemRecord) -> Mapping[str, str | None]:
    """Return what stands in the columns of an item."""
    whole = json_object(record)
    lists = {
        "authors": "; ".join(each.name for each in record.contributors),
        "tags": "; ".join(dict.fromkeys(tag.term for tag in record.tags)),
        "doi": identifier(record, "doi"),
    }
    texts = {name: None if (text := whole.get(name)) is None else str(text) for name in COLUMNS}
    return {**texts, **lists}


def _row(cells: Iterable[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
