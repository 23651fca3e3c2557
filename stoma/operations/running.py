"""Running a task now."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from stoma.app import App
from stoma.domain.item import Change
from stoma.domain.run import Outcome, Run, RunState
from stoma.exceptions import CollectError
from stoma.operations.audited import record
from stoma.pipeline import Progress
from stoma.scheduler.now import run_now

#: So many titles of what came are kept to be told.
TOLD = 5


@dataclass(slots=True)
class Brought:
    """The first few things that a run brought."""

    new: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)

    def see(self, progress: Progress) -> None:
        """Take note of one page."""
        for change, item in progress.page.changes:
            titles = {Change.NEW: self.new, Change.UPDATED: self.updated}.get(change)
            if titles is not None and len(titles) < TOLD:
                titles.append(item.title or item.natural_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """A run that has ended, or waits for its source, and the first titles of what it brought."""

    run: Run
    new_titles: Sequence[str]
    updated_titles: Sequence[str]

    @property
    def exit_code(self) -> int:
        """What a command that waited for the run returns."""
        return exit_code_of(self.run)


def run_task(
    app: App,
    task_id: str,
    *,
    cached: bool = True,
    on_page: Callable[[Progress], None] = lambda _: None,
) -> RunReport:
    """Run one task now, in this process, and return what became of it.

    *cached*: answers that are kept, and fresh enough, spare the source the question.

    Raises:
        NotFoundError: There is no such task.
        TaskRunningError: It is running already.
    """
    brought = Brought()

    def seen(progress: Progress) -> None:
        brought.see(progress)
        on_page(progress)

    record(app, "run-task", app.tasks.get(task_id).id)  # before: it may take hours, or never end
    run = run_now(app, task_id, cached=cached, on_page=seen)
    return RunReport(run=run, new_titles=brought.new, updated_titles=brought.updated)


def exit_code_of(run: Run) -> int:
    """Return the documented exit code for how a run ended."""
    if run.state is not RunState.DONE:
        return _CODES.get("deferred", 1)
    if run.outcome in _FINISHED:
        return _FINISHED[run.outcome]
    return _CODES.get(run.error_kind, 1)


_FINISHED = {Outcome.SUCCEEDED: 0, Outcome.EMPTY: 0, Outcome.PARTIAL: 3, Outcome.TIMED_OUT: 124}


def _kinds(error: type[CollectError]) -> Iterator[type[CollectError]]:
    yield error
    for kind in error.__subclasses__():
        yield from _kinds(kind)


#: The word stored with a failed attempt -> the exit code of the error that it stands for.
_CODES = {error.kind: error.exit_code for error in _kinds(CollectError)}
