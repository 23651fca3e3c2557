"""A filing itself: the header of its submission, the name of its document, its ownership form.

The header comes in two dialects: `COMPANY CONFORMED NAME:  ACME` in the text of a submission,
`<CONFORMED-NAME>ACME` in its list of headers, which is wrapped in a page.
"""

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from stoma.domain.task import Json
from stoma.edgar.filing import ACCESSION, Filing, Party, iso_date, padded, role
from stoma.edgar.forms import OWNERSHIP
from stoma.edgar.ownership import find_ownership, read_ownership
from stoma.exceptions import BadAnswerError
from stoma.strictxml import describe
from stoma.text import collapse

EASTERN = ZoneInfo("America/New_York")
_HEADER = re.compile(
    r"<(?P<kind>SEC|IMS)-HEADER>[^\n]*\n(?P<lines>.*?)</(?P=kind)-HEADER>", re.DOTALL
)
_LINE = re.compile(r"\s*(?:<(?P<tag>[A-Z][^<>]*)>|(?P<label>[A-Z][^:<>]*):)\s*(?P<value>.*)")
_DOCUMENT = re.compile(r"<DOCUMENT>.*?<FILENAME>(?P<name>[^\r\n<]+)", re.DOTALL)
_SIC = re.compile(r"\[?(\d{3,4})\]?$")
_ROLES = {
    "filer",
    "issuer",
    "reporting_owner",
    "subject",
    "filed_by",
    "filed_for",
    "depositor",
    "securitizer",
    "issuing_entity",
}
#: What both dialects call the same.
_NAMES = {
    "ACCESSION-NUMBER": "accession",
    "CONFORMED-SUBMISSION-TYPE": "form",
    "TYPE": "form",
    "FORM-TYPE": "form",
    "CONFORMED-PERIOD-OF-REPORT": "period",
    "PERIOD": "period",
    "FILED-AS-OF-DATE": "filed",
    "FILING-DATE": "filed",
    "ACCEPTANCE-DATETIME": "accepted",
    "ITEMS": "item",
    "COMPANY-CONFORMED-NAME": "name",
    "CONFORMED-NAME": "name",
    "CENTRAL-INDEX-KEY": "cik",
    "CIK": "cik",
    "STANDARD-INDUSTRIAL-CLASSIFICATION": "sic",
    "ASSIGNED-SIC": "sic",
    "SEC-FILE-NUMBER": "file_number",
    "FILE-NUMBER": "file_number",
}


class _Header:
    """The lines of a header, sorted."""

    def __init__(self, lines: str) -> None:
        self.parties: list[Party] = []
        self._values: dict[str, dict[str, None]] = {}
        current = name = ""
        for label, value in _labelled(lines):
            current = role(label) if role(label) in _ROLES and not value else current
            meaning = _NAMES.get(label, "")
            if meaning == "name":
                name = value
            elif meaning == "cik" and current:
                self.parties.append(Party(padded(value), name, current))
            elif meaning and value:
                self._values.setdefault(meaning, {})[value] = None

    def all(self, meaning: str) -> tuple[str, ...]:
        """Return what is said under a name, each once, in order."""
        return tuple(self._values.get(meaning, ()))

    def first(self, meaning: str) -> str:
        """Return what is said first under a name, or nothing."""
        return next(iter(self.all(meaning)), "")


def is_submission(body: bytes) -> bool:
    """Whether *body* has the header of a submission near its beginning, whatever surrounds it."""
    return re.search(rb"(?:<|&lt;)(?:SEC|IMS)-HEADER(?:>|&gt;)", body[:4096]) is not None


def read_submission(body: bytes) -> Filing:
    """Return the filing whose submission, or list of headers, is in *body*.

    Raises:
        BadAnswerError: It is neither, or not complete.
    """
    text = _decoded(body)
    found = _HEADER.search(text)
    if found is None:
        raise BadAnswerError(f"the answer is {describe(body)}, not a whole submission")
    if "<SEC-DOCUMENT>" in text[: found.start()] and "</SEC-DOCUMENT>" not in text[-200:]:
        raise BadAnswerError("the submission has no end")
    header = _Header(found["lines"])
    accession, forms = header.first("accession"), header.all("form")
    if not ACCESSION.fullmatch(accession) or not forms:
        raise BadAnswerError("the submission's header has no accession number or no form type")
    period = iso_date(header.first("period"))
    document = _DOCUMENT.search(text, found.end())
    ownership, problem = _ownership(body) if forms[0] in OWNERSHIP else (None, None)
    return Filing(
        accession=accession,
        forms=forms,
        filed=iso_date(header.first("filed")),
        parties=tuple(dict.fromkeys(header.parties)),
        accepted_at=_accepted(header.first("accepted")),
        period=period.isoformat() if period else None,
        items=tuple(sorted(header.all("item"))),
        file_numbers=header.all("file_number"),
        sics=tuple(dict.fromkeys(sic[1] for each in header.all("sic") if (sic := _sic(each)))),
        document=document["name"].strip() if document else None,
        whole=True,
        ownership=ownership,
        problem=problem,
    )


def _labelled(lines: str) -> Iterator[tuple[str, str]]:
    for line in lines.splitlines():
        found = _LINE.fullmatch(line)
        if found:
            label = (found["tag"] or found["label"]).strip()
            yield re.sub(r"[\s_]+", "-", label), collapse(found["value"])


def _ownership(body: bytes) -> tuple[dict[str, Json] | None, str | None]:
    """Return the form, or what is wrong with it: the rest of the filing is sound all the same."""
    document = find_ownership(body)
    if document is None:
        return None, "it has no ownership form in XML"
    try:
        return read_ownership(document), None
    except BadAnswerError as error:
        return None, f"its ownership form can not be read: {error}"


def _accepted(written: str) -> datetime | None:
    """Return the moment of acceptance, which a header gives in Eastern time."""
    try:
        local = datetime.strptime(written, "%Y%m%d%H%M%S").replace(tzinfo=EASTERN)
    except ValueError:
        return None
    return local.astimezone(UTC)


def _sic(written: str) -> re.Match[str] | None:
    return _SIC.search(written)


def _decoded(body: bytes) -> str:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = body.decode("latin-1")
    # The list of headers is a page that shows the lines as they are.
    return html.unescape(text) if "&lt;SEC-HEADER&gt;" in text[:4096] else text
