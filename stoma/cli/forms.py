"""Forms for scripts: stable, complete, never cut to a width."""

import json
import re
from collections.abc import Callable, Mapping, Sequence

from stoma.domain.task import Json
from stoma.text import harmless_cell, safe

#: Records in a row; the names of their fields are given apart, for when there are none.
Records = Sequence[Mapping[str, Json]]


# What JSON lets stand in a text and a terminal might obey; see `stoma.text`.
_OBEYED = re.compile(r"[\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def dumps(value: object, indent: int | None = 2) -> str:
    """Return *value* as JSON, readable where it is text and harmless where it is not."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _OBEYED.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def _json(records: Records, names: Sequence[str], headers: bool) -> str:
    return dumps(records) + "\n"


def _jsonl(records: Records, names: Sequence[str], headers: bool) -> str:
    return "".join(dumps(record, None) + "\n" for record in records)


def _csv(records: Records, names: Sequence[str], headers: bool) -> str:
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if headers:
        writer.writerow(names)
    writer.writerows([_cell(value) for value in record.values()] for record in records)
    return text.getvalue()


def _cell(value: Json) -> str:
    return harmless_cell(value) if isinstance(value, str) else flat(value)


def _tsv(records: Records, names: Sequence[str], headers: bool) -> str:
    rows = [[safe(flat(value)) for value in record.values()] for record in records]
    if headers:
        rows.insert(0, list(names))
    return "".join("\t".join(row) + "\n" for row in rows)


def flat(value: Json) -> str:
    """Return *value* in a cell: texts as they are, nothing for null, all else as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else dumps(value, None)


FORMS: Mapping[str, Callable[[Records, Sequence[str], bool], str]] = {
    "json": _json,
    "jsonl": _jsonl,
    "csv": _csv,
    "tsv": _tsv,
}
