"""The web application: gate, errors, endpoints and pages put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from fastapi import FastAPI

from stoma.api import login, pages, problems
from stoma.api.context import Web
from stoma.api.document import ABOUT, completed
from stoma.api.gate import Gate
from stoma.api.routes import ROUTERS
from stoma.app import App
from stoma.clock import Clock
from stoma.operations.asked import AskedRuns
from stoma.settings import Loaded


class _Api(FastAPI):
    """An application that completes its document."""

    def openapi(self) -> dict[str, Any]:
        """Return the document of the API."""
        if self.openapi_schema is None:
            self.openapi_schema = completed(super().openapi())
        return self.openapi_schema


def create_app(loaded: Loaded, *, clock: Clock | None = None) -> FastAPI:
    """Return the web application of the registry that *loaded* names, which is opened.

    Serve it with its lifespan: that ends what the application has started, and closes the registry.

    Raises:
        RegistryError: The registry can not be used.
    """
    app = App(loaded, clock=clock)
    # Code of the user's own runs in attempts, and never in the process that starts them.
    app.own = replace(app.own, runs=False)
    app.database.open(now=app.clock.now())
    web = Web(app=app, runs=AskedRuns(loaded, clock=clock))

    @asynccontextmanager
    async def lifespan(api: FastAPI) -> AsyncIterator[None]:
        async with web.lasting():
            yield

    api = _Api(
        **ABOUT,
        lifespan=lifespan,
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
        openapi_url=None,  # served behind the gate's scopes by routes/system.py
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    api.state.web = web
    problems.install(api)
    pages.install(api)
    for router in ROUTERS:
        api.include_router(router)
    api.include_router(login.router)
    api.include_router(pages.router)
    api.mount("/static", pages.Assets(), name="static")
    api.add_middleware(Gate, web=web)
    return api
