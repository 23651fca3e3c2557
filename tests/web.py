"""The web application in this process, on a registry of its own, and those who use it."""

import atexit
import base64
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from stoma.api.app import create_app
from stoma.api.context import Web
from stoma.app import App
from stoma.domain.run import Outcome
from stoma.operations import accounts
from stoma.operations.asked import AskedRuns
from stoma.processes import this_process
from stoma.settings import load_settings
from stoma.storage.items import PageToStore
from stoma.storage.run_changes import finish_in
from tests.fakes import FakeClock
from tests.makers import make_firing, make_item, make_raw, make_task
from tests.registries import opened_app

#: What every password here is.
PASSWORD = "a password for tests"
#: What a guess at it costs: next to nothing.
_CHEAP = (2, 8, 1)
HOST = "127.0.0.1:8000"


class Site:
    """A web application and a browser that is not logged in."""

    def __init__(self, api: FastAPI, client: TestClient, clock: FakeClock) -> None:
        self.api = api
        self.client = client
        self.clock = clock
        self.web: Web = api.state.web

    @property
    def app(self) -> App:
        """The registry."""
        return self.web.app

    def user(self, name: str, scope: str = "write") -> dict[str, str]:
        """Register a user and return the headers of somebody who is them."""
        accounts.add_user(self.app, name, PASSWORD, scope=scope, cost=_CHEAP)
        return basic(name)

    def token(self, name: str, **grant: Any) -> dict[str, str]:
        """Make a token and return the headers of who has it."""
        return bearer(accounts.create_token(self.app, name, **grant).text)

    def task(self, task_id: str = "papers", **fields: Any) -> None:
        """Register a task."""
        from stoma.operations.editing import add_task

        add_task(self.app, make_task(task_id, **fields))

    def run(self, task_id: str = "papers", log: str = "") -> int:
        """Add a run that is over, and return its number."""
        app, now = self.app, self.clock.now()
        run = app.runs.add(make_firing(task_id=task_id), now=now, owner="x", lease_until=now)
        path = app.log_path(task_id, run.id)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(log)
        started = app.runs.start(run, now=now, log_path=str(path))
        with app.database.write() as connection:
            finish_in(connection, started, Outcome.SUCCEEDED, now=now)
        return run.id

    def item(self, task_id: str = "papers") -> None:
        """Store a paper that a run of a task returned; the run goes on."""
        app, now = self.app, self.clock.now()
        run = app.runs.add(make_firing(task_id=task_id), now=now, owner="x", lease_until=now)
        started = app.runs.start(run, now=now, log_path="")
        page = PageToStore(raw=make_raw(), items=[make_item()])
        app.items.store_page(started, page, now=now)

    def get(self, path: str, **more: Any) -> Response:
        """Ask for something."""
        return self.client.get(path, **more)

    def send(self, method: str, path: str, **more: Any) -> Response:
        """Send a request."""
        return self.client.request(method, path, **more)


@cache
def application(name: str = "") -> FastAPI:
    """Return an application on an empty registry, closed; of each *name*, another one."""
    home = Path(tempfile.mkdtemp(prefix="stoma-tests-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    api = create_app(load_settings(home=home, environ={}), clock=FakeClock())
    web: Web = api.state.web
    web.app.close()
    return api


@contextmanager
def site(
    home: Path,
    *,
    scheduler: bool = True,
    client: str = "127.0.0.1",
    name: str = "",
    **settings: object,
) -> Iterator[Site]:
    """Open an application; with a *scheduler*, in the registry, that takes what is asked for."""
    clock = FakeClock()
    overrides = {f"web.{name}": value for name, value in settings.items()}
    loaded = load_settings(home=home, environ={}, overrides=overrides)
    api = application(name)
    web: Web = api.state.web
    with opened_app(loaded, clock=clock) as app:
        # Building an application takes longer than a test: only what it works with is new.
        vars(web).clear()
        vars(web).update(vars(Web(app=app, runs=AskedRuns(loaded, clock=clock))))
        if scheduler:
            web.app.instances.enter(this_process("scheduler"), version="test", now=clock.now())
        browser = TestClient(
            api,
            base_url=f"http://{HOST}",
            client=(client, 50000),
            follow_redirects=False,
            raise_server_exceptions=True,
        )
        with browser:
            yield Site(api, browser, clock)


def basic(name: str, password: str = PASSWORD) -> dict[str, str]:
    """Return the headers of a user and password."""
    text = base64.b64encode(f"{name}:{password}".encode()).decode()
    return {"Authorization": f"Basic {text}"}


def bearer(token: str) -> dict[str, str]:
    """Return the headers of a token."""
    return {"Authorization": f"Bearer {token}"}
