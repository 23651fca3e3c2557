"""Users, tokens and logins of the web. No password and no token can be got out of here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, exists, insert, select, update
from sqlalchemy.exc import IntegrityError

from stoma.domain.account import Scope, Token, User, WebSession
from stoma.exceptions import ConflictError, NotFoundError
from stoma.storage.database import Database
from stoma.storage.tables import TOKENS, USERS, WEB_SESSIONS

#: That something was used is written down at most so often: looking is not to be writing.
_TOUCH = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Known:
    """A user, and what a password is checked against."""

    user: User
    password: str


class AccountStore:
    """Who may use the web interface of one registry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def any(self) -> bool:
        """Return whether there is a user or a token, an expired one too."""
        query = select(exists(select(USERS.c.name)) | exists(select(TOKENS.c.name)))
        with self._database.read() as connection:
            return bool(connection.scalar(query))

    # --- users --------------------------------------------------------------------------------

    def users(self) -> list[User]:
        """Return every user, by name."""
        with self._database.read() as connection:
            return [_user(row) for row in connection.execute(select(USERS).order_by(USERS.c.name))]

    def find_user(self, name: str) -> Known | None:
        """Return one user, and what a password is checked against; None if there is none."""
        with self._database.read() as connection:
            row = connection.execute(select(USERS).where(USERS.c.name == name)).first()
        return None if row is None else Known(_user(row), row.password)

    def add_user(self, name: str, scope: Scope, password: str, *, now: datetime) -> User:
        """Register a user with the stored form of a password.

        Raises:
            ConflictError: The name is taken.
        """
        values = {"name": name, "scope": scope, "password": password}
        moments = {"created_at": now, "password_changed_at": now}
        try:
            with self._database.write() as connection:
                connection.execute(insert(USERS).values(**values, **moments))
        except IntegrityError:
            raise ConflictError(
                f"user {name!r} exists already", hint=f"to change it: stoma users passwd {name}"
            ) from None
        return User(name=name, scope=scope, **moments)

    def set_password(self, name: str, password: str, *, now: datetime) -> None:
        """Change a password; every login of that user ends.

        Raises:
            NotFoundError: There is no such user.
        """
        values = {"password": password, "password_changed_at": now}
        with self._database.write() as connection:
            changed = connection.execute(update(USERS).where(USERS.c.name == name).values(values))
            if changed.rowcount != 1:
                raise unknown_user(name)
            connection.execute(delete(WEB_SESSIONS).where(WEB_SESSIONS.c.user == name))

    def remove_user(self, name: str) -> None:
        """Remove a user, with all logins and tokens. Tasks keep their owner's name.

        Raises:
            NotFoundError: There is no such user.
        """
        with self._database.write() as connection:
            if connection.execute(delete(USERS).where(USERS.c.name == name)).rowcount != 1:
                raise unknown_user(name)

    # --- tokens -------------------------------------------------------------------------------

    def tokens(self) -> list[Token]:
        """Return every token, by name."""
        query = select(TOKENS).order_by(TOKENS.c.name)
        with self._database.read() as connection:
            return [_token(row) for row in connection.execute(query)]

    def add_token(self, token: Token, sha256: str) -> None:
        """Register a token by the hash of its text.

        Raises:
            ConflictError: The name is taken.
            NotFoundError: There is no such user.
        """
        values = {
            "name": token.name,
            "sha256": sha256,
            "owner": token.owner or None,
            "scope": token.scope,
            "tasks": list(token.tasks),
            "created_at": token.created_at,
            "expires_at": token.expires_at,
        }
        with self._database.write() as connection:
            owners = select(USERS.c.name).where(USERS.c.name == token.owner)
            if token.owner and connection.scalar(owners) is None:
                raise unknown_user(token.owner)
            names = select(TOKENS.c.name).where(TOKENS.c.name == token.name)
            if connection.scalar(names) is not None:
                raise ConflictError(
                    f"token {token.name!r} exists already",
                    hint=f"to take it back: stoma tokens revoke {token.name}",
                )
            connection.execute(insert(TOKENS).values(values))

    def find_token(self, sha256: str) -> tuple[Token, User | None] | None:
        """Return the token whose text has that hash, and the user it acts for."""
        query = (
            select(TOKENS, USERS.c.scope.label("user_scope"), USERS.c.password_changed_at)
            .add_columns(USERS.c.created_at.label("user_created_at"))
            .join_from(TOKENS, USERS, USERS.c.name == TOKENS.c.owner, isouter=True)
            .where(TOKENS.c.sha256 == sha256)
        )
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        if row.user_scope is None:
            return _token(row), None
        user = User(
            name=row.owner,
            scope=row.user_scope,
            created_at=row.user_created_at,
            password_changed_at=row.password_changed_at,
        )
        return _token(row), user

    def revoke_token(self, name: str) -> None:
        """Take a token back.

        Raises:
            NotFoundError: There is none of that name.
        """
        with self._database.write() as connection:
            if connection.execute(delete(TOKENS).where(TOKENS.c.name == name)).rowcount != 1:
                raise NotFoundError("token", name, hint="see: stoma tokens list")

    def touch_token(self, token: Token, *, now: datetime) -> None:
        """Record that a token was used, to the minute."""
        if token.last_used_at is None or now - token.last_used_at >= _TOUCH:
            change = update(TOKENS).where(TOKENS.c.name == token.name).values(last_used_at=now)
            with self._database.write() as connection:
                connection.execute(change)

    # --- logins -------------------------------------------------------------------------------

    def begin_session(self, sha256: str, session: WebSession) -> None:
        """Record a login by the hash of its cookie; those that are over go."""
        values = {
            "sha256": sha256,
            "user": session.user,
            "created_at": session.created_at,
            "seen_at": session.seen_at,
            "expires_at": session.expires_at,
        }
        with self._database.write() as connection:
            connection.execute(
                delete(WEB_SESSIONS).where(WEB_SESSIONS.c.expires_at <= session.created_at)
            )
            connection.execute(insert(WEB_SESSIONS).values(values))

    def find_session(self, sha256: str) -> tuple[WebSession, User] | None:
        """Return a login by the hash of its cookie, and whose it is."""
        query = select(WEB_SESSIONS).where(WEB_SESSIONS.c.sha256 == sha256)
        with self._database.read() as connection:
            row = connection.execute(query).first()
            if row is None:
                return None
            user = connection.execute(select(USERS).where(USERS.c.name == row.user)).one()
        return (
            WebSession(
                user=row.user,
                created_at=row.created_at,
                seen_at=row.seen_at,
                expires_at=row.expires_at,
            ),
            _user(user),
        )

    def touch_session(self, sha256: str, session: WebSession, *, now: datetime) -> None:
        """Record that a login was used, to the minute."""
        if now - session.seen_at >= _TOUCH:
            change = update(WEB_SESSIONS).where(WEB_SESSIONS.c.sha256 == sha256)
            with self._database.write() as connection:
                connection.execute(change.values(seen_at=now))

    def end_session(self, sha256: str) -> None:
        """End a login."""
        with self._database.write() as connection:
            connection.execute(delete(WEB_SESSIONS).where(WEB_SESSIONS.c.sha256 == sha256))


def unknown_user(name: str) -> NotFoundError:
    """Return the error for a user that does not exist."""
    return NotFoundError("user", name, hint="see: stoma users list")


def _user(row: Row[Any]) -> User:
    return User(
        name=row.name,
        scope=row.scope,
        created_at=row.created_at,
        password_changed_at=row.password_changed_at,
    )


def _token(row: Row[Any]) -> Token:
    names: Sequence[str] = ("name", "scope", "created_at", "expires_at", "last_used_at")
    values = {name: getattr(row, name) for name in names}
    return Token(owner=row.owner or "", tasks=tuple(row.tasks), **values)
