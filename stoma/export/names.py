"""Names of people and bodies, taken apart as reference managers want them."""

import re
from dataclasses import dataclass

from stoma.domain.item import Contributor
from stoma.text import collapse

#: Whoever has such a word in the name is no person.
_BODY = re.compile(
    r"\b(?:collaborations?|consortium|group|team|project|community|committee|institute|"
    r"university|universit\w+|laborator\w+|department|society|network|initiative|survey|"
    r"foundation|association|organi[sz]ation|inc|llc|ltd|corp|gmbh)\b\.?",
    re.IGNORECASE,
)
_SUFFIX = re.compile(r"(?:Jr|Sr)\.?|II|III|IV")
#: Roles of people who sign with first and last name, in that order.
_PEOPLE = frozenset({"author"})


@dataclass(frozen=True, slots=True)
class Name:
    """A name: of a person in parts, of anything else whole."""

    family: str = ""
    given: str = ""
    suffix: str = ""
    literal: str = ""


def name_of(contributor: Contributor, *, kind: str) -> Name:
    """Return the name of a contributor to an item of a *kind*."""
    written = collapse(contributor.name)
    if kind != "paper" or contributor.role not in _PEOPLE or _BODY.search(written):
        return Name(literal=written)
    return parts(written)


def parts(written: str) -> Name:
    """Return a person's name, taken apart.

    Small words before the last one belong to it, and so does what stands before a comma. A single
    word stays whole.

    >>> parts("Ludwig van der Example Jr."), parts("Example, Ada B.")
    (Name(family='van der Example', given='Ludwig', suffix='Jr.', literal=''), \
Name(family='Example', given='Ada B.', suffix='', literal=''))
    """
    before, comma, after = (part.strip() for part in written.partition(","))
    if comma and _SUFFIX.fullmatch(after):
        written, comma = f"{before} {after}", ""
    if comma and before and after:
        first, _, given = (part.strip() for part in after.partition(","))
        if given and _SUFFIX.fullmatch(first):
            return Name(family=before, given=given, suffix=first)
        return Name(family=before, given=after)
    words = written.replace(",", " ").split()
    suffix = words.pop() if len(words) > 2 and _SUFFIX.fullmatch(words[-1]) else ""
    if len(words) < 2:
        return Name(literal=" ".join([*words, suffix]).strip())
    start = next(
        (place for place, word in enumerate(words) if place and word[0].islower()), len(words) - 1
    )
    return Name(family=" ".join(words[start:]), given=" ".join(words[:start]), suffix=suffix)
