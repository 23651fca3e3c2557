"""What one page works with: who looks, what they may see, the registry, and the moment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from stoma.api.access import Principal, Scope, current
from stoma.api.context import Web, web_of
from stoma.api.forms import Form, form_of
from stoma.app import App
from stoma.exceptions import StomaError
from stoma.operations.asked import scheduler_at_work
from stoma.storage.lookup import unknown_run, unknown_task
from stoma.storage.read import Reader, TaskDetail
from stoma.storage.read_rows import RunLine


@dataclass
class Desk:
    """One request for a page."""

    request: Request
    web: Web
    who: Principal
    reader: Reader
    form: Form  #: what was posted; empty for a GET
    now: datetime = field(init=False)
    #: What the page says besides what it shows, such as what was just done.
    notes: list["Note"] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.now = self.web.now()

    @property
    def app(self) -> App:
        """The registry, to change it."""
        return self.web.app

    @property
    def zone(self) -> str:
        """The time zone of tasks that name none."""
        return self.web.timezone

    @property
    def path(self) -> Mapping[str, str]:
        """The parts of the path that vary."""
        return self.request.path_params

    def asked(self, name: str) -> str:
        """Return a parameter of the address; empty if it is not there."""
        return self.request.query_params.get(name, "").strip()[:1000]

    def asked_number(self, name: str, least: int = 0, most: int = 10**9) -> int:
        """Return a number of the address, within bounds; *least* if it is none."""
        text = self.asked(name)
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else least
        return max(least, min(number, most))

    @cached_property
    def only(self) -> frozenset[str] | None:
        """The tasks that who looks may see; None: all."""
        if self.who.is_admin and self.who.tasks is None:
            return None
        owners = self.reader.pages.owners()
        return frozenset(name for name, owner in owners.items() if self.who.sees(name, owner))

    def sees(self, task_id: str) -> bool:
        """Return whether a task may be looked at."""
        return self.only is None or task_id in self.only

    def task(self) -> TaskDetail:
        """Return the task of the path; one of somebody else's is as unknown as one that is not.

        Raises:
            NotFoundError: There is none to be seen.
        """
        task_id = self.path["task_id"]
        found = self.reader.task(task_id) if self.sees(task_id) else None
        if found is None:
            raise unknown_task(task_id[:200], filter(self.sees, self.reader.task_ids()))
        return found

    def run(self) -> RunLine:
        """Return the run of the path.

        Raises:
            NotFoundError: There is none to be seen.
        """
        text = self.path["run_id"]
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1
        found = self.reader.run(number)
        if found is None or not self.sees(found.task_id):
            raise unknown_run(text[:20])
        return found

    def begin_runs(self) -> None:
        """See to it that what was asked for is begun: by the scheduler, or here without one."""
        if not scheduler_at_work(self.app):
            self.web.runs.begin()


@dataclass(frozen=True, slots=True)
class Note:
    """Something that is said once, at the top of a page."""

    text: str
    tone: str = ""  #: empty: it went well; `warn`, `bad`
    hint: str = ""


def fault_of(error: StomaError) -> Note:
    """Return how an error is said."""
    text = str(error)
    return Note(f"{text[:1].upper()}{text[1:]}", "bad", error.hint)


View = Callable[[Desk], Response]


def page(scope: Scope, view: View) -> Callable[..., Response]:
    """Return an endpoint that shows *view* to somebody who may *scope*.

    Reading and showing happen in one thread, as SQLite wants it.
    """

    def endpoint(
        request: Request,
        who: Annotated[Principal, Depends(current(scope))],
        form: Annotated[Form, Depends(form_of)],
    ) -> Response:
        web = web_of(request)
        with web.reader() as reader:
            assert reader is not None  # noqa: S101 - a web process has opened it
            return view(Desk(request, web, who, reader, form))

    return endpoint
