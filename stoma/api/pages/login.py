"""The form to sign in with; `stoma.api.routes.login` takes what it sends."""

from starlette.requests import Request
from starlette.responses import Response

from stoma.api.context import web_of
from stoma.api.pages.choices import local_path
from stoma.api.pages.render import plain

_FAULTS = {
    "wrong": "The user or the password is wrong.",
    "often": "There were too many wrong passwords. Wait a minute.",
}


def login(request: Request) -> Response:
    """Show the form."""
    asked = request.query_params
    return plain(
        web_of(request),
        request,
        "login.html",
        fault=_FAULTS.get(asked.get("failed", ""), ""),
        next=local_path(asked.get("next", "/")[:2000]),
    )
