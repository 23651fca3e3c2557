"""One request with a body, to an address that was judged before: no redirects, no proxies."""

import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import NamedTuple
from urllib.parse import urlsplit

from stoma.clock import Clock
from stoma.httpclient import origin, retry_after
from stoma.notifications.addresses import reachable
from stoma.notifications.errors import DeliveryError
from stoma.notifications.limits import ended_after, said, trusted
from stoma.text import safe
from stoma.version import __version__

#: Statuses that say: later. All others from 400 to 499 say: never.
_LATER = frozenset({408, 409, 423, 425, 429})
#: What is read of an answer: enough for a word on what is wrong.
_READ_BYTES = 2048
_MOST_WAIT_SECONDS = 6 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A request."""

    url: str
    body: bytes
    headers: Mapping[str, str]
    timeout_seconds: float
    allow_private: Sequence[str] = ()
    ca_file: str = ""


def post(request: Post, clock: Clock) -> None:
    """Send *request*; return when the other side has taken it: a status from 200 to 299.

    Raises:
        DeliveryError: It has not.
    """
    there = _there(request.url)
    addresses = reachable(there.host, there.port, request.allow_private)
    connection = HTTPConnection(there.host, there.port, timeout=request.timeout_seconds)
    try:
        with ended_after(request.timeout_seconds, lambda: connection.sock) as over:
            try:
                connection.sock = _connect(addresses, there, request)
                headers = {"User-Agent": f"stoma/{__version__}", "Connection": "close"}
                headers |= request.headers
                connection.request("POST", there.target, request.body, headers)
                _judge(connection.getresponse(), there.host, clock)
            except (OSError, HTTPException, ValueError) as error:
                late = f"it took more than {request.timeout_seconds:g} s"
                words = late if over.is_set() else said(error)
                raise DeliveryError(f"{there.host}: {words}") from None
    finally:
        connection.close()


class _There(NamedTuple):
    """Where a request goes."""

    scheme: str
    host: str
    port: int
    target: str


def _there(url: str) -> _There:
    known = origin(url)
    if known is None:
        raise DeliveryError(
            "the address of the channel is none that can be used",
            retryable=False,
            hint="write it as https://example.org/path, without a user name",
        )
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return _There(parts.scheme, parts.hostname or "", int(known.rpartition(":")[2]), target)


def _connect(addresses: Sequence[str], there: _There, request: Post) -> socket.socket:
    """Return a connection to the first of *addresses* that answers."""
    plain = _first(addresses, there.port, request.timeout_seconds)
    if there.scheme == "http":
        return plain
    try:
        return trusted(request.ca_file).wrap_socket(plain, server_hostname=there.host)
    except BaseException:
        plain.close()
        raise


def _first(addresses: Sequence[str], port: int, seconds: float) -> socket.socket:
    *others, last = addresses
    for address in others:
        with suppress(OSError):
            return socket.create_connection((address, port), seconds)
    return socket.create_connection((last, port), seconds)


def _judge(response: HTTPResponse, host: str, clock: Clock) -> None:
    status = response.status
    if 200 <= status < 300:
        return
    words = safe(response.read(_READ_BYTES).decode("utf-8", "replace")).strip()[:200]
    asked = retry_after(response.headers.get("Retry-After"), clock.now(), _MOST_WAIT_SECONDS)
    raise DeliveryError(
        f"{host} answered HTTP {status}{f': {words}' if words else ''}",
        retryable=status >= 500 or status in _LATER,
        retry_after_seconds=asked,
    )
