"""The list of latest filings: an Atom feed with one entry for each party of each filing."""

import re
from dataclasses import dataclass
from datetime import date

from lxml.etree import _Element

from stoma.atom import NAMESPACES, read_feed, text
from stoma.edgar.filing import ACCESSION, Filing, Gathered, Party, iso_date, padded, role
from stoma.exceptions import BadAnswerError
from stoma.strictxml import moment
from stoma.text import safe

#: The last group is the role and the one before it the CIK: names have parentheses of their own.
_TITLE = re.compile(r"(?P<name>.*) \((?P<cik>\d{1,10})\) \((?P<role>[^()]+)\)", re.DOTALL)
_FILED = re.compile(r"Filed:\s*(?:</b>)?\s*(\d{4}-\d\d-\d\d)", re.IGNORECASE)
_ITEM = re.compile(r"\bItem ([0-9A-Za-z.]+):")
_PATH_CIK = re.compile(r"/edgar/data/(\d{1,10})/")
_NONE = re.compile(rb"<title>[^<]*no recent filings", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Latest:
    """One page of the list."""

    filings: tuple[Filing, ...]  #: one for each accession, in the order of their first entries
    size: int  #: entries
    tail: int  #: at which entry, counted from 0, the filing of the last entry begins
    says_none: bool  #: the page states that there are no filings


def read_latest(body: bytes) -> Latest:
    """Return the page of the list in *body*.

    Raises:
        BadAnswerError: It is none, or an entry has no accession number.
    """
    entries = read_feed(body).entries
    gathered: dict[str, tuple[_Element, Gathered]] = {}
    names = [_accession(entry, f"entry {number}") for number, entry in enumerate(entries, 1)]
    for accession, entry in zip(names, entries, strict=True):
        _, known = gathered.setdefault(accession, (entry, Gathered()))
        form = _form(entry)
        known.forms[form] = None
        known.parties[_party(entry, form)] = None
    return Latest(
        filings=tuple(
            _filing(accession, first, known) for accession, (first, known) in gathered.items()
        ),
        size=len(entries),
        tail=names.index(names[-1]) if names else 0,
        says_none=_NONE.search(body[:4096]) is not None,
    )


def _filing(accession: str, entry: _Element, gathered: Gathered) -> Filing:
    summary = text(entry, "atom:summary") or ""
    updated = text(entry, "atom:updated")
    try:
        accepted_at = moment(updated) if updated else None
    except BadAnswerError as error:
        raise BadAnswerError(f"filing {accession}: {error}") from error
    return Filing(
        accession=accession,
        forms=tuple(sorted(gathered.forms)),
        filed=_filed(summary),
        parties=tuple(gathered.parties),
        accepted_at=accepted_at,
        items=tuple(sorted(set(_ITEM.findall(summary)))),
    )


def _accession(entry: _Element, where: str) -> str:
    written = text(entry, "atom:id") or ""
    found = ACCESSION.search(written)
    if found is None or not _form(entry):
        raise BadAnswerError(f"{where} is no filing: its id is {safe(written)[:100]!r}")
    return found[0]


def _form(entry: _Element) -> str:
    category = entry.find("atom:category", NAMESPACES)
    term = "" if category is None else (category.get("term") or "").strip()
    return term or (text(entry, "atom:title") or "").partition(" - ")[0]


def _party(entry: _Element, form: str) -> Party:
    title = (text(entry, "atom:title") or "").removeprefix(f"{form} - ")
    found = _TITLE.fullmatch(title)
    if found:
        return Party(padded(found["cik"]), found["name"], role(found["role"]))
    link = entry.find("atom:link", NAMESPACES)
    path = _PATH_CIK.search("" if link is None else link.get("href") or "")
    return Party(padded(path[1]) if path else "", title)


def _filed(summary: str) -> date | None:
    found = _FILED.search(summary)
    return iso_date(found[1]) if found else None
