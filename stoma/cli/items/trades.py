"""The transactions of forms 3, 4 and 5, a line each."""

from collections.abc import Iterator, Mapping

from stoma.domain.task import Json

_ACQUIRED = {"A": "+", "D": "-"}


def trades(ownership: Json) -> str:
    """Return the transactions of a parsed form, a line each; nothing if it has none."""
    if not isinstance(ownership, dict):
        return ""
    lines = ownership.get("transactions")
    found = lines if isinstance(lines, list) else []
    return "\n".join(" ".join(_words(each)) for each in found if isinstance(each, dict))


def _words(line: Mapping[str, Json]) -> Iterator[str]:
    """Yield `2026-03-02  S  -1,000 Common Stock at 12.5 (4,000 after it)`."""
    yield f"{line.get('date') or '-'}  {line.get('code') or '?'} "
    sign = _ACQUIRED.get(str(line.get("acquired_disposed")), "")
    yield f"{sign}{_number(line.get('shares'))} {line.get('security') or ''}".strip()
    if line.get("price") is not None:
        yield f"at {_number(line['price'])}"
    if line.get("shares_after") is not None:
        yield f"({_number(line['shares_after'])} after it)"


def _number(value: Json) -> str:
    if isinstance(value, int | float):
        return f"{value:,}"
    return str(value) if value is not None else "?"
