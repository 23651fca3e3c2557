"""What a normalizer of the user's own returned, as items: items themselves, or tables that say so.

A table has the names of an item's fields: `{"natural_id": "7", "title": "...", "url": "..."}`.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

from stoma.domain.item import (
    Contributor,
    Identifier,
    Item,
    ItemKind,
    ItemStatus,
    Observation,
    Relation,
    Tag,
)
from stoma.text import did_you_mean

_FIELDS: Final = tuple(spec.name for spec in fields(Item))
_NEEDED: Final = ("natural_id", "title", "url")


def items_of(given: object, *, source: str, kind: ItemKind) -> tuple[Item, ...]:
    """Return the items in *given*: one or many, each an `Item` or a table; None is none.

    Args:
        given: What a normalizer returned.
        source: The source of tables that name none.
        kind: The kind of tables that name none.

    Raises:
        TypeError: It is no items at all.
        ValueError: One of them is none; the text says which and why.
    """
    if given is None:
        return ()
    if isinstance(given, Item | Mapping):
        given = (given,)
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise TypeError(f"it returned {given!r:.80}, and items are wanted")
    return tuple(_numbered(given, source, kind))


def _numbered(given: Iterable[object], source: str, kind: ItemKind) -> Iterator[Item]:
    for number, each in enumerate(given, 1):
        try:
            item = _item(each, source, kind)
            _check(item)
        except (TypeError, ValueError) as error:
            raise ValueError(f"item {number} of what it returned: {error}") from error
        yield item


def _item(given: object, source: str, kind: ItemKind) -> Item:
    if isinstance(given, Item):
        return given
    if not isinstance(given, Mapping):
        raise TypeError(f"{given!r:.80} is no item and no table of its fields")
    for name in given:
        if name not in _FIELDS:
            hint = did_you_mean(str(name), _FIELDS) or "what only your source says goes into extra"
            raise ValueError(f"no item has a field {name!r}; {hint}")
    said: dict[str, Any] = {"source": source, "kind": kind}
    said |= {name: _READ.get(name, _same)(value, source) for name, value in given.items()}
    missing = [name for name in _NEEDED if name not in said]
    if missing:
        raise ValueError(f"{missing[0]} is missing")
    return Item(**said)


def _check(item: Item) -> None:
    """Refuse what could not be stored, or found again.

    Raises:
        ValueError: It says which field.
    """
    texts = {name: getattr(item, name) for name in ("source", *_NEEDED, "version_key")}
    for name, text in texts.items():
        if not isinstance(text, str) or not (text or name == "version_key"):
            raise ValueError(f"{name} is {text!r:.80}, and a text is needed")
    if not item.url.startswith(("https://", "http://")):
        raise ValueError(f"url is {item.url!r:.80}, and a web address is needed")
    for name in ("published_at", "source_updated_at"):
        moment = getattr(item, name)
        if moment is not None and moment.utcoffset() is None:
            raise ValueError(f"{name} is {moment!s:.80}, without an offset to UTC")
    json.dumps(item.content())  # TypeError: what could not be kept


def _moment(value: object, source: str) -> object:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _contributors(value: Any, source: str) -> tuple[Contributor, ...]:
    return tuple(
        each
        if isinstance(each, Contributor)
        else Contributor(name=each)
        if isinstance(each, str)
        else Contributor(**{**each, "affiliations": tuple(each.get("affiliations", ()))})
        for each in value
    )


def _tags(value: Any, source: str) -> tuple[Tag, ...]:
    """Return tags; one that is only a text is a term of its source."""
    made = ((source, each) if isinstance(each, str) else each for each in value)
    return tuple(each if isinstance(each, Tag) else Tag(*each) for each in made)


def _pairs(make: Callable[[str, Any], Any]) -> Callable[[Any, str], tuple[Any, ...]]:
    """Return how pairs are read: a table, or made ones."""

    def read(value: Any, source: str) -> tuple[Any, ...]:
        if isinstance(value, Mapping):
            return tuple(make(name, each) for name, each in value.items())
        return tuple(make(*each) if isinstance(each, list | tuple) else each for each in value)

    return read


def _same(value: Any, source: str) -> Any:
    return value


_READ: Final[Mapping[str, Callable[[Any, str], Any]]] = {
    "kind": lambda value, _: ItemKind(value),
    "status": lambda value, _: ItemStatus(value),
    "published_at": _moment,
    "source_updated_at": _moment,
    "contributors": _contributors,
    "identifiers": _pairs(Identifier),
    "tags": _tags,
    "relations": _pairs(Relation),
    "observations": _pairs(Observation),
}
