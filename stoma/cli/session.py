"""What every command shares: the clock, where the registry is, and how to get to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from stoma.cli.streams import note
from stoma.cli.times import Times
from stoma.clock import Clock, SystemClock
from stoma.settings import Glance, glance

if TYPE_CHECKING:
    from stoma.app import App
    from stoma.settings import Loaded
    from stoma.storage.read import Reader


@dataclass
class Session:
    """One call of the program."""

    home: Path | None = None
    clock: Clock = field(default_factory=SystemClock)

    @cached_property
    def place(self) -> Glance:
        """Where everything is, and the time zone of tasks that name none."""
        return glance(home=self.home)

    def loaded(self, **overrides: object) -> "Loaded":
        """Return the settings in force; *overrides* by dotted key, None for not given."""
        from stoma.settings import load_settings

        return load_settings(home=self.home, overrides=overrides)

    def times(self, *, utc: bool = False) -> Times:
        """Return how moments are shown at this moment."""
        return Times(self.clock.now(), self.place.timezone, utc)

    @contextmanager
    def app(self, *, level: str = "WARNING") -> Iterator["App"]:
        """Open the registry for writing, creating or migrating it; log to stderr from *level*."""
        from stoma import logs
        from stoma.app import open_app
        from stoma.domain.audit import Actor
        from stoma.processes import user_name
        from stoma.scheduler.auditing import acting

        logs.configure(level)
        with (
            open_app(self.loaded(), clock=self.clock) as app,
            acting(Actor(user_name(), "cli")),
        ):
            yield app

    @contextmanager
    def reader(self) -> Iterator["Reader | None"]:
        """Look at the registry; None, and a note, if there is none yet."""
        from stoma.storage.read import reading

        with reading(self.place.paths.database) as reader:
            if reader is None:
                note(f"no registry yet at {self.place.paths.database}")
                note("begin with: stoma scheduler start")
            yield reader


def session(context: typer.Context) -> Session:
    """Return the session of a running command."""
    found = context.find_root().obj
    return found if isinstance(found, Session) else Session()
