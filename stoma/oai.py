"""Reads answers of OAI-PMH, the protocol of open archives, strictly. No I/O.

https://www.openarchives.org/OAI/openarchivesprotocol.html
"""

from dataclasses import dataclass

from lxml import etree

from stoma.exceptions import BadAnswerError
from stoma.strictxml import moment, read_xml, text, whole_text
from stoma.text import safe

_NAMESPACES = {"oai": "http://www.openarchives.org/OAI/2.0/"}
_ROOT = f"{{{_NAMESPACES['oai']}}}OAI-PMH"
#: The codes of errors that say something else than "the request is wrong" (chapter 3.6).
NOTHING_FOUND = "noRecordsMatch"
TOKEN_REFUSED = "badResumptionToken"  # noqa: S105 - a word of the protocol


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a list."""

    identifier: str  #: the archive's name of the thing: `oai:arXiv.org:2401.01234`
    datestamp: str  #: the day its metadata was last changed
    metadata: etree._Element | None  #: None: deleted


@dataclass(frozen=True, slots=True)
class Listing:
    """One answer to ListRecords: records, or an error of the protocol."""

    response_date: str  #: when the archive wrote it: ISO 8601, UTC
    records: tuple[Record, ...] = ()
    token: str = ""  #: asks for the next answer; empty: this is the last one
    total: int | None = None  #: records in the whole list, if the archive says so
    error: str = ""  #: the code of the error
    words: str = ""  #: what the archive says of it


def read_listing(body: bytes) -> Listing:
    """Return the part of a list in *body*.

    Raises:
        BadAnswerError: The bytes are anything else, or not complete.
    """
    root = read_xml(body, _ROOT, "OAI-PMH answer")
    response_date = text(root, "oai:responseDate", _NAMESPACES) or ""
    moment(response_date)
    found = root.find("oai:ListRecords", _NAMESPACES)
    errors = [
        (safe(each.get("code") or "error"), safe(whole_text(each) or "no reason given"))
        for each in root.iterfind("oai:error", _NAMESPACES)
    ]
    if errors:
        # Of several, the one that says more than that nothing was found.
        code, words = min(errors, key=lambda each: each[0] == NOTHING_FOUND)
        return Listing(response_date, error=code, words=words)
    records = () if found is None else tuple(found.iterfind("oai:record", _NAMESPACES))
    if found is None or not records:
        raise BadAnswerError("the OAI-PMH answer has neither records nor an error")
    token = found.find("oai:resumptionToken", _NAMESPACES)
    total = "" if token is None else token.get("completeListSize") or ""
    return Listing(
        response_date,
        records=tuple(_record(each, f"record {n}") for n, each in enumerate(records, 1)),
        token="" if token is None else whole_text(token) or "",
        total=int(total[:18]) if total.isascii() and total.isdigit() else None,
    )


def _record(element: etree._Element, where: str) -> Record:
    header = element.find("oai:header", _NAMESPACES)
    identifier = None if header is None else text(header, "oai:identifier", _NAMESPACES)
    if header is None or identifier is None:
        raise BadAnswerError(f"{where} has no identifier")
    metadata = element.find("oai:metadata", _NAMESPACES)
    deleted = header.get("status") == "deleted"
    if not deleted and (metadata is None or len(metadata) != 1):
        raise BadAnswerError(f"{where} ({safe(identifier)[:60]}) has no metadata")
    return Record(
        identifier=identifier,
        datestamp=text(header, "oai:datestamp", _NAMESPACES) or "",
        metadata=None if deleted or metadata is None else metadata[0],
    )
