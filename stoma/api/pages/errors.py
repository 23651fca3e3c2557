"""What goes wrong on a page, as a page."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from stoma.api.context import web_of
from stoma.api.gate import is_api
from stoma.api.pages.desk import fault_of
from stoma.api.pages.render import plain
from stoma.api.problems import status_of
from stoma.exceptions import NotFoundError, StomaError

_TITLES = {
    403: "Not allowed",
    404: "Not found",
    409: "Not now",
    422: "Can not be used",
    429: "Too many",
    503: "Not at hand",
}


class PageRoute(APIRoute):
    """A route whose errors are pages, with the same statuses as those of the API."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""
        inner = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await inner(request)
            except StomaError as error:
                return error_page(request, error)

        return handler


def install(app: FastAPI) -> None:
    """Let *app* answer people with a page where nothing is, and programs as before."""
    before = app.exception_handlers[HTTPException]

    @app.exception_handler(HTTPException)
    def http(request: Request, error: HTTPException) -> Any:
        path = request.url.path.removeprefix(request.scope.get("root_path", ""))
        people = not is_api(path) and "text/html" in request.headers.get("accept", "")
        if error.status_code != 404 or not people:
            return before(request, error)
        return error_page(request, NotFoundError("page", path[:100]))


def error_page(request: Request, error: StomaError) -> Response:
    """Return an error of ours as a page."""
    status = status_of(error)
    title = _TITLES.get(status, "Something went wrong")
    fault = fault_of(error)
    return plain(web_of(request), request, "error.html", status=status, title=title, fault=fault)
