"""The full-text search: JSON with one hit for each document that contains the words."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stoma.edgar.filing import ACCESSION, Filing, Party, iso_date, lone_role, padded
from stoma.edgar.table import part, read_object, texts
from stoma.exceptions import BadAnswerError, RequestRefusedError
from stoma.text import collapse, safe

#: `NAME  (TICKERS)  (CIK 0000320193)`
_SHOWN = re.compile(r"(?P<name>.*?)(?:\s{2,}\([^()]*\))?\s*\(CIK (?P<cik>\d{1,10})\)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Hits:
    """One page of what was found."""

    filings: tuple[Filing, ...]  #: one for each accession, in the order of their first hits
    size: int  #: hits, which are documents: one filing may have several
    total: int  #: on all pages; what EDGAR counts ends at 10000
    exact: bool  #: whether *total* is all there is


def is_search(table: Mapping[str, Any]) -> bool:
    """Whether a JSON object is an answer of the search, be it an error."""
    return "hits" in table or "errorMessage" in table


def read_hits(body: bytes) -> Hits:
    """Return the page in *body*.

    Raises:
        RequestRefusedError: EDGAR says what is wrong with the request; its status is 200.
        BadAnswerError: The answer is none of the search's.
    """
    table = read_object(body)
    if "errorMessage" in table or "errorType" in table:
        words = safe(collapse(str(table.get("errorMessage") or table["errorType"])))[:300]
        raise RequestRefusedError(f"EDGAR refuses the search: {words}")
    found = part(table, "hits", dict)
    total = part(found, "total", dict)
    hits = part(found, "hits", list)
    shards = table.get("_shards")
    failed = shards.get("failed") if isinstance(shards, dict) else 0
    filings: dict[str, Filing] = {}
    for filing in _filings(hits):
        filings.setdefault(filing.accession, filing)
    return Hits(
        filings=tuple(filings.values()),
        size=len(hits),
        total=part(total, "value", int),
        exact=total.get("relation") == "eq" and not table.get("timed_out") and not failed,
    )


def _filings(hits: list[Any]) -> Iterator[Filing]:
    for hit in hits:
        source = hit.get("_source") if isinstance(hit, dict) else None
        if not isinstance(source, dict):
            raise BadAnswerError(f"a hit can not be read: {safe(hit)[:150]!r}")
        accession = str(source.get("adsh") or hit.get("_id")).partition(":")[0]
        filed = iso_date(source.get("file_date"))
        forms = texts([source.get("form")]) or texts(source.get("root_forms"))
        if not ACCESSION.fullmatch(accession) or filed is None or not forms:
            raise BadAnswerError(f"a hit can not be read: {safe(hit)[:150]!r}")
        period = iso_date(source.get("period_ending"))
        yield Filing(
            accession=accession,
            forms=forms[:1],
            filed=filed,
            parties=tuple(_parties(source, forms[0])),
            period=period.isoformat() if period else None,
            items=tuple(sorted(set(texts(source.get("items"))))),
            file_numbers=texts(source.get("file_num")),
            sics=texts(source.get("sics")),
        )


def _parties(source: Mapping[str, Any], form: str) -> Iterator[Party]:
    ciks = texts(source.get("ciks"))
    for number, shown in enumerate(texts(source.get("display_names"))):
        found = _SHOWN.fullmatch(shown)
        if found:
            yield Party(padded(found["cik"]), collapse(found["name"]), lone_role(form))
        elif number < len(ciks):
            yield Party(padded(ciks[number]), collapse(shown), lone_role(form))
