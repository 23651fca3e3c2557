"""Telling people: channels tried out, notices delivered and tried again, the digest made now."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stoma.app import App
from stoma.domain.notice import Notice, Queued
from stoma.exceptions import ConflictError, NotFoundError, SecretError, StomaError
from stoma.notifications.base import BaseChannel, Parcel
from stoma.notifications.errors import DeliveryError
from stoma.notifications.words import of_test
from stoma.operations.audited import record
from stoma.scheduler import digesting
from stoma.scheduler.asked import scheduler_at_work
from stoma.scheduler.courier import Courier, channel_of
from stoma.text import did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A channel that was tried out."""

    channel: str
    type: str
    seconds: float  #: how long it took
    error: StomaError | None = None  #: why the notice was not taken; None: it was

    @property
    def ok(self) -> bool:
        """Whether it works."""
        return self.error is None


def try_channels(app: App, names: Sequence[str] = ()) -> list[Tried]:
    """Deliver a test notice now, past the queue; by default through every channel.

    Raises:
        NotFoundError: There is no such channel; nothing was sent.
    """
    known = app.settings.notifications.channels
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known) or _known(app)
            raise NotFoundError("channel", name, hint=hint)
    if not known:
        raise NotFoundError("channel", "", hint=_known(app))
    return [_tried(app, name) for name in names or known]


def retry_notices(app: App, ids: Sequence[int] = ()) -> int:
    """Let notices that were given up be tried at once; return how many.

    Args:
        app: The registry.
        ids: Only these, also if they still wait; none: all that were given up.
    """
    with app.database.together():
        count = app.outbox.again(list(ids) or None, now=app.clock.now())
        if count:
            record(app, "retry-notices", ", ".join(map(str, ids)) or "all", after={"count": count})
    return count


def flush_notices(app: App, make: Callable[[App, str], BaseChannel] = channel_of) -> list[Queued]:
    """Deliver all that waits now, in this process; return what became of each, oldest first.

    Args:
        app: The registry.
        make: Returns the channel of a name.

    Raises:
        ConflictError: A scheduler is at work, and would deliver the same once more.
    """
    if scheduler_at_work(app):
        raise ConflictError(
            "a scheduler is at work, which delivers what is due by itself",
            hint="let what waits for its next try go now: stoma notify retry ID",
        )
    with app.database.together():
        ids = app.outbox.hurry(now=app.clock.now())
        if ids:
            record(app, "flush-notices", "all", after={"count": len(ids)})
    Courier(app, make).flush()
    return app.outbox.some(ids)


def preview_digest(app: App) -> Notice:
    """Return the digest as it would be if it were made now. Nothing is sent."""
    return digesting.preview(app)


def send_digest(app: App, names: Sequence[str]) -> list[str]:
    """Queue the digest of the last day now, for these channels; return them.

    Raises:
        NotFoundError: There is no such channel.
    """
    known = app.settings.notifications
    wanted = list(names) or list(known.digest)
    for name in wanted:
        if name not in known.channels:
            raise NotFoundError("channel", name, hint=_known(app))
    now = app.clock.now()
    app.outbox.add(
        f"digest-now-{now.isoformat()}", preview_digest(app), dict.fromkeys(wanted, now), now=now
    )
    return wanted


def _known(app: App) -> str:
    known = ", ".join(app.settings.notifications.channels)
    if known:
        return f"there are: {known}"
    return f"there are none yet: add [notifications.channels.NAME] to {app.paths.config_file}"


def _tried(app: App, name: str) -> Tried:
    now, begun = app.clock.now(), app.clock.monotonic()
    mark = f"stoma-test-{now:%Y%m%dT%H%M%S%f}"
    error: StomaError | None = None
    try:
        channel_of(app, name).deliver(Parcel(id=mark, notice=of_test(name, now)))
    except (DeliveryError, SecretError) as problem:
        error = problem
    return Tried(
        channel=name,
        type=app.settings.notifications.channels[name].type,
        seconds=app.clock.monotonic() - begun,
        error=error,
    )
