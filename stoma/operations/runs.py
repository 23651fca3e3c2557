"""Looking at runs and their logs. Light; `stoma.operations.running` makes them happen."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from stoma.domain.run import ACTIVE, NEVER_STARTED
from stoma.domain.window import AsOf
from stoma.exceptions import NotFoundError, ScheduleError
from stoma.operations.tasks import require_task
from stoma.storage.lookup import unknown_run
from stoma.storage.read import Reader
from stoma.storage.read_rows import AttemptLine, RunLine

#: What `--failed` means.
BAD = ("failed", "dead", "timed_out", "interrupted", "partial")
#: What `--dead` means: nothing more happens to such a run unless somebody asks for it.
DEAD = ("dead",)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDetail:
    """A run and its attempts."""

    run: RunLine
    attempts: Sequence[AttemptLine]
    as_of: AsOf | None = None  #: the slot it carries out, and the time that stands for


def list_runs(
    reader: Reader | None, task_id: str | None, *, limit: int, outcomes: Sequence[str] = ()
) -> list[RunLine]:
    """Return the newest runs, newest first, of one task or of all; only some *outcomes*, if given.

    Raises:
        NotFoundError: There never was a task of that id.
    """
    if task_id is not None:
        require_task(reader, task_id)
    return reader.history(task_id, limit=limit, outcomes=outcomes) if reader else []


def show_run(reader: Reader | None, run_id: int, *, timezone: str | None = None) -> RunDetail:
    """Return one run.

    Args:
        reader: On the registry.
        run_id: The run.
        timezone: Of tasks that name none; None: nobody wants to know which time it stands for.

    Raises:
        NotFoundError: There is none.
    """
    run = reader.run(run_id) if reader else None
    if reader is None or run is None:
        raise unknown_run(run_id)
    slot = _as_of(reader, run, timezone) if timezone else None
    return RunDetail(run=run, attempts=reader.attempts(run_id), as_of=slot)


def _as_of(reader: Reader, run: RunLine, timezone: str) -> AsOf | None:
    if run.due_at is None or run.state in NEVER_STARTED:
        return None
    definition = reader.definition(run.task_id, run.task_version)
    if definition is None:  # of a task that was pruned
        return AsOf(scheduled_for=run.due_at)
    from stoma.schedules import parse_schedule
    from stoma.schedules.as_of import as_of

    zone = definition["timezone"] or timezone
    try:
        schedule = parse_schedule(definition["schedule"], str(zone), key=run.task_id)
    except ScheduleError:  # of a zone that has gone, say
        return AsOf(scheduled_for=run.due_at)
    return as_of(run, schedule)


def run_to_read(reader: Reader | None, name: str) -> RunLine:
    """Return the run that *name* means: its number, or a task's newest run that has a log.

    Raises:
        NotFoundError: There is no such run, and no such task.
    """
    if name.isascii() and name.isdigit() and len(name) < 19 and reader:
        run = reader.run(int(name))
        if run is not None:
            return run
        if name not in reader.task_ids():
            raise unknown_run(int(name))
    require_task(reader, name)
    runs = reader.history(name, limit=100) if reader else []
    if not runs:
        hint = f"it has not run yet; to run it now: stoma scheduler run-task {name}"
        raise NotFoundError("run of task", name, hint=hint)
    return next((run for run in runs if run.log_path), runs[0])


def read_log(run: RunLine, *, tail: int | None = None) -> list[str]:
    """Return the lines of a run's log, without their ends; the last *tail* of them, if given."""
    lines = _Growing().lines(run)
    return lines if tail is None else lines[len(lines) - min(tail, len(lines)) :]


def follow_log(
    run: RunLine, *, tail: int | None, again: Callable[[], RunLine], pause: Callable[[], None]
) -> Iterator[str]:
    """Yield the lines of a run's log as they come, until the run has ended.

    Args:
        run: The run, as it was last seen.
        tail: Begin with the last so many lines; None for all.
        again: Returns the run as it is now.
        pause: Lets a moment pass.
    """
    log = _Growing()
    lines = log.lines(run)
    yield from lines if tail is None else lines[len(lines) - min(tail, len(lines)) :]
    while run.state in ACTIVE:
        pause()
        run = again()  # before the log: what was written until the run ended is read
        yield from log.lines(run)


class _Growing:
    """A file that somebody else appends lines to."""

    def __init__(self) -> None:
        self._offset = 0
        self._rest = b""

    def lines(self, run: RunLine) -> list[str]:
        """Return the lines that were completed since the last call; all, if the run has ended."""
        try:
            with Path(run.log_path or os.devnull).open("rb") as file:
                file.seek(self._offset)
                added = file.read()
        except (FileNotFoundError, NotADirectoryError):
            return []
        self._offset += len(added)
        *lines, self._rest = (self._rest + added).split(b"\n")
        if self._rest and run.state not in ACTIVE:
            lines.append(self._rest)
            self._rest = b""
        return [line.decode("utf-8", "replace") for line in lines]


def why_no_log(run: RunLine) -> str:
    """Return why there is nothing to read of a run."""
    if run.log_path:
        return f"its log, {run.log_path}, is empty or not there any more"
    reason = run.detail or run.reason
    return f"it has not started{f': {reason}' if reason else ''}; there is no log"
