"""The courier: delivers what is queued, on threads of its own, so that nobody waits for it.

Runs are neither delayed nor failed by a mail server: the loop only queues. A notice is delivered at
least once, with an id that stays the same; what could not be delivered waits, longer each time.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from hashlib import sha256

from stoma.app import App
from stoma.domain.notice import Event, Queued
from stoma.exceptions import RegistryError, SecretError, StomaError
from stoma.notifications import CHANNELS
from stoma.notifications.base import BaseChannel, Parcel
from stoma.notifications.errors import DeliveryError
from stoma.notifications.rules import backoff_seconds
from stoma.notifications.words import bundle
from stoma.scheduler.digesting import queue_digest
from stoma.scheduler.heralding import announce_oddities

_log = logging.getLogger(__name__)

#: More notices than that for one channel at one moment become one message.
BUNDLE = 5
#: So many are put into one message at most.
_AT_ONCE = 500
#: How often the queue is looked at.
_LOOK_SECONDS = 1.0
#: How often is looked whether a digest is due, or a task brings too little.
_QUEUE_SECONDS = 20.0
#: How long a delivery under way may hold up the end of the scheduler.
_PATIENCE_SECONDS = 3.0


def channel_of(app: App, name: str) -> BaseChannel:
    """Return the channel that the settings call *name*.

    Raises:
        DeliveryError: There is none.
    """
    settings = app.settings.notifications.channels.get(name)
    if settings is None:
        known = ", ".join(app.settings.notifications.channels) or "none"
        raise DeliveryError(
            f"there is no channel {name!r}; there are: {known}",
            retryable=False,
            hint="channels are settings: see docs/how-to/get-notified.md",
        )
    return CHANNELS.get(settings.type)(settings, app.secrets, app.clock)


class Courier:
    """Delivers the notices of one registry.

    Args:
        app: On the registry; it is used from other threads too.
        make: Returns the channel of a name.
    """

    def __init__(self, app: App, make: Callable[[App, str], BaseChannel] = channel_of) -> None:
        self._app = app
        self._make = make
        self._held: dict[str, float] = {}  # until when nothing is sent, on the monotonic clock
        self._busy: dict[str, threading.Thread] = {}
        self._queue_at = app.clock.monotonic()
        self._stop = threading.Event()  # no more looks at the queue
        self._over = threading.Event()  # and no more deliveries
        self._thread: threading.Thread | None = None

    def __enter__(self) -> "Courier":
        if self._app.settings.notifications.channels:
            self._thread = threading.Thread(target=self._watch, name="courier", daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        give_up_at = self._app.clock.monotonic() + _PATIENCE_SECONDS
        if self._thread is not None:
            self._thread.join(_PATIENCE_SECONDS)
            for thread in list(self._busy.values()):
                thread.join(max(give_up_at - self._app.clock.monotonic(), 0))
        # Who is still waiting for an answer writes nothing down: it is delivered again later.
        self._over.set()

    def round(self) -> int:
        """Deliver what is due now, here and one after the other; return how many were."""
        self._queue()
        return self.flush()

    def flush(self) -> int:
        """Deliver what is due now and queued already; return how many were."""
        return sum(self._deliver_all(name) for name in self._due())

    def _watch(self) -> None:
        """Look at the queue until the end; each channel delivers on a thread of its own."""
        trouble = ""
        while not self._stop.is_set():
            try:
                self._queue()
                for name in self._due():
                    self._send_off(name)
                trouble = ""
            except RegistryError as error:  # the loop decides what that means for the scheduler
                if str(error) != trouble:
                    _log.warning("notices wait: %s", error)
                trouble = str(error)
            except Exception:  # noqa: BLE001 - a bug here is no reason to end a scheduler
                _log.exception("bug in the courier; notices wait")
                self._app.clock.wait(self._stop, 60.0)
            self._app.clock.wait(self._stop, _LOOK_SECONDS)
        with suppress(StomaError):
            for name in self._due():  # what the last runs had to be told
                self._send_off(name)

    def _queue(self) -> None:
        """Queue what no end of a run brings with it; once in a while."""
        ticks = self._app.clock.monotonic()
        if ticks >= self._queue_at:
            self._queue_at = ticks + _QUEUE_SECONDS
            announce_oddities(self._app)
            queue_digest(self._app)

    def _due(self) -> list[str]:
        """Return the channels that have something to deliver, and may."""
        app = self._app
        self._busy = {name: each for name, each in self._busy.items() if each.is_alive()}
        ticks = app.clock.monotonic()
        return [
            name
            for name in app.outbox.due_channels(app.clock.now())
            if name not in self._busy and self._held.get(name, ticks) <= ticks
        ]

    def _send_off(self, name: str) -> None:
        thread = threading.Thread(
            target=self._deliver_quietly, args=(name,), name=f"courier-{name}", daemon=True
        )
        self._busy[name] = thread
        thread.start()

    def _deliver_quietly(self, name: str) -> None:
        try:
            self._deliver_all(name)
        except RegistryError as error:
            _log.warning("notices of channel %s wait: %s", name, error)
        except Exception:  # noqa: BLE001 - nor to lose the others' notices
            _log.exception("bug in the courier; notices of channel %s wait", name)
            self._hold(name, backoff_seconds(8, self._app.roll()))

    def _deliver_all(self, name: str) -> int:
        """Deliver what a channel has to, until it is done or one is not taken."""
        done = 0
        while not self._over.is_set():
            due = self._app.outbox.due(name, self._app.clock.now(), limit=_AT_ONCE)
            if not due:
                break
            # Digests are long, and tests are waited for: neither disappears in a bundle.
            alone = [each for each in due if each.notice.event in (Event.DIGEST, Event.TEST)]
            many = [each for each in due if each not in alone]
            pieces = [[each] for each in alone]
            pieces += [many] if len(many) > BUNDLE else [[each] for each in many]
            for piece in pieces:
                if not self._deliver(name, piece):
                    return done
                done += len(piece)
        return done

    def _deliver(self, name: str, piece: Sequence[Queued]) -> bool:
        """Deliver one message; return whether the channel may get the next."""
        app, ids = self._app, [each.id for each in piece]
        try:
            self._make(app, name).deliver(parcel_of(piece))
        except (DeliveryError, SecretError) as error:
            return self._failed(name, piece, error)
        if self._over.is_set():
            return False
        app.outbox.sent(ids, now=app.clock.now())
        _log.info("channel %s: told: %s", name, _titles(piece))
        return True

    def _failed(self, name: str, piece: Sequence[Queued], error: StomaError) -> bool:
        """Note that a message was not taken: it waits, or is given up."""
        if self._over.is_set():
            return False
        app, ids, now = self._app, [each.id for each in piece], self._app.clock.now()
        oldest = min(each.created_at for each in piece)
        patience = timedelta(hours=app.settings.notifications.give_up_hours)
        if not getattr(error, "retryable", True) or now - oldest >= patience:
            app.outbox.give_up(ids, str(error))
            _log.error("channel %s: given up: %s: %s", name, _titles(piece), error)
            return True
        attempts = 1 + max(each.attempts for each in piece)
        asked = getattr(error, "retry_after_seconds", None) or 0.0
        wait = max(backoff_seconds(attempts, app.roll()), asked)
        app.outbox.postpone(ids, str(error), not_before=now + timedelta(seconds=wait))
        self._hold(name, wait)
        _log.warning("channel %s: not taken, again in %.0f s: %s", name, wait, error)
        return False

    def _hold(self, name: str, seconds: float) -> None:
        self._held[name] = self._app.clock.monotonic() + seconds


def parcel_of(piece: Sequence[Queued]) -> Parcel:
    """Return what is delivered for queued notices: the one, or many as one.

    The id is made of what they are about, so that it is the same at every try, and of the channel.
    """
    first = piece[0]
    keys = " ".join(f"{each.id}:{each.key}" for each in piece)
    mark = sha256(f"{first.channel} {first.created_at.isoformat()} {keys}".encode()).hexdigest()
    notice = first.notice if len(piece) == 1 else bundle([each.notice for each in piece])
    return Parcel(id=f"stoma-{mark[:32]}", notice=notice)


def _titles(piece: Sequence[Queued]) -> str:
    more = f" and {len(piece) - 1} more" if len(piece) > 1 else ""
    return f"{piece[0].notice.title.removeprefix('stoma: ')}{more}"
