"""A day's index: a text file with one row for each party of each filing disseminated that day."""

import re
from collections.abc import Iterator
from datetime import date

from stoma.edgar.filing import Filing, Gathered, Party, iso_date, lone_role, padded
from stoma.exceptions import BadAnswerError
from stoma.strictxml import describe
from stoma.text import collapse, safe

_WHERE = r"edgar/data/(?P<folder>\d{1,10})/(?P<accession>\d{10}-\d{2}-\d{6})\.txt\s*"
_DATE = r"(?P<filed>\d{8}|\d{4}-\d\d-\d\d)"
#: Daily files say 20200318, quarterly ones 2021-02-05. Long names push the columns of the other
#: kind to the right, so its rows are read from their ends.
_KINDS = {
    "CIK|Company Name|": re.compile(
        rf"(?P<cik>\d{{1,10}})\|(?P<name>.*)\|(?P<form>[^|]+)\|{_DATE}\|{_WHERE}"
    ),
    "Form Type": re.compile(
        rf"(?P<form>\S.{{10}}\S*)\s+(?P<name>\S.*?)\s+(?P<cik>\d{{1,10}})\s+{_DATE}\s+{_WHERE}"
    ),
}


#: The line between head and rows has so many dashes, or more.
_RULE = 80


def is_index(body: bytes) -> bool:
    """Whether *body* begins as an index does."""
    return body.lstrip()[:12] == b"Description:"


def read_index(body: bytes) -> tuple[Filing, ...]:
    """Return the filings in an index, by form or master, in the order of their first rows.

    Raises:
        BadAnswerError: It is no index, or a row can not be read.
    """
    lines = iter(_decoded(body).splitlines())
    row = _kind(lines, body)
    gathered: dict[str, tuple[date, Gathered]] = {}
    for line in lines:
        if not line.strip():
            continue
        found = row.fullmatch(line)
        filed = iso_date(found["filed"]) if found else None
        if found is None or filed is None:
            raise BadAnswerError(f"a row of the index can not be read: {safe(line)[:150]!r}")
        _, known = gathered.setdefault(found["accession"], (filed, Gathered()))
        form = collapse(found["form"])
        known.forms[form] = None
        party = Party(padded(found["cik"]), collapse(found["name"]), lone_role(form))
        known.parties[party] = None
    return tuple(
        Filing(
            accession=accession,
            forms=tuple(sorted(known.forms)),
            filed=filed,
            parties=tuple(known.parties),
        )
        for accession, (filed, known) in gathered.items()
    )


def _kind(lines: Iterator[str], body: bytes) -> re.Pattern[str]:
    """Read up to the first row and return what rows look like."""
    row = None
    for line in lines:
        row = next((kind for head, kind in _KINDS.items() if line.startswith(head)), row)
        if row is not None and line.startswith("-----"):
            if len(line.rstrip()) < _RULE and body.rstrip(b" ").endswith(b"-"):
                raise BadAnswerError("the index was cut off before its first row")
            return row
    raise BadAnswerError(f"the answer is {describe(body)}, not a daily index")


def _decoded(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body.decode("latin-1")
