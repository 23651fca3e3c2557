"""A filing as an answer of EDGAR describes it, whichever answer that is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from stoma.domain.task import Json
from stoma.edgar.forms import has_several_parties

ACCESSION = re.compile(r"\d{10}-\d{2}-\d{6}")
#: Whose filing it is, in this order; a title names the first that is there.
_MAIN_ROLES = ("issuer", "subject", "filer", "issuing_entity", "reporting_owner", "")
_ALIASES = {"reporting": "reporting_owner", "subject_company": "subject"}


@dataclass(frozen=True, slots=True)
class Party:
    """A company or person that a filing is by or about."""

    cik: str  #: ten digits; empty if the answer does not say
    name: str  #: as EDGAR writes it at the time of filing; empty if the answer does not say
    role: str = ""  #: `issuer`, `reporting_owner`, `filer`, ...; empty if the answer does not say


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """What one answer says of one filing; what it leaves out is empty or None."""

    accession: str  #: with dashes; it begins with the number of who sent it, not of the issuer
    forms: tuple[str, ...]  #: one, but for the few filings that are two in one
    filed: date | None = None
    parties: tuple[Party, ...] = ()
    accepted_at: datetime | None = None  #: only where the offset is known
    period: str | None = None  #: the end of the period reported on, as `2026-03-02`
    items: tuple[str, ...] = ()  #: numbers of the items of an 8-K or another form
    file_numbers: tuple[str, ...] = ()
    sics: tuple[str, ...] = ()  #: industry codes
    document: str | None = None  #: the name of the main document
    amends: str | None = None  #: accession of the filing that this one corrects
    whole: bool = False  #: read from the filing itself, not from a list
    ownership: Mapping[str, Json] | None = None  #: the parsed form 3, 4 or 5
    problem: str | None = None  #: what of the filing can not be read

    @property
    def main(self) -> Party | None:
        """Whose filing it is: of an ownership form the issuer, of an offer its subject."""
        ranked = sorted(self.parties, key=lambda party: _rank(party.role))
        return ranked[0] if ranked else None

    @property
    def url(self) -> str:
        """The page of the filing at the SEC."""
        folder = self.accession.replace("-", "")
        # A filing without a known party is found under the number of who sent it, if at all.
        cik = (self.main.cik if self.main else "") or self.accession[:10]
        return (
            f"https://www.sec.gov/Archives/edgar/data/{int(cik)}/{folder}/"
            f"{self.accession}-index.htm"
        )


@dataclass(slots=True)
class Gathered:
    """One filing while its entries or rows are gathered."""

    forms: dict[str, None] = field(default_factory=dict)
    parties: dict[Party, None] = field(default_factory=dict)


def role(words: str) -> str:
    """Return the role that EDGAR writes as `Filed by`, `SUBJECT COMPANY` or `REPORTING-OWNER`."""
    slug = re.sub(r"[^a-z]+", "_", words.lower()).strip("_")
    return _ALIASES.get(slug, slug)


def lone_role(form: str) -> str:
    """Return the role of a party in a list that tells none: the filer, unless that is open."""
    return "" if has_several_parties(form) else "filer"


def iso_date(written: object) -> date | None:
    """Return the day written as `20260302` or `2026-03-02`; None if it is neither."""
    if not isinstance(written, str) or not re.fullmatch(r"\d{4}-?\d\d-?\d\d", written, re.ASCII):
        return None
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def padded(cik: object) -> str:
    """Return a CIK in ten digits."""
    return str(cik).strip().zfill(10)


def _rank(name: str) -> int:
    return _MAIN_ROLES.index(name) if name in _MAIN_ROLES else len(_MAIN_ROLES)
