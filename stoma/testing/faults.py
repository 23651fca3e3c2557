"""What goes wrong between a source and us, each as a change of what would have been said."""

import gzip
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, TypeAlias

from stoma.testing.played import Change, Said

Fault: TypeAlias = Change

_BLOCKED: Final = (
    b"<html><head><title>Access denied</title></head><body>Your request has been identified as "
    b"part of a network of automated tools. Access denied.</body></html>"
)


def _status(status: int, body: bytes = b"", **headers: str) -> Fault:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: Said(body, status, "text/html", named)


def _bomb(_: Said) -> Said:
    return Said(gzip.compress(bytes(4_000_000)), headers={"content-encoding": "gzip"})


def _short(said: Said) -> Said:
    """Announce all of the body, and send half of it."""
    half = said.body[: len(said.body) // 2]
    return replace(said, body=half, headers={**said.headers, "content-length": "99999999"})


#: Every fault a collector must survive, by name.
FAULTS: Final[Mapping[str, Fault]] = {
    "HTTP 429": _status(429, b"Too many requests"),
    "HTTP 429 with Retry-After": _status(429, b"Too many requests", retry_after="7"),
    "HTTP 403 with a block page": _status(403, _BLOCKED),
    "HTTP 500": _status(500, b"oops"),
    "HTTP 503": _status(503, b"<html>Service unavailable</html>"),
    "HTTP 503 with Retry-After": _status(503, retry_after="7"),
    "a page with HTTP 200": lambda _: Said(b"<html><title>Maintenance</title></html>"),
    "a block page with HTTP 200": lambda _: Said(_BLOCKED, 200, "text/html"),
    "nothing with HTTP 200": lambda said: replace(said, body=b""),
    "slow down, with HTTP 200": lambda _: Said(b"Rate exceeded.", 200, "text/plain"),
    "half of it": lambda said: replace(said, body=said.body[: len(said.body) // 2]),
    "less than announced": _short,
    "a gzip bomb": _bomb,
    "another character set": lambda said: replace(said, body=b"\xff\xfe" + said.body),
    "a dropped connection": lambda said: replace(said, after=len(said.body) // 2),
    "silence": lambda said: replace(said, answers=False),
}
