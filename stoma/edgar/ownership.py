"""Forms 3, 4 and 5 in XML: who holds and trades what, as reported.

https://www.sec.gov/info/edgar/specifications/ownershipxmltechspec.htm
Nearly every value may be missing, with a footnote in its place: it is None then, and the ids of
the footnotes stand under `footnotes`. Nothing is computed or guessed.
"""

import re
from collections.abc import Iterator, Mapping

from lxml import etree

from stoma.domain.task import Json
from stoma.edgar.filing import padded
from stoma.strictxml import read_xml, whole_text

#: What the codes say (Form 4, General Instruction 8). Only P and S are trades in a market.
CODES = {
    "P": "open market or private purchase",
    "S": "open market or private sale",
    "V": "transaction voluntarily reported early",
    "A": "grant or award",
    "D": "disposition to the issuer",
    "F": "payment of exercise price or tax by withholding securities",
    "I": "discretionary transaction",
    "M": "exercise or conversion of an exempt derivative",
    "C": "conversion of a derivative",
    "E": "expiration of a short derivative position",
    "H": "expiration or cancellation of a long derivative position",
    "O": "exercise of an out-of-the-money derivative",
    "X": "exercise of an in-the-money or at-the-money derivative",
    "G": "gift",
    "L": "small acquisition",
    "W": "acquisition or disposition by will or inheritance",
    "Z": "deposit into or withdrawal from a voting trust",
    "J": "other acquisition or disposition",
    "K": "equity swap or similar",
    "U": "disposition in a change of control",
}
_DOCUMENT = re.compile(rb"<ownershipDocument\b.*</ownershipDocument\s*>", re.DOTALL)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)", re.ASCII)
_YES = {"1": True, "true": True, "y": True, "0": False, "false": False, "n": False}

#: Our names and the paths of the form, of transactions and holdings alike.
_TEXTS = {
    "security": "securityTitle",
    "date": "transactionDate",
    "deemed_execution_date": "deemedExecutionDate",
    "form_type": "transactionCoding/transactionFormType",
    "code": "transactionCoding/transactionCode",
    "timeliness": "transactionTimeliness",
    "acquired_disposed": "transactionAmounts/transactionAcquiredDisposedCode",
    "exercise_date": "exerciseDate",
    "expiration_date": "expirationDate",
    "underlying_security": "underlyingSecurity/underlyingSecurityTitle",
    "ownership": "ownershipNature/directOrIndirectOwnership",
    "nature_of_ownership": "ownershipNature/natureOfOwnership",
}
_NUMBERS = {
    "shares": "transactionAmounts/transactionShares",
    "total_value": "transactionAmounts/transactionTotalValue",
    "price": "transactionAmounts/transactionPricePerShare",
    "conversion_or_exercise_price": "conversionOrExercisePrice",
    "underlying_shares": "underlyingSecurity/underlyingSecurityShares",
    "underlying_value": "underlyingSecurity/underlyingSecurityValue",
    "shares_after": "postTransactionAmounts/sharesOwnedFollowingTransaction",
    "value_after": "postTransactionAmounts/valueOwnedFollowingTransaction",
}
#: The flag of an owner, what it says, and where a title may stand.
_POSITIONS = (
    ("is_director", "director", ""),
    ("is_officer", "officer", "officer_title"),
    ("is_ten_percent_owner", "ten percent owner", ""),
    ("is_other", "other", "other_text"),
)
_FLAGS = {"equity_swap": "transactionCoding/equitySwapInvolved"}
_TABLES = {"non_derivative": "nonDerivative", "derivative": "derivative"}


def find_ownership(body: bytes) -> bytes | None:
    """Return the ownership document inside a submission, or None if it has none."""
    found = _DOCUMENT.search(body)
    return found[0] if found else None


def read_ownership(document: bytes) -> dict[str, Json]:
    """Return a form 3, 4 or 5.

    Raises:
        BadAnswerError: It is not sound XML, or not such a form.
    """
    root = _parsed(document)
    return {
        "document_type": _text(root, "documentType"),
        "schema_version": _text(root, "schemaVersion"),
        "period_of_report": _text(root, "periodOfReport"),
        "date_of_original_submission": _text(root, "dateOfOriginalSubmission"),
        "no_securities_owned": _flag(root, "noSecuritiesOwned"),
        "not_subject_to_section_16": _flag(root, "notSubjectToSection16"),
        "form_3_holdings_reported": _flag(root, "form3HoldingsReported"),
        "form_4_transactions_reported": _flag(root, "form4TransactionsReported"),
        "rule_10b5_1_plan": _flag(root, "aff10b5One"),
        "issuer": {
            "cik": _cik(root, "issuer/issuerCik"),
            "name": _text(root, "issuer/issuerName"),
            "ticker": _text(root, "issuer/issuerTradingSymbol"),
        },
        "owners": [_owner(each) for each in root.iterfind("reportingOwner")],
        "transactions": list(_lines(root, "Transaction")),
        "holdings": list(_lines(root, "Holding")),
        "footnotes": {
            each.get("id") or "": whole_text(each) for each in root.iterfind("footnotes/footnote")
        },
        "remarks": _text(root, "remarks"),
        "signatures": [
            {"name": _text(each, "signatureName"), "date": _text(each, "signatureDate")}
            for each in root.iterfind("ownerSignature")
        ],
    }


def told(form: Mapping[str, Json]) -> str | None:
    """Return the transactions of a form in a line; None if it has none."""
    match form:
        case {"transactions": list(lines)}:
            return "; ".join(_told(each) for each in lines if isinstance(each, dict)) or None
    return None


def positions_held(form: Mapping[str, Json]) -> dict[str, tuple[str, ...]]:
    """Return by CIK what each owner is to the issuer: director, officer with a title, ..."""
    owners = form.get("owners")
    return {
        str(owner["cik"]): tuple(_positions(owner))
        for owner in (owners if isinstance(owners, list) else [])
        if isinstance(owner, dict)
    }


def _positions(owner: Mapping[str, Json]) -> Iterator[str]:
    for flag, name, detail in _POSITIONS:
        if owner[flag]:
            yield f"{name}: {owner[detail]}" if detail and owner[detail] else name


def _told(line: Mapping[str, Json]) -> str:
    code = str(line["code"] or "?")
    words = [f"{code} ({CODES[code]})" if code in CODES else code]
    words += [str(line[name]) for name in ("shares", "security") if line[name] is not None]
    words += [f"at {line['price']}"] if line["price"] is not None else []
    words += [f"on {line['date']}"] if line["date"] is not None else []
    return " ".join(words)


def _parsed(document: bytes) -> etree._Element:
    try:
        document.decode()
    except UnicodeDecodeError:  # without its declaration a document has to be UTF-8
        document = document.decode("latin-1").encode()
    return read_xml(document, "ownershipDocument", "ownership form")


def _owner(element: etree._Element) -> dict[str, Json]:
    relation = "reportingOwnerRelationship/"
    return {
        "cik": _cik(element, "reportingOwnerId/rptOwnerCik"),
        "name": _text(element, "reportingOwnerId/rptOwnerName"),
        "is_director": _flag(element, relation + "isDirector"),
        "is_officer": _flag(element, relation + "isOfficer"),
        "is_ten_percent_owner": _flag(element, relation + "isTenPercentOwner"),
        "is_other": _flag(element, relation + "isOther"),
        "officer_title": _text(element, relation + "officerTitle"),
        "other_text": _text(element, relation + "otherText"),
    }


def _lines(root: etree._Element, what: str) -> Iterator[Json]:
    for table, prefix in _TABLES.items():
        for element in root.iterfind(f"{prefix}Table/{prefix}{what}"):
            yield _line(element, table)


def _line(element: etree._Element, table: str) -> dict[str, Json]:
    line: dict[str, Json] = {"table": table}
    line |= {name: _text(element, path) for name, path in _TEXTS.items()}
    line |= {name: _number(element, path) for name, path in _NUMBERS.items()}
    line |= {name: _flag(element, path) for name, path in _FLAGS.items()}
    paths = {**_TEXTS, **_NUMBERS, **_FLAGS, "coding": "transactionCoding"}
    notes = {name: _notes(element, path) for name, path in paths.items()}
    line["footnotes"] = {name: list(ids) for name, ids in notes.items() if ids}
    return line


def _notes(element: etree._Element, path: str) -> list[str]:
    found = element.iterfind(f"{path}/footnoteId")
    return [name for each in found if (name := each.get("id"))]


def _text(element: etree._Element, path: str) -> str | None:
    """Return the value at *path*: in its `<value>` where it has one, else its own text."""
    found = element.find(path)
    if found is None:
        return None
    value = found.find("value")
    if value is None and len(found):
        return None  # a footnote stands in for the value
    return whole_text(found if value is None else value)


def _number(element: etree._Element, path: str) -> Json:
    """Return the number at *path*; what is no number stays the text that it is."""
    written = _text(element, path)
    if written is None or not _NUMBER.fullmatch(written) or len(written) > 40:
        return written
    return float(written) if "." in written else int(written)


def _flag(element: etree._Element, path: str) -> bool | None:
    return _YES.get((_text(element, path) or "").lower())


def _cik(element: etree._Element, path: str) -> str | None:
    written = _text(element, path)
    return padded(written) if written else None
