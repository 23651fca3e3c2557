"""Items as an export gets them."""

from datetime import UTC, datetime
from typing import Any

from stoma.domain.item import Contributor, Identifier, Tag
from stoma.storage.item_lines import ItemLine, ItemRecord
from tests.fakes import START

_LINE = set(ItemLine.__slots__)


def record(**fields: Any) -> ItemRecord:
    """Return a paper that differs from the usual one only in *fields*."""
    line: dict[str, Any] = {
        "id": 1,
        "source": "arxiv",
        "kind": "paper",
        "natural_id": "1706.03762",
        "title": "Attention Is All You Need",
        "url": "https://arxiv.org/abs/1706.03762",
        "version_key": "v7",
        "status": "active",
        "published_at": datetime(2017, 6, 12, 17, 57, tzinfo=UTC),
        "source_updated_at": None,
        "first_seen_at": START,
        "last_seen_at": START,
    }
    rest: dict[str, Any] = {
        "summary": "We propose a new network.",
        "status_reason": None,
        "extra": {"primary_category": "cs.CL"},
        "contributors": [Contributor(name="Ashish Vaswani"), Contributor(name="Noam Shazeer")],
        "identifiers": [Identifier("arxiv", "1706.03762"), Identifier("doi", "10.1/abc")],
        "tags": [Tag("arxiv-category", "cs.CL", primary=True), Tag("arxiv-category", "cs.LG")],
        "relations": [],
    }
    line |= {name: value for name, value in fields.items() if name in _LINE}
    rest |= {name: value for name, value in fields.items() if name not in _LINE}
    return ItemRecord(line=ItemLine(**line), **rest)
