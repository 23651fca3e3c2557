"""A registry with notifications, and a post office that does what a test wants."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from stoma.app import App
from stoma.domain.notice import NoticeState
from stoma.domain.run import Failure, GiveUp, Outcome, Run
from stoma.notifications.base import BaseChannel, Parcel
from stoma.scheduler.courier import Courier
from stoma.scheduler.placing import place
from stoma.settings import load_settings
from stoma.storage.read import reading
from tests.fakes import FakeClock
from tests.makers import make_firing, make_task
from tests.registries import opened_app

CONFIG = """
[notifications]
notify = ["one"]
after_failures = 1
digest_at = "13:00"
{more}
[notifications.channels.one]
type = "command"
command = ["true"]
[notifications.channels.two]
type = "command"
command = ["true"]
"""


class Post(BaseChannel):
    """Takes what it is given, or says what a test wants it to say."""

    def __init__(self, name: str, office: "Office") -> None:
        self._name = name
        self._office = office

    def deliver(self, parcel: Parcel) -> None:
        self._office.tried.append((self._name, parcel))
        if self._office.errors:
            raise self._office.errors.pop(0)
        self._office.came.set()
        if self._office.hold is not None:
            assert self._office.hold.wait(60)


class Office:
    """Every channel there is."""

    def __init__(self) -> None:
        self.tried: list[tuple[str, Parcel]] = []
        self.errors: list[Exception] = []
        self.hold: threading.Event | None = None
        self.came = threading.Event()

    def make(self, app: App, name: str) -> BaseChannel:
        return Post(name, self)

    @property
    def titles(self) -> list[str]:
        return [parcel.notice.title for _, parcel in self.tried]


class House:
    """A registry with notifications, and who delivers them."""

    def __init__(self, app: App, clock: FakeClock) -> None:
        self.app = app
        self.clock = clock
        self.office = Office()
        self.courier = Courier(app, self.office.make)

    def task(self, task_id: str = "papers", **fields: Any) -> None:
        now = self.clock.now()
        self.app.tasks.add(place(make_task(task_id, **fields), now=now, timezone="UTC"), now=now)

    def ends(self, outcome: Outcome = Outcome.FAILED, task_id: str = "papers") -> Run:
        """A run that begins and ends now; settled by the next `settle`."""
        now, runs = self.clock.now(), self.app.runs
        firing = make_firing(task_id=task_id)
        run = runs.add(firing, now=now, owner="x", lease_until=now + timedelta(hours=1))
        run = runs.start(run, now=now, log_path="")
        if outcome in (Outcome.SUCCEEDED, Outcome.EMPTY):
            runs.finish(run, outcome, now=now)
        else:
            runs.fail(run, Failure(kind="network", message="no answer"), GiveUp(outcome), now=now)
        return runs.get(run.id)

    def states(self) -> list[tuple[str, NoticeState, int]]:
        with reading(self.app.paths.database) as reader:
            assert reader is not None
            return [(q.channel, q.state, q.attempts) for q in reader.outbox.newest(limit=50)][::-1]


Open = Callable[..., AbstractContextManager[House]]


@contextmanager
def house_at(folder: Path, clock: FakeClock, more: str = "") -> Iterator[House]:
    """Open a registry whose settings have two channels, `one` and `two`, and *more*."""
    (folder / "config.toml").write_text(CONFIG.format(more=more))
    with opened_app(load_settings(home=folder, environ={}), clock=clock) as app:
        app.roll = lambda: 0.5
        yield House(app, clock)
