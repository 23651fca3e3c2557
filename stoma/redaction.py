"""Secrets kept out of what is written: every known one, in every form it may take on the way.

Whatever this process learned as a secret is taken out of its logs, of the logs of runs, of error
texts before they are stored, and of messages on the terminal. One table per process.
"""

import re
from collections.abc import Iterator

#: A shorter text can not be kept out: its letters are everywhere.
LEAST_LENGTH = 4
#: An encoded form that is shorter than that says too little to be worth the false alarms.
_LEAST_FORM = 5

_known: dict[str, str] = {}
_pattern: "re.Pattern[str] | None" = None
_bytes_pattern: "re.Pattern[bytes] | None" = None


def learn(name: str, secret: str) -> None:
    """Keep *secret* out of everything that is written from now on; `[NAME]` takes its place."""
    global _pattern, _bytes_pattern
    if len(secret) < LEAST_LENGTH:
        return
    new = [form for form in forms(secret) if form not in _known]
    if not new:
        return
    _known.update(dict.fromkeys(new, name))
    # The longest first: of a form that contains another, nothing is to be left over.
    ordered = sorted(_known, key=len, reverse=True)
    text = "|".join(map(re.escape, ordered))
    _pattern, _bytes_pattern = re.compile(text), re.compile(text.encode())


def redacted(text: str) -> str:
    """Return *text* with every known secret, in any of its forms, replaced by its name."""
    if _pattern is None:
        return text
    return _pattern.sub(lambda match: f"[{_known[match.group()]}]", text)


def redacted_bytes(text: bytes) -> bytes:
    """Return the same of UTF-8 text that is not decoded yet."""
    if _bytes_pattern is None:
        return text
    return _bytes_pattern.sub(lambda match: f"[{_known[match.group().decode()]}]".encode(), text)


def forget() -> None:
    """Forget every secret: for whoever plays several processes in one."""
    global _pattern, _bytes_pattern
    _known.clear()
    _pattern = _bytes_pattern = None


def forms(secret: str) -> list[str]:
    """Return *secret* and what it looks like encoded: base64, URL, JSON, HTML, hexadecimal."""
    found = dict.fromkeys(_encoded(secret))
    return [secret, *(form for form in found if len(form) >= _LEAST_FORM and form != secret)]


def _encoded(secret: str) -> Iterator[str]:
    # Only where there is a secret: every command loads this module.
    import json
    from html import escape
    from urllib.parse import quote, quote_plus

    raw = secret.encode()
    yield secret.strip()
    yield from _base64(raw)
    for form in (quote(secret, safe=""), quote(secret), quote_plus(secret)):
        yield from (form, re.sub("%..", lambda found: found.group().lower(), form))
    for form in (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]):
        # Inside a JSON text inside another, and with the slashes some writers escape.
        yield from (form, json.dumps(form)[1:-1], form.replace("/", r"\/"))
    yield repr(secret)[1:-1]
    yield from (escape(secret), escape(secret, quote=False))
    yield from (raw.hex(), raw.hex().upper())


def _base64(raw: bytes) -> Iterator[str]:
    """Yield what is the same in base64 whatever stands before and behind: one for each offset."""
    from base64 import b64encode, urlsafe_b64encode

    for encode in (b64encode, urlsafe_b64encode):
        for offset in range(3):
            text = encode(bytes(offset) + raw).decode().rstrip("=")
            # Letters that also hold bits of a neighbour differ from case to case.
            first = (offset * 8 + 5) // 6
            last = (offset + len(raw)) * 8 // 6
            yield text[first:last]
