"""Passwords and tokens, and the forms of them that may be kept."""

import base64
import hashlib
import hmac
import secrets
from typing import Final

Cost = tuple[int, int, int]  #: N, r and p of scrypt

#: The cost of one guess: 16 MB and some 40 ms (RFC 7914; N, r, p).
COST: Final[Cost] = (2**14, 8, 1)
_SALT_BYTES: Final = 16
_MEMORY: Final = 64 * 1024 * 1024
#: What a token begins with, so that people, and scanners for leaked ones, know it.
TOKEN_PREFIX: Final = "stoma_"  # noqa: S105 - every token begins so


def stored(password: str, cost: Cost = COST) -> str:
    """Return the form in which a password is kept: `scrypt$N$r$p$salt$hash`."""
    salt = secrets.token_bytes(_SALT_BYTES)
    numbers = "$".join(map(str, cost))
    return f"scrypt${numbers}${_text(salt)}${_text(_scrypt(password, salt, cost))}"


def fits(password: str, kept: str) -> bool:
    """Return whether *password* is the one that was kept. Takes as long if it is not."""
    _, n, r, p, salt, digest = kept.split("$")
    made = _scrypt(password, _bytes(salt), (int(n), int(r), int(p)))
    return hmac.compare_digest(made, _bytes(digest))


def new_token() -> str:
    """Return the text of a new token: 256 random bits."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """Return what a token is found by. It is random enough to need neither salt nor cost."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _scrypt(password: str, salt: bytes, cost: Cost) -> bytes:
    n, r, p = cost
    return hashlib.scrypt(
        password.encode("utf-8", "surrogatepass"), salt=salt, n=n, r=r, p=p, maxmem=_MEMORY
    )


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text)
