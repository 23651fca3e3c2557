"""What is chosen for everything at once: how it looks to one reader, and whether anything runs."""

from datetime import timedelta
from urllib.parse import urlsplit

from starlette.responses import RedirectResponse, Response

from stoma.api.pages.desk import Desk, Note, fault_of
from stoma.api.pages.format import link
from stoma.api.pages.render import THEME_COOKIE, THEMES, done, keep
from stoma.exceptions import StomaError
from stoma.operations import control

_YEAR = 365 * 24 * 3600


def theme(desk: Desk) -> Response:
    """Choose light, dark, or what the system says."""
    response = RedirectResponse(desk.web.prefix + local_path(desk.form.text("back")), 303)
    chosen = desk.form.text("theme")
    if chosen in THEMES:
        keep(desk.web, response, THEME_COOKIE, chosen, seconds=_YEAR)
    else:
        response.delete_cookie(THEME_COOKIE, path=desk.web.prefix or "/")
    return response


def pause(desk: Desk) -> Response:
    """Let no run start, for good or for some hours; what is at work goes on."""
    hours = desk.form.text("hours")
    good = hours.isascii() and hours.isdigit() and 0 < int(hours[:9]) <= 10_000
    until = desk.now + timedelta(hours=int(hours)) if good else None
    reason = desk.form.text("reason")[:200]
    try:
        control.pause(desk.app, until=until, reason=reason)
    except StomaError as error:
        return done(desk, link(desk.web.prefix, "/"), fault_of(error))
    return done(desk, link(desk.web.prefix, "/"), Note("The scheduler is paused"))


def resume(desk: Desk) -> Response:
    """End a pause."""
    was = control.resume(desk.app)
    note = Note("The scheduler goes on" if was else "The scheduler was not paused")
    return done(desk, link(desk.web.prefix, "/"), note)


def local_path(text: str) -> str:
    """Return a path of ours to go back to; the first page, if it would lead anywhere else."""
    parts = urlsplit(text)
    ours = text.startswith("/") and not text.startswith(("//", "/\\")) and not parts.netloc
    return text if ours and text.isprintable() else "/"
