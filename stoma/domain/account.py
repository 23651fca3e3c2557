"""Accounts: who may use the web, and what they may."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias, cast, get_args

Scope: TypeAlias = Literal["read", "run", "write", "admin"]

#: From the least to the most: each includes those before it.
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)


def scopes_up_to(names: Iterable[str]) -> frozenset[Scope]:
    """Return everything that whoever has the scopes *names* may.

    Raises:
        ValueError: There is no such scope.
    """
    ranks = [SCOPES.index(cast("Scope", name)) for name in names]
    return frozenset(SCOPES[: max(ranks) + 1]) if ranks else frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody with a password."""

    name: str
    scope: Scope  #: the highest; `admin` sees and touches everybody's tasks
    created_at: datetime
    password_changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a program shows instead of a password. Its text is not kept, only a hash of it."""

    name: str
    owner: str  #: whose tasks it sees; empty: nobody's, for a token of a machine
    scope: Scope
    tasks: tuple[str, ...]  #: only these; empty: all that its owner may
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None = None

    def is_over(self, now: datetime) -> bool:
        """Return whether it has expired."""
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSession:
    """A login of a browser."""

    user: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
