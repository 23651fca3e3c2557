"""A company's own list of filings (JSON columns), and the table of tickers."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import NoneType
from typing import Any

from stoma.edgar.filing import ACCESSION, Filing, Party, iso_date, lone_role, padded
from stoma.edgar.forms import AMENDED, root
from stoma.edgar.table import part, read_object
from stoma.exceptions import BadAnswerError
from stoma.text import collapse, safe

_OLDER = re.compile(r"CIK\d{10}-submissions-\d{3,4}\.json")
_CIK = re.compile(r"CIK(\d{10})")
#: A rendering of an ownership form is `xslF345X05/form4.xml`; the form itself has no folder.
_RENDERED = re.compile(r"^xsl[^/]*/")
_NEEDED = ("accessionNumber", "form", "filingDate")


@dataclass(frozen=True, slots=True)
class Older:
    """A further page of the list, for the filings before the recent ones."""

    name: str
    last: date  #: the latest filing in it


@dataclass(frozen=True, slots=True)
class Company:
    """The list of one company; of a further page only the filings."""

    filings: tuple[Filing, ...]  #: in the order of the answer, each accession once
    older: tuple[Older, ...] = ()


def is_company(table: Mapping[str, Any]) -> bool:
    """Whether a JSON object is a company's list, or a further page of one."""
    return "filings" in table or "accessionNumber" in table


def read_company(body: bytes, url: str) -> Company:
    """Return the list in *body*, or the further page of one.

    Args:
        body: The answer.
        url: Where it came from: a further page does not say of whom it is.

    Raises:
        BadAnswerError: It is neither, or its columns do not fit together.
    """
    table = read_object(body)
    if "accessionNumber" in table:
        found = _CIK.search(url)
        return Company(tuple(_filings(table, Party(found[1] if found else "", ""), ())))
    listed = part(table, "filings", dict)
    sics = tuple(sic for sic in [str(table.get("sic") or "")] if sic)
    cik = padded(part(table, "cik", (str, int)))
    if not cik.isdecimal():
        raise BadAnswerError(f"the answer has {safe(cik)[:40]!r} for a CIK")
    who = Party(cik, collapse(part(table, "name", str)))
    return Company(
        tuple(_filings(part(listed, "recent", dict), who, sics)),
        tuple(_older(part({"files": [], **listed}, "files", (list, NoneType)) or [])),
    )


def read_tickers(body: bytes) -> Mapping[str, str]:
    """Return the CIK of every ticker.

    Raises:
        BadAnswerError: The answer is not the table of tickers.
    """
    rows = [row for row in read_object(body).values() if isinstance(row, dict)]
    found = {
        ticker(str(row["ticker"])): padded(row["cik_str"])
        for row in rows
        if "ticker" in row and "cik_str" in row
    }
    if not found:
        raise BadAnswerError("the answer is JSON, but not the table of tickers")
    return found


def ticker(written: str) -> str:
    """Return a ticker as EDGAR writes it: `BRK-B`."""
    return written.strip().upper().replace(".", "-")


def _filings(columns: Mapping[str, Any], who: Party, sics: tuple[str, ...]) -> Iterator[Filing]:
    count = len(part(columns, "accessionNumber", list))
    for name, column in columns.items():
        if isinstance(column, list) and len(column) != count:
            raise BadAnswerError(f"column {name!r} has {len(column)} rows, not {count}")
    for name in _NEEDED:
        part(columns, name, list)
    names = [name for name, column in columns.items() if isinstance(column, list)]
    rows = zip(*(columns[name] for name in names), strict=True)
    once: dict[str, Filing] = {}
    for row in rows:
        filing = _filing(dict(zip(names, row, strict=True)), who, sics)
        once.setdefault(filing.accession, filing)
    periods = Counter((filing.forms[0], filing.period) for filing in once.values())
    alone: dict[tuple[str, str | None], Filing] = {
        (filing.forms[0], filing.period): filing
        for filing in once.values()
        if filing.period and periods[filing.forms[0], filing.period] == 1
    }
    for filing in once.values():
        yield replace(filing, amends=_amended(filing, alone))


def _filing(row: Mapping[str, Any], who: Party, sics: tuple[str, ...]) -> Filing:
    accession, form = str(row["accessionNumber"]), collapse(str(row["form"]))
    filed = iso_date(row["filingDate"])
    if not ACCESSION.fullmatch(accession) or filed is None:
        raise BadAnswerError(
            f"a row of the company's list can not be read: "
            f"{safe(accession)[:40]!r}, {safe(row['filingDate'])[:40]!r}"
        )
    # `acceptanceDateTime` is left alone: for every fifth company it is Eastern time, marked as
    # UTC all the same (github.com/dgunning/edgartools/issues/557).
    document = _RENDERED.sub("", str(row.get("primaryDocument") or ""))
    items = str(row.get("items") or "").split(",")
    number = str(row.get("fileNumber") or "").strip()
    period = iso_date(row.get("reportDate"))
    return Filing(
        accession=accession,
        forms=(form,),
        filed=filed,
        parties=(replace(who, role=lone_role(form)),) if who.cik else (),
        period=period.isoformat() if period else None,
        items=tuple(sorted({item.strip() for item in items if item.strip()})),
        file_numbers=(number,) if number else (),
        sics=sics,
        document=document or None,
    )


def _amended(filing: Filing, alone: Mapping[tuple[str, str | None], Filing]) -> str | None:
    """Return what an amendment amends: the one filing of that form on that period before it."""
    form = filing.forms[0]
    original = alone.get((root(form), filing.period)) if form.endswith(AMENDED) else None
    if original is None or original.filed is None or filing.filed is None:
        return None
    return original.accession if original.filed <= filing.filed else None


def _older(files: list[Any]) -> Iterator[Older]:
    for file in files:
        if not isinstance(file, dict):
            raise BadAnswerError(f"a further page can not be told: {safe(file)[:60]!r}")
        name, last = str(file.get("name")), iso_date(file.get("filingTo"))
        if not _OLDER.fullmatch(name) or last is None:
            raise BadAnswerError(f"a further page can not be told: {safe(name)[:60]!r}")
        yield Older(name, last)
