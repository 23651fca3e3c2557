"""Who asks, and what they may: asked of the gate's finding, never of the request itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends
from starlette.requests import HTTPConnection

from stoma.api.errors import ForbiddenError, UnauthenticatedError
from stoma.domain.account import SCOPES, Scope

__all__ = ["LOCAL", "SCOPES", "May", "Principal", "Scope", "current"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Somebody the gate has let in."""

    name: str  #: of a user; empty: this machine, while nobody has an account
    scopes: frozenset[Scope]  #: everything they may, lesser scopes included
    is_admin: bool  #: sees and touches what belongs to others
    tasks: frozenset[str] | None = None  #: only these tasks, for a narrow token; None: no limit
    credential: str = ""  #: what they showed: `session`, `password`, `token NAME`

    @property
    def owner(self) -> str | None:
        """Whose tasks they see; None: everybody's."""
        return None if self.is_admin else self.name

    def may(self, scope: Scope) -> bool:
        """Return whether *scope* is theirs."""
        return scope in self.scopes

    def sees(self, task_id: str, owner: str) -> bool:
        """Return whether a task of that id and owner is theirs to look at. Exact, no prefixes."""
        if self.tasks is not None and task_id not in self.tasks:
            return False
        return self.is_admin or (bool(self.name) and owner == self.name)


#: Who this machine is while there is neither a user nor a token.
LOCAL: Final = Principal(name="", scopes=frozenset(SCOPES), is_admin=True, credential="loopback")

#: Where the gate leaves what it found, in the `state` of a request.
STATE_KEY: Final = "principal"


def found(connection: HTTPConnection) -> Principal | None:
    """Return whom the gate let in with this request; None on what is open to everybody."""
    state: dict[str, object] = connection.scope.get("state") or {}
    principal = state.get(STATE_KEY)
    return principal if isinstance(principal, Principal) else None


def current(scope: Scope) -> Callable[[HTTPConnection], Principal]:
    """Return a dependency: who asks, if they may *scope*.

    Use it as `who: Annotated[Principal, Depends(current("read"))]`.
    """

    def who(connection: HTTPConnection) -> Principal:
        principal = found(connection)
        if principal is None:
            raise UnauthenticatedError
        if not principal.may(scope):
            raise ForbiddenError(scope)
        return principal

    who.scope = scope  # type: ignore[attr-defined] # read by whoever lists the routes
    return who


class May:
    """Who asks, for each scope: `who: May.read`."""

    read = Annotated[Principal, Depends(current("read"))]
    run = Annotated[Principal, Depends(current("run"))]
    write = Annotated[Principal, Depends(current("write"))]
    admin = Annotated[Principal, Depends(current("admin"))]
