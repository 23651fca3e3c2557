"""What arXiv's answers have in common: categories and classes, licences, DOIs, withdrawals."""

import re
from collections.abc import Iterable, Mapping

from stoma.domain.arxiv_id import ArxivId
from stoma.domain.item import Identifier, ItemStatus, Tag
from stoma.domain.task import Json

CATEGORY = re.compile(r"[a-z]+(-[a-z]+)*(\.[A-Za-z-]+)?")
# Authors file their papers under arXiv's categories and under classes of the ACM (`F.2.2; I.2.7`)
# and the MSC (`14J60 (Primary) 14F05`), several in one term.
_CLASSES = {
    "acm": re.compile(r"\b[A-K]\.(?:\d{1,2}|m)(?:\.(?:\d{1,2}|m))?\b"),
    "msc": re.compile(r"\b\d{2}(?:[A-Z](?:\d{2}|xx)|-(?:\d{2}|XX))\b"),
}
_PAPER = r"(?:arxiv\s+)?(?:paper|article|submission|manuscript|preprint|e-?print|work|note|draft)"
_WITHDRAWN = re.compile(
    rf"""
    ^\W* (?:(?:this|the|our)\s+)? (?:{_PAPER}\s+)? (?:(?:has\s+been|was|is)\s+)? (?:now\s+)?
      withdrawn\b (?!\s+from\s+(?!arxiv))           # not: withdrawn from a conference
    | (?<!version\sof\s) \bthis\s+{_PAPER}\s+ (?:has\s+been|is|was)\s+ (?:now\s+)? withdrawn\b
    | \bwithdrawn\s+by\s+(?:the\s+|its\s+|arxiv\s+)?(?:author|admin)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_DOI_PREFIX = re.compile(r"^(?:https?://(?:dx\.)?doi\.org/|doi:)", re.IGNORECASE)
_LICENSE = re.compile(
    r"https?://(?:www\.)?(?:creativecommons\.org/(?P<kind>licenses|publicdomain)/(?P<terms>[a-z-]+)"
    r"|arxiv\.org/licenses/(?P<own>[a-z-]+))/(?P<version>\d\.\d)/?"
)


def url(base: str) -> str:
    """Return the page of a paper."""
    return f"https://arxiv.org/abs/{base}"


def identifiers(found: ArxivId, dois: str | None) -> tuple[Identifier, ...]:
    """Return the names of a paper; *dois* may hold several, each in any of its forms."""
    each = dict.fromkeys(_DOI_PREFIX.sub("", doi) for doi in (dois or "").split())
    return (Identifier("arxiv", found.base), *(Identifier("doi", doi) for doi in each))


def categories(names: Iterable[str], primary: str | None) -> list[Tag]:
    """Return arXiv's own categories, the primary one first."""
    rest = [Tag("arxiv-category", name) for name in names if name != primary]
    return [Tag("arxiv-category", primary, primary=True), *rest] if primary else rest


def classes(text: str | None, schemes: Iterable[str] = tuple(_CLASSES)) -> list[Tag]:
    """Return the classes of *schemes* that *text* names, as authors write them."""
    return [Tag(name, code) for name in schemes for code in _CLASSES[name].findall(text or "")]


def licence(address: str | None) -> tuple[list[Tag], dict[str, Json]]:
    """Return the licence at *address* as a tag, and as it stands in `extra`.

    Tags have the names of SPDX where there are some: `CC-BY-4.0`.
    """
    if not address:
        return [], {"license": None}
    match = _LICENSE.fullmatch(address)
    if match is None:
        return [Tag("license", address)], {"license": address}
    name = f"CC-{match['terms']}" if match["kind"] == "licenses" else "CC0"
    name = f"arXiv-{match['own']}" if match["own"] else name.upper()
    return [Tag("license", f"{name}-{match['version']}")], {"license": address}


def status(extra: Mapping[str, Json]) -> tuple[ItemStatus, str | None]:
    """Return what a paper's comment, and its list of versions if known, say of it."""
    comment, versions = extra.get("comment"), extra.get("versions")
    if isinstance(comment, str) and _WITHDRAWN.search(comment):
        return ItemStatus.WITHDRAWN, comment
    match versions:
        case [*_, {"version": str(newest), "withdrawn": True}]:
            return ItemStatus.WITHDRAWN, f"{newest} is listed as withdrawn"
    return ItemStatus.ACTIVE, None
