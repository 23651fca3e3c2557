"""What a request works with: the registry, the clock, and what lasts longer than a request."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Annotated

from fastapi import Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from stoma.api.access import Principal
from stoma.api.doorman import Doorman
from stoma.api.errors import TooManyError
from stoma.api.rates import Rate
from stoma.api.streams import Streams
from stoma.app import App
from stoma.operations.asked import AskedRuns
from stoma.settings import Loaded
from stoma.storage.read import Reader, reading


@dataclass
class Web:
    """One web process."""

    app: App
    runs: AskedRuns  #: carries out what is asked for while no scheduler is at work
    doorman: Doorman = field(init=False)
    streams: Streams = field(init=False)
    _changes: Rate = field(init=False)
    _starts: Rate = field(init=False)

    def __post_init__(self) -> None:
        web = self.app.settings.web
        self.doorman = Doorman(self.app)
        self.streams = Streams(self.app.paths.database, web.streams)
        self._changes = Rate(web.task_changes_per_minute, self.app.clock)
        self._starts = Rate(web.run_starts_per_minute, self.app.clock)

    @property
    def loaded(self) -> Loaded:
        """The settings in force."""
        return self.app.loaded

    @property
    def timezone(self) -> str:
        """The time zone of tasks that name none."""
        return self.app.settings.timezone

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        return self.app.clock.now()

    @asynccontextmanager
    async def lasting(self) -> AsyncIterator[None]:
        """Be at work: streams flow, and what was asked for is carried out. End all of it after."""
        try:
            await run_in_threadpool(self.runs.resume, self.app)
            async with self.streams.flowing():
                yield
        finally:
            await run_in_threadpool(self.runs.close)
            self.app.close()

    @contextmanager
    def reader(self) -> Iterator[Reader | None]:
        """Look at the registry; None if there is none. For the thread that asks."""
        with reading(self.app.paths.database) as reader:
            yield reader

    def count_changes(self, who: Principal, count: int = 1) -> None:
        """Count tasks that somebody makes.

        Raises:
            TooManyError: They may make no more for now.
        """
        self._count(self._changes, who, count, "new tasks")

    def count_starts(self, who: Principal, count: int = 1) -> None:
        """Count runs that somebody asks for.

        Raises:
            TooManyError: They may ask for no more for now.
        """
        self._count(self._starts, who, count, "runs")

    def _count(self, rate: Rate, who: Principal, count: int, what: str) -> None:
        wait = rate.take(f"{who.name}\n{who.credential if not who.name else ''}", count)
        if wait:
            raise TooManyError(what, wait)

    @cached_property
    def prefix(self) -> str:
        """The path below which everything is."""
        return self.app.settings.web.prefix


def web_of(connection: HTTPConnection) -> Web:
    """Return the web process that a request came to."""
    found: Web = connection.app.state.web
    return found


#: `web: TheWeb`
TheWeb = Annotated[Web, Depends(web_of)]
