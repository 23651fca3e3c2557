"""The authors of a paper, as arXiv keeps them: one line of text.

`Ada Example (Univ. of Nowhere), Bo Sample, Jr., and the ABC Collaboration`
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from stoma.domain.item import Contributor
from stoma.tex import in_unicode
from stoma.text import collapse

_BETWEEN = re.compile(r"\s*(?:,|;|:)\s*(?:(?:and|&)\s+)?|\s+(?:and|&)\s+")
_SUFFIX = re.compile(r"(?:Jr|Sr)\.?|II|III|IV")
_OTHERS = re.compile(r"(?:and\s+)?(?:et\.?\s+al\.?|others)", re.IGNORECASE)
# `1`, `1, 2` and `1 and 3` point into `((1) Here, (2) There)` at the end of the line.
_MARKS = re.compile(r"[\d\s,&]+|[\d\s,&]+(?:and\s*\d+\s*)+")
_MARKED = re.compile(r"\((\d+)\)\s*([^()]*(?:\([^()\d][^()]*\)[^()]*)*)")


def authors(line: str) -> tuple[Contributor, ...]:
    """Return the authors in *line*, in their order, each with what the parentheses after it say.

    What stands behind the last of several names is taken for that one alone: the line does not
    say whether it holds for the others.
    """
    parts = list(_parts(collapse(in_unicode(line))))
    places = _places(parts)
    found: list[Contributor] = []
    for part in parts:
        if not part.startswith("("):
            for name in _names(part):
                if _SUFFIX.fullmatch(name) and found:
                    found[-1] = replace(found[-1], name=f"{found[-1].name} {name}")
                else:
                    found.append(Contributor(name=name))
        elif found and part not in places:
            where = (*found[-1].affiliations, *_affiliations(part[1:-1].strip(), places))
            found[-1] = replace(found[-1], affiliations=where)
    return tuple(found)


def _parts(line: str) -> Iterator[str]:
    """Yield what stands outside and, with its parentheses, what stands inside of them."""
    start = depth = 0
    for place, sign in enumerate(line):
        if sign == "(" and (depth := depth + 1) == 1:
            yield line[start:place]
            start = place
        elif sign == ")" and depth and (depth := depth - 1) == 0:
            yield line[start : place + 1]
            start = place + 1
    yield line[start:] + ")" * depth


def _places(parts: list[str]) -> Mapping[str, str]:
    """Return what the numbers mean; the part that says it is a key as well, to be left out."""
    places: dict[str, str] = {}
    for part in parts:
        if re.match(r"\(\s*\(\d+\)", part):
            places[part] = ""
            places |= {number: words.strip(" .,;") for number, words in _MARKED.findall(part[1:-1])}
    return places


def _names(part: str) -> Iterator[str]:
    for written in _BETWEEN.split(part):
        name = re.sub(r"^(?:and|&)\s+", "", written.strip(" ,;"))
        if name and not _OTHERS.fullmatch(name):
            yield name


def _affiliations(words: str, places: Mapping[str, str]) -> tuple[str, ...]:
    if not _MARKS.fullmatch(words):
        return (words,) if words else ()
    return tuple(places[number] for number in re.findall(r"\d+", words) if places.get(number))
