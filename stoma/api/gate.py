"""The one gate in front of everything: http and websocket, pages, API and streams alike.

Whatever is not named here as open needs to be let in. The routes behind it ask for scopes; none
of them could be reached by a path that the gate read otherwise, because no path opens anything.
"""

import asyncio
import logging
import re
from functools import lru_cache
from http import HTTPStatus
from typing import Final
from urllib.parse import quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stoma.api.access import STATE_KEY, Principal
from stoma.api.context import Web
from stoma.api.errors import (
    BadPathError,
    HostError,
    MediaTypeError,
    OriginError,
    TooLargeError,
    TooSlowError,
    UnauthenticatedError,
)
from stoma.api.problems import answer, problem
from stoma.domain.audit import Actor
from stoma.exceptions import StomaError
from stoma.operations.audited import acting
from stoma.settings.schema import WebSettings
from stoma.text import safe

_log = logging.getLogger(__name__)

#: Paths that answer everybody, as they are, and what begins so.
OPEN: Final = frozenset({"/login", "/healthz"})
OPEN_BELOW: Final = "/static/"
#: Methods that change nothing.
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
#: Where the path below our prefix is kept in a scope.
_INNER: Final = "stoma.path"
_LONGEST_PATH: Final = 2048
#: A body must have come by then.
_BODY_SECONDS: Final = 30.0
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not `no-referrer`: a browser would then say `Origin: null` of our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Gate:
    """Lets in who may come in, and tells those behind it who that is."""

    def __init__(self, app: ASGIApp, *, web: Web) -> None:
        self._app = app
        self._web = web

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        send, scope = _secured(send), self._placed(scope)
        try:
            self._check(scope)
            principal = await self._principal(scope)
            receive = await self._body(scope, receive)
        except StomaError as error:
            await _refuse(self._refusal(scope, error), scope, receive, send)
            return
        scope.setdefault("state", {})[STATE_KEY] = principal
        with acting(_actor(principal)):
            await self._go(scope, receive, send)

    async def _go(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the rest work on it; a bug in there is logged, and told in the form of all errors."""
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception:
            _log.exception("%s %s failed", scope.get("method", ""), safe(scope[_INNER]))
            if begun or scope["type"] != "http":
                raise
            refusal = problem(500, "stoma failed; its log says how")
            await refusal(scope, receive, send)

    def _placed(self, scope: Scope) -> Scope:
        """Return the scope as it is below our prefix, whether a proxy has taken that off or not."""
        prefix = self._web.prefix
        path = scope["path"]
        inner = path[len(prefix) :] if path.startswith(f"{prefix}/") else path
        return {**scope, "root_path": prefix, "path": prefix + inner, _INNER: inner}

    def _check(self, scope: Scope) -> None:
        """Refuse what is wrong whoever asks."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if _name(host) not in _hosts(self._web.app.settings.web):
            raise HostError(host[:100])
        if len(scope[_INNER]) > _LONGEST_PATH or _CONTROL.search(scope[_INNER]):
            raise BadPathError
        if scope["type"] == "websocket" or scope["method"] not in SAFE:
            _check_origin(headers, host)

    async def _principal(self, scope: Scope) -> Principal | None:
        path = scope[_INNER]
        if scope["type"] == "http" and (path in OPEN or path.startswith(OPEN_BELOW)):
            return None
        return await run_in_threadpool(self._web.doorman.who, scope)

    async def _body(self, scope: Scope, receive: Receive) -> Receive:
        """Read a body whole, within limits of size and time, before anybody works on it."""
        if scope["type"] != "http":
            return receive
        headers = Headers(scope=scope)
        if not _has_body(headers):
            return receive
        most = self._web.app.settings.web.body_kilobytes * 1024
        length = headers.get("content-length", "")
        if length.isdigit() and int(length) > most:
            raise TooLargeError(most)
        _check_type(scope, headers)
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                body = await _read(receive, most)
        except TimeoutError:
            raise TooSlowError from None
        return _replayed(body, receive)

    def _refusal(self, scope: Scope, error: StomaError) -> Response:
        """Return the answer to who is not let in: people are led to where they can log in."""
        headers = Headers(scope=scope)
        if isinstance(error, UnauthenticatedError) and _is_page(scope, headers):
            looks = scope.get("method") in {"GET", "HEAD"}
            # What a form would have done is not done after all; only pages are gone back to.
            target = quote(scope[_INNER] + _query(scope), safe="/") if looks else "/"
            return RedirectResponse(f"{self._web.prefix}/login?next={target}", 303)
        refusal = answer(error)
        if headers.get("sec-fetch-mode"):  # no prompt of the browser's own: there is a page
            del refusal.headers["WWW-Authenticate"]
        return refusal


_LOOPBACK: Final = ("127.0.0.1", "[::1]")


@lru_cache
def _hosts(web: WebSettings) -> frozenset[str]:
    """Return the names under which we may be asked for."""
    host = f"[{web.host}]" if ":" in web.host else web.host
    own = [] if web.host in {"0.0.0.0", "::"} else [host]  # noqa: S104
    return frozenset(map(str.lower, ("localhost", *_LOOPBACK, *web.allowed_hosts, *own)))


def _name(host: str) -> str:
    """Return the name in a Host header, without its port."""
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port.isdigit() else host.lower()


def _check_origin(headers: Headers, host: str) -> None:
    """Refuse what a page of another site sends; programs send neither header."""
    site = headers.get("sec-fetch-site")
    origin = headers.get("origin")
    if site is not None:
        if site not in {"same-origin", "none"}:
            raise OriginError(origin or f"a {site} page")
    elif origin is not None and urlsplit(origin).netloc.lower() != host.lower():
        raise OriginError(origin[:200])


def _has_body(headers: Headers) -> bool:
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def _check_type(scope: Scope, headers: Headers) -> None:
    found = headers.get("content-type", "").partition(";")[0].strip().lower()
    wanted = "application/json" if is_api(scope[_INNER]) else "application/x-www-form-urlencoded"
    if found != wanted:
        raise MediaTypeError(found[:100], wanted)


def is_api(path: str) -> bool:
    """Return whether programs, rather than people, ask for a path."""
    return path.startswith("/api/") or path in {"/api", "/metrics", "/healthz", "/openapi.json"}


def _is_page(scope: Scope, headers: Headers) -> bool:
    return not is_api(scope[_INNER]) and "text/html" in headers.get("accept", "")


def _query(scope: Scope) -> str:
    text = scope["query_string"].decode("latin-1")
    return f"?{text}" if text else ""


async def _read(receive: Receive, most: int) -> bytes:
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        part = message.get("body", b"")
        size += len(part)
        if size > most:
            raise TooLargeError(most)
        parts.append(part)
        more = message.get("more_body", False)
    return b"".join(parts)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that hands out *body* once, and then what else comes."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return pending.pop() if pending else await receive()

    return again


def _secured(send: Send) -> Send:
    """Return a `send` that adds the headers every answer of ours has."""

    async def secured(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return secured


async def _refuse(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": _reason(response)})
        return
    await response(scope, receive, send)


def _reason(response: Response) -> str:
    return HTTPStatus(response.status_code).phrase


def _actor(principal: Principal | None) -> Actor:
    if principal is None:
        return Actor("nobody", "api")
    who = principal.name or principal.credential
    named = principal.credential.startswith("token ") and principal.name
    return Actor(f"{who} ({principal.credential})" if named else who, "api")
