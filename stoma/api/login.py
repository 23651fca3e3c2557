"""Logging in and out with a browser. The pages draw the form."""

from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from stoma.api.context import TheWeb, Web
from stoma.api.doorman import COOKIE, cookie_of
from stoma.api.errors import TooManyError, UnauthenticatedError
from stoma.api.forms import form_of
from stoma.operations import accounts

router = APIRouter(include_in_schema=False)


@router.post("/login")
async def log_in(request: Request, web: TheWeb) -> RedirectResponse:
    """Begin a login with the fields `name`, `password` and, to go on there, `next`.

    What is wrong leads back to the form, with `failed` in the address: `wrong`, or `often`.
    """
    form = await form_of(request)
    target = _inside(form.text("next"))
    try:
        proof = await run_in_threadpool(
            web.doorman.password,
            request.scope,
            form.text("name"),
            # As it was typed: a password may begin or end with a blank.
            next(iter(form.fields.get("password", [""]))),
        )
    except (UnauthenticatedError, TooManyError) as error:
        why = "often" if isinstance(error, TooManyError) else "wrong"
        return _go(web, f"/login?failed={why}&next={quote(target)}")
    assert proof.user is not None  # noqa: S101 - a password is always somebody's
    login = await run_in_threadpool(accounts.log_in, web.app, proof.user)
    before = cookie_of(request.headers)
    if before:
        await run_in_threadpool(accounts.log_out, web.app, before)
    answer = _go(web, target)
    answer.set_cookie(
        COOKIE,
        login.cookie,
        max_age=int((login.session.expires_at - login.session.created_at).total_seconds()),
        path=web.prefix or "/",
        secure=web.app.settings.web.https,
        httponly=True,
        samesite="lax",
    )
    return answer


@router.post("/logout")
async def log_out(request: Request, web: TheWeb) -> RedirectResponse:
    """End a login."""
    cookie = cookie_of(request.headers)
    if cookie:
        await run_in_threadpool(accounts.log_out, web.app, cookie)
    answer = _go(web, "/login")
    answer.delete_cookie(
        COOKIE,
        path=web.prefix or "/",
        secure=web.app.settings.web.https,
        httponly=True,
        samesite="lax",
    )
    return answer


def _inside(target: str) -> str:
    """Return where to go after a login: a path of ours, never another site."""
    plain = target.startswith("/") and target.isprintable() and len(target) <= 2000
    return target if plain and not target.startswith(("//", "/\\")) else "/"


def _go(web: Web, path: str) -> RedirectResponse:
    return RedirectResponse(f"{web.prefix}{path}", 303)
