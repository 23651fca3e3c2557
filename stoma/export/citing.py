"""What every form of citation needs of an item: its key, its dates, its names elsewhere."""

import re
import unicodedata
from datetime import date, datetime

from stoma.export.names import name_of
from stoma.storage.item_lines import ItemRecord

_NOT_IN_KEYS = re.compile(r"[^A-Za-z0-9.]+")


def cite_key(record: ItemRecord) -> str:
    """Return the key to cite an item by: `vaswani2017-1706.03762`.

    It is made of the item alone, so that every export gives the same, and ends in the source's own
    name, so that no two items share one.
    """
    first = record.contributors[0] if record.contributors else None
    name = name_of(first, kind=record.line.kind) if first else None
    called = (name.family or name.literal.partition(" ")[0]) if name else ""
    who = _ascii(called).lower() or record.line.source
    when = issued(record)
    own = _NOT_IN_KEYS.sub("-", _ascii(record.line.natural_id, keep="-./"))
    return f"{who}{when.year if when else ''}-{own}"


def _ascii(text: str, *, keep: str = "") -> str:
    plain = unicodedata.normalize("NFKD", text)
    return "".join(each for each in plain if (each.isascii() and each.isalnum()) or each in keep)


def issued(record: ItemRecord) -> date | None:
    """Return the day of publication; of a filing the day that counts at its source."""
    filed = extra(record, "filing_date")
    if filed:
        return date.fromisoformat(filed)
    published: datetime | None = record.line.published_at
    return published.date() if published else None


def identifier(record: ItemRecord, scheme: str) -> str | None:
    """Return the item's name in a scheme."""
    return next((each.value for each in record.identifiers if each.scheme == scheme), None)


def extra(record: ItemRecord, key: str) -> str | None:
    """Return a text that only the item's source says."""
    found = record.extra.get(key) if isinstance(record.extra, dict) else None
    return found if isinstance(found, str) and found else None


def note(record: ItemRecord) -> str:
    """Return what a reader has to know besides: that it was withdrawn, where else it appeared."""
    status = record.line.status
    said = f"{status}: {record.status_reason}" if record.status_reason else status
    return ". ".join(
        filter(None, (said if status != "active" else "", extra(record, "journal_ref")))
    )
