"""Items as CSL-JSON, which Zotero, pandoc and most reference managers read.

https://github.com/citation-style-language/schema
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from stoma.domain.item import Contributor
from stoma.domain.task import Json
from stoma.export.citing import cite_key, extra, identifier, issued, note
from stoma.export.names import name_of
from stoma.storage.item_lines import ItemRecord
from stoma.text import collapse

_TYPES = {"paper": "article", "repository": "software", "release": "software", "filing": "report"}
_PUBLISHERS = {
    "arxiv": "arXiv",
    "github": "GitHub",
    "sec_edgar": "U.S. Securities and Exchange Commission",
}


def csl_json(records: Iterable[ItemRecord]) -> Iterator[bytes]:
    """Yield one array, an item a line."""
    before = "[\n"
    for record in records:
        yield f"{before}{json.dumps(csl_item(record), ensure_ascii=False)}".encode()
        before = ",\n"
    yield b"[]\n" if before == "[\n" else b"\n]\n"


def csl_item(record: ItemRecord) -> dict[str, Json]:
    """Return an item; what is not known of it is left out."""
    line = record.line
    arxiv = identifier(record, "arxiv")
    whole: dict[str, Json] = {
        "id": cite_key(record),
        "type": _TYPES.get(line.kind, "document"),
        "title": collapse(line.title) or None,
        "author": [_name(each, line.kind) for each in record.contributors] or None,
        "issued": _date(issued(record)),
        "accessed": _date(line.last_seen_at.date()),
        "abstract": record.summary,
        "DOI": identifier(record, "doi"),
        "URL": line.url or None,
        "number": f"arXiv:{arxiv}" if arxiv else identifier(record, "accession"),
        "version": _version(record),
        "genre": _genre(record),
        "publisher": _PUBLISHERS.get(line.source),
        "keyword": ", ".join(dict.fromkeys(tag.term for tag in record.tags)) or None,
        "note": note(record) or None,
    }
    return {name: value for name, value in whole.items() if value is not None}


def _name(contributor: Contributor, kind: str) -> Json:
    name = name_of(contributor, kind=kind)
    if name.literal:
        return {"literal": name.literal}
    parts: Mapping[str, str] = {"family": name.family, "given": name.given, "suffix": name.suffix}
    return {part: text for part, text in parts.items() if text}


def _date(day: date | None) -> Json:
    return None if day is None else {"date-parts": [[day.year, day.month, day.day]]}


def _version(record: ItemRecord) -> str | None:
    if record.line.kind == "filing":
        return None  # the accession number, which is its number already
    return record.line.version_key or extra(record, "tag")


def _genre(record: ItemRecord) -> str | None:
    if record.line.source == "arxiv":
        return "preprint"
    forms = [tag.term for tag in record.tags if tag.scheme == "form"]
    return f"Form {' and '.join(forms)}" if forms else None
