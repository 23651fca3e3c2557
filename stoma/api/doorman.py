"""Who somebody is: what a request shows, checked against the accounts of the registry."""

import base64
import binascii
import hashlib
import secrets
import threading
from collections import OrderedDict
from http.cookies import CookieError, SimpleCookie
from ipaddress import ip_address
from typing import Final

from starlette.datastructures import Headers
from starlette.types import Scope

from stoma.api.access import LOCAL, Principal
from stoma.api.errors import TooManyError, UnauthenticatedError
from stoma.api.rates import Rate
from stoma.app import App
from stoma.domain.account import SCOPES, scopes_up_to
from stoma.operations import accounts

#: What a browser's cookie is called.
COOKIE: Final = "stoma_session"
#: A password that was right is right for so long without the 40 ms of checking it.
_REMEMBERED_SECONDS: Final = 60.0
_REMEMBERED: Final = 1000
#: What a proxy adds: whoever it speaks for is not on this machine.
_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
#: Wrong passwords that one address may send in a minute.
_WRONG_PER_MINUTE: Final = 10


class Doorman:
    """Finds out who asks."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._wrong = Rate(_WRONG_PER_MINUTE, app.clock)
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        #: Passwords that were right -> until when nobody checks them again.
        self._right: OrderedDict[bytes, float] = OrderedDict()

    def who(self, scope: Scope) -> Principal:
        """Return who asks.

        Raises:
            UnauthenticatedError: Nobody we know; or they show what is wrong.
            TooManyError: Too many wrong passwords came from there.
        """
        headers = Headers(scope=scope)
        given = headers.get("authorization")
        if given is not None:
            return self._authorized(scope, given)
        cookie = cookie_of(headers)
        if cookie:
            proof = accounts.prove_cookie(self._app, cookie)
            if proof is not None:
                return _principal(proof, "session")
        if _is_local(scope, headers) and not accounts.anybody(self._app):
            return LOCAL
        raise UnauthenticatedError

    def password(self, scope: Scope, name: str, password: str) -> accounts.Proof:
        """Return the proof that *password* is that of user *name*.

        Raises:
            UnauthenticatedError: It is not.
            TooManyError: Too many wrong ones came from there.
        """
        address = _address(scope)
        wait = self._wrong.full(address)
        if wait:
            raise TooManyError("wrong passwords", wait)
        proof = accounts.prove_password(self._app, name, password)
        if proof is None:
            self._wrong.take(address)
            raise UnauthenticatedError("the user or the password is wrong")
        return proof

    def _authorized(self, scope: Scope, given: str) -> Principal:
        kind, _, text = given.partition(" ")
        text = text.strip()
        if kind.lower() == "bearer":
            proof = accounts.prove_token(self._app, text)
            if proof is None:
                raise UnauthenticatedError("the token is not known, or is over")
            return _principal(proof, f"token {proof.token.name if proof.token else ''}")
        if kind.lower() == "basic":
            return self._basic(scope, text)
        raise UnauthenticatedError("only Bearer and Basic are understood")

    def _basic(self, scope: Scope, text: str) -> Principal:
        try:
            pair = base64.b64decode(text, validate=True).decode()
        except (binascii.Error, ValueError):
            raise UnauthenticatedError("what Basic says can not be read") from None
        name, _, password = pair.partition(":")
        known = self._app.accounts.find_user(name)
        # Bound to what is kept: a changed password is checked at once.
        text = f"{pair}\0{known.password if known else ''}"
        key = hashlib.blake2b(text.encode(), key=self._key).digest()
        now = self._app.clock.monotonic()
        with self._lock:
            if known is not None and self._right.get(key, 0.0) > now:
                return _principal(accounts.Proof(user=known.user), "password")
        proof = self.password(scope, name, password)
        with self._lock:
            self._right[key] = now + _REMEMBERED_SECONDS
            while len(self._right) > _REMEMBERED:
                self._right.popitem(last=False)
        return _principal(proof, "password")


def cookie_of(headers: Headers) -> str:
    """Return our cookie among those a browser sent; empty if there is none."""
    found: SimpleCookie = SimpleCookie()
    for line in headers.getlist("cookie"):
        try:
            found.load(line)
        except CookieError:
            continue
    return found[COOKIE].value if COOKIE in found else ""


def _principal(proof: accounts.Proof, credential: str) -> Principal:
    user, token = proof.user, proof.token
    granted = [each.scope for each in (user, token) if each is not None]
    least = min(granted, key=SCOPES.index)
    return Principal(
        name=user.name if user else "",
        scopes=scopes_up_to([least]),
        is_admin=user is None or user.scope == "admin",
        tasks=frozenset(token.tasks) if token and token.tasks else None,
        credential=credential,
    )


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


def _is_local(scope: Scope, headers: Headers) -> bool:
    """Return whether a request comes from this machine, and for nobody else."""
    if any(name in headers for name in _FORWARDED):
        return False
    try:
        return ip_address(_address(scope)).is_loopback
    except ValueError:
        return False
