"""What differs between two versions of an item, field by field."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from stoma.domain.task import Json

#: Longer texts are compared by what is rare in them: word by word would take seconds.
_LONG = 2000
#: Fields that hold several things of one sort, and what each of them is called.
_LISTS = ("contributors", "identifiers", "tags", "relations")


class Op(StrEnum):
    """What became of some words."""

    KEPT = "kept"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Piece:
    """Words that were kept, removed or added together."""

    op: Op
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field that differs. None: it has nothing there."""

    field: str  #: `title`, `tags`, `extra.comment`
    before: Json
    after: Json

    @property
    def pieces(self) -> Sequence[Piece]:
        """How one text becomes the other, word by word; nothing if both are no texts."""
        if not isinstance(self.before, str) or not isinstance(self.after, str):
            return ()
        return list(_pieces(self.before.split(), self.after.split()))

    @property
    def removed(self) -> Sequence[str]:
        """What a list has no more, in its order."""
        return _missing(self.before, self.after)

    @property
    def added(self) -> Sequence[str]:
        """What a list has that it had not, in its order."""
        return _missing(self.after, self.before)

    @property
    def is_list(self) -> bool:
        """Whether the field holds several things."""
        return self.field in _LISTS


def changes(before: Mapping[str, Json], after: Mapping[str, Json]) -> list[FieldChange]:
    """Return the fields of two contents that differ, in the order of an item's fields.

    White space alone makes no difference. Things in a list are named as people would:
    `cs.AI (arxiv-category)`.
    """
    old, new = _flat(before), _flat(after)
    return [
        FieldChange(field=name, before=old.get(name), after=new.get(name))
        for name in dict.fromkeys((*old, *new))
        if _plain(old.get(name)) != _plain(new.get(name))
    ]


def _flat(content: Mapping[str, Json]) -> dict[str, Json]:
    flat: dict[str, Json] = {}
    for name, value in content.items():
        if name in _LISTS and isinstance(value, list):
            flat[name] = [_named(name, each) for each in value]
        elif name == "extra" and isinstance(value, dict):
            flat |= {f"extra.{key}": each for key, each in sorted(value.items())}
        else:
            flat[name] = value
    return flat


def _named(field: str, thing: Json) -> str:
    """Return a contributor, an identifier, a tag or a relation in a few words."""
    if not isinstance(thing, dict):
        return str(thing)
    if field == "contributors":
        places = thing.get("affiliations")
        where = "; ".join(map(str, places)) if isinstance(places, list) else ""
        parts = (thing.get("role"), thing.get("external_id"), where)
        said = ", ".join(str(each) for each in parts if each and each != "author")
        return f"{thing.get('name')} ({said})" if said else str(thing.get("name"))
    if field == "relations":
        return f"{thing.get('type')} {thing.get('to_natural_id')}"
    if field == "identifiers":
        return f"{thing.get('scheme')}: {thing.get('value')}"
    primary = ", primary" if thing.get("primary") else ""
    return f"{thing.get('term')} ({thing.get('scheme')}{primary})"


def _plain(value: Json) -> Json:
    return " ".join(value.split()) if isinstance(value, str) else value


def _missing(these: Json, others: Json) -> Sequence[str]:
    left = list(map(str, others)) if isinstance(others, list) else []
    return [str(each) for each in (these if isinstance(these, list) else ()) if each not in left]


def _pieces(before: list[str], after: list[str]) -> Iterator[Piece]:
    junk = max(len(before), len(after)) > _LONG
    matcher = SequenceMatcher(None, before, after, autojunk=junk)
    for tag, start, end, begin, stop in matcher.get_opcodes():
        if tag == "equal":
            yield Piece(Op.KEPT, " ".join(before[start:end]))
            continue
        if end > start:
            yield Piece(Op.REMOVED, " ".join(before[start:end]))
        if stop > begin:
            yield Piece(Op.ADDED, " ".join(after[begin:stop]))


def shortened(pieces: Sequence[Piece], around: int) -> list[Piece]:
    """Return *pieces* with at most *around* kept words on each side of a change, and `…`."""
    short = []
    for place, piece in enumerate(pieces):
        words = re.split(r"\s+", piece.text)
        first, last = place == 0, place == len(pieces) - 1
        room = (0 if first else around) + (0 if last else around)
        if piece.op is not Op.KEPT or len(words) <= room:
            short.append(piece)
            continue
        head = [] if first else words[:around]
        tail = [] if last else words[-around:]
        short.append(Piece(Op.KEPT, " ".join([*head, "…", *tail])))
    return short
