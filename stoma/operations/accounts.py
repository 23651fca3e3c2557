"""Users, tokens and logins: who may use the web, and proof that somebody is who they say."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from stoma.app import App
from stoma.domain.account import SCOPES, Scope, Token, User, WebSession
from stoma.domain.task import Json
from stoma.exceptions import UsageError
from stoma.operations.audited import record
from stoma.operations.passwords import COST, TOKEN_PREFIX, Cost, digest, fits, new_token, stored
from stoma.text import did_you_mean

#: What a user or a token may be called.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LEAST, _MOST = 10, 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """A token that was made, and its text, which nobody can see again."""

    token: Token
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Somebody who has shown that they are who they say."""

    user: User | None  #: None: a token of no user
    token: Token | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A login that has begun, and the text of its cookie."""

    session: WebSession
    cookie: str


# --- users --------------------------------------------------------------------------------------


def list_users(app: App) -> list[User]:
    """Return every user, by name."""
    return app.accounts.users()


def add_user(
    app: App, name: str, password: str, *, scope: str = "write", cost: Cost = COST
) -> User:
    """Register a user; *cost* is what one guess at the password takes.

    Raises:
        ConflictError: The name is taken.
        UsageError: The name, the password or the scope can not be used.
    """
    _check_name("user", name)
    _check_password(password)
    kept, granted = stored(password, cost), _scope(scope)
    with app.database.together():
        user = app.accounts.add_user(name, granted, kept, now=app.clock.now())
        record(app, "users-add", name, None, {"scope": user.scope})
    return user


def change_password(app: App, name: str, password: str) -> None:
    """Change the password of a user; every login of theirs ends.

    Raises:
        NotFoundError: There is no such user.
        UsageError: The password can not be used.
    """
    _check_password(password)
    kept = stored(password)
    with app.database.together():
        app.accounts.set_password(name, kept, now=app.clock.now())
        record(app, "users-passwd", name)


def remove_user(app: App, name: str) -> None:
    """Remove a user, with all logins and tokens. Tasks keep their owner's name.

    Raises:
        NotFoundError: There is no such user.
    """
    with app.database.together():
        known = app.accounts.find_user(name)
        app.accounts.remove_user(name)
        record(app, "users-remove", name, {"scope": known.user.scope} if known else None)


# --- tokens -------------------------------------------------------------------------------------


def list_tokens(app: App) -> list[Token]:
    """Return every token, by name; none of their texts, which are not kept."""
    return app.accounts.tokens()


def create_token(
    app: App,
    name: str,
    *,
    scope: str = "read",
    owner: str = "",
    tasks: Sequence[str] = (),
    expires_at: datetime | None = None,
) -> NewToken:
    """Make a token.

    Args:
        app: The registry.
        name: What it is called.
        scope: The most it may.
        owner: The user it acts for; none: it sees everybody's tasks.
        tasks: Only these tasks; empty: all that its owner may.
        expires_at: When it is over; None: never.

    Raises:
        ConflictError: The name is taken.
        NotFoundError: There is no such user, or no such task.
        UsageError: The name, scope or end can not be used.
    """
    _check_name("token", name)
    now = app.clock.now()
    if expires_at is not None and expires_at <= now:
        raise UsageError(f"a token that expires at {expires_at.isoformat()} is over already")
    for task_id in tasks:
        app.tasks.get(task_id)
    token = Token(
        name=name,
        owner=owner,
        scope=_scope(scope),
        tasks=tuple(tasks),
        created_at=now,
        expires_at=expires_at,
    )
    text = new_token()
    with app.database.together():
        app.accounts.add_token(token, digest(text))
        record(app, "tokens-create", name, None, _told(token))
    return NewToken(token=token, text=text)


def revoke_token(app: App, name: str) -> None:
    """Take a token back: it is refused from now on.

    Raises:
        NotFoundError: There is none of that name.
    """
    with app.database.together():
        before = next((each for each in app.accounts.tokens() if each.name == name), None)
        app.accounts.revoke_token(name)
        record(app, "tokens-revoke", name, None if before is None else _told(before))


def _told(token: Token) -> Json:
    end = token.expires_at
    return {
        "scope": token.scope,
        "owner": token.owner,
        "tasks": list(token.tasks),
        "expires_at": end.isoformat() if end else None,
    }


# --- proof --------------------------------------------------------------------------------------


def anybody(app: App) -> bool:
    """Return whether there is a user or a token: from then on nothing is open."""
    return app.accounts.any()


def prove_password(app: App, name: str, password: str) -> Proof | None:
    """Return who it is, if that is their password. Takes some 40 ms, by intent."""
    known = app.accounts.find_user(name)
    good = fits(password[:_MOST], known.password if known else _nobody())
    return Proof(user=known.user) if known and good else None


@cache
def _nobody() -> str:
    """Return what is checked when there is no such user: no clock tells who there is."""
    return stored("")


def prove_token(app: App, text: str) -> Proof | None:
    """Return whom a token stands for, if it is one of ours and not over."""
    found = app.accounts.find_token(digest(text)) if text.startswith(TOKEN_PREFIX) else None
    now = app.clock.now()
    if found is None or found[0].is_over(now):
        return None
    app.accounts.touch_token(found[0], now=now)
    return Proof(user=found[1], token=found[0])


def log_in(app: App, user: User) -> Login:
    """Begin a login of a browser."""
    now, web = app.clock.now(), app.settings.web
    session = WebSession(
        user=user.name,
        created_at=now,
        seen_at=now,
        expires_at=now + timedelta(hours=web.session_hours),
    )
    cookie = new_token()
    app.accounts.begin_session(digest(cookie), session)
    return Login(session=session, cookie=cookie)


def prove_cookie(app: App, cookie: str) -> Proof | None:
    """Return whose login a cookie is, if it is neither over nor idle for too long."""
    key = digest(cookie)
    found = app.accounts.find_session(key)
    if found is None:
        return None
    session, user = found
    now = app.clock.now()
    idle = now - session.seen_at >= timedelta(minutes=app.settings.web.idle_minutes)
    if idle or now >= session.expires_at:
        app.accounts.end_session(key)
        return None
    app.accounts.touch_session(key, session, now=now)
    return Proof(user=user)


def log_out(app: App, cookie: str) -> None:
    """End a login; one that is over already is none."""
    app.accounts.end_session(digest(cookie))


# --- what may be given --------------------------------------------------------------------------


def _scope(name: str) -> Scope:
    if name not in SCOPES:
        raise UsageError(
            f"no scope {name!r}; known: {', '.join(SCOPES)}", hint=did_you_mean(name, SCOPES)
        )
    return name


def _check_name(noun: str, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{noun} name {name!r} can not be used",
            hint="use 1 to 64 letters, digits, '_', '-' or '.', starting with a letter or digit",
        )


def _check_password(password: str) -> None:
    if not _LEAST <= len(password) <= _MOST:
        raise UsageError(f"a password needs {_LEAST} to {_MOST} characters, not {len(password)}")
