"""What is to be told: queued in the transaction of its cause, delivered by the courier.

The end of a run is written with the mark that it is not settled yet; settling takes that mark away
and queues what has to be told, in one transaction. So every end is told once, whoever wrote it
down, and a crash in between loses nothing. Nothing here opens a connection.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from stoma.app import App
from stoma.domain.ledger import Decision, Firing
from stoma.domain.notice import Event, Notice
from stoma.domain.run import Run, RunState
from stoma.domain.task import Json, Task
from stoma.exceptions import RegistryError
from stoma.notifications.rules import (
    MISSING,
    ODD,
    Rules,
    after_end,
    channels_of,
    not_before,
    oddities,
    worse,
)
from stoma.notifications.words import Missed, of_missed, of_run
from stoma.storage.read_sources import UNUSUAL

_log = logging.getLogger(__name__)

#: What `notify` says of a task that nobody is told about.
NOBODY = "none"


def rules_of(app: App) -> Rules:
    """Return when something is told, as the settings say it."""
    wanted = app.settings.notifications
    return Rules(
        after_failures=wanted.after_failures,
        repeat=timedelta(hours=wanted.repeat_hours),
    )


def announce_ends(app: App, runs: Iterable[Run]) -> None:
    """Queue what the ends of *runs* have to be told; call it in the transaction of settling."""
    if not _wanted(app):
        return
    rules = rules_of(app)
    for run in runs:
        with _harmless(f"the end of run {run.id}"):
            _announce_end(app, run, rules)


def announce_missed(app: App, firings: Iterable[Firing]) -> None:
    """Queue that slots passed without a run; call it in the transaction that writes them down."""
    if not _wanted(app):
        return
    for firing in firings:
        missed = [each for each in firing.decisions if each.state is RunState.MISSED]
        if missed:
            with _harmless(f"what task {firing.task_id} missed"):
                _announce_missed(app, firing, missed)


def announce_oddities(app: App) -> None:
    """Queue what has to be told of tasks that run well and bring too little.

    An attempt writes down what is unusual after its end, so this is looked at from time to time.
    """
    if not _wanted(app):
        return
    facts = app.state.beginning(UNUSUAL)
    for task_id in {*facts, *app.outbox.troubled(ODD)}:
        with _harmless(f"what is unusual about task {task_id}"), app.database.together():
            _announce_odd(app, task_id, _words(facts.get(task_id)))


def unknown_channels(app: App, task: Task) -> list[str]:
    """Return what a task's `notify` names and no setting has."""
    names = (each.partition(":")[0] for each in task.notify)
    known = app.settings.notifications.channels
    return [name for name in dict.fromkeys(names) if name not in known and name != NOBODY]


def queue(app: App, key: str, notice: Notice, channels: Sequence[str]) -> int:
    """Queue a notice for channels, each once; return how many did not have it."""
    wanted, now = app.settings.notifications, app.clock.now()
    moment = not_before(now, wanted.quiet_hours, app.settings.timezone)
    return app.outbox.add(key, notice, dict.fromkeys(channels, moment), now=now)


@contextmanager
def _harmless(what: str) -> Iterator[None]:
    """Let nothing but trouble with the registry stop who only wanted to tell somebody."""
    try:
        yield
    except RegistryError:
        raise
    except Exception:  # noqa: BLE001 - a bug in the words of a notice is no reason to stop
        _log.exception("%s can not be told", what)


def _wanted(app: App) -> bool:
    # A registry that nothing lasts in is one where the future is tried out.
    return bool(app.settings.notifications.channels) and app.database.lasting


def _announce_end(app: App, run: Run, rules: Rules) -> None:
    task = app.tasks.definition(run.task_id, run.task_version)
    told, troubles = after_end(run, app.outbox.troubles(task.id), rules)
    app.outbox.set_troubles(task.id, troubles)
    for each in told:
        channels = _channels(app, task, each.event)
        if channels:
            notice = of_run(task, run, each, next_run_at=_next(app, task.id))
            queue(app, f"run-{run.id}-{run.attempts}-{each.event}", notice, channels)


def _announce_odd(app: App, task_id: str, found: Mapping[str, str]) -> None:
    now = app.clock.now()
    told, troubles = oddities(found, app.outbox.troubles(task_id), now, rules_of(app))
    app.outbox.set_troubles(task_id, troubles)
    run, task = app.runs.newest_done(task_id), app.tasks.find(task_id)
    if run is None or task is None:
        return
    for each in told:
        channels = _channels(app, task, each.event)
        if channels:
            notice = of_run(task, run, each, next_run_at=task.next_run_at)
            queue(app, f"{each.event}-{task_id}-{now:%Y%m%dT%H%M%S}", notice, channels)


def _words(fact: Json) -> dict[str, str]:
    """Return what is unusual, in words, by kind of trouble."""
    kinds = fact.items() if isinstance(fact, dict) else ()
    return {kind: str(each["text"]) for kind, each in kinds if isinstance(each, dict)}


def _announce_missed(app: App, firing: Firing, missed: Sequence[Decision]) -> None:
    task = app.tasks.definition(firing.task_id, firing.task_version)
    moments = [moment for each in missed for moment in (each.due_at, each.due_to) if moment]
    trouble = app.outbox.troubles(task.id).get(MISSING)
    known, tell = worse(trouble, app.clock.now(), rules_of(app))
    app.outbox.set_troubles(task.id, {MISSING: known})
    channels = _channels(app, task, Event.MISSED)
    if not (tell and channels and moments):
        return
    what = Missed(
        first=min(moments),
        last=max(moments),
        slots=sum(each.slots for each in missed),
        detail=missed[0].detail,
    )
    notice = of_missed(task, what, next_run_at=firing.next_run_at)
    queue(app, f"missed-{task.id}-{what.first:%Y%m%dT%H%M%S}", notice, channels)


def _channels(app: App, task: Task, event: Event) -> list[str]:
    wanted = app.settings.notifications
    only: Mapping[str, Sequence[str]] = {
        name: channel.events for name, channel in wanted.channels.items()
    }
    for name in unknown_channels(app, task):
        _log.warning("task %s: notify names %r, and there is no such channel", task.id, name)
    return channels_of(event, task.notify or wanted.notify, wanted.events, only)


def _next(app: App, task_id: str) -> datetime | None:
    task = app.tasks.find(task_id)
    return task.next_run_at if task is not None else None
