"""A source that only pretends: prepared answers by path, through the real gate."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from stoma.budgets import Count
from stoma.exceptions import SourceUnreachableError
from stoma.httpclient import Gate, GatePolicy
from stoma.wire import Reply

#: When it is, unless a test says otherwise: a Monday noon.
START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class PlayedClock:
    """Stands still until somebody sleeps."""

    def __init__(self, now: datetime = START) -> None:
        self._start = now
        self._passed = 0.0

    def now(self) -> datetime:
        """Return the moment."""
        return self._start + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        """Return the seconds that somebody slept."""
        return self._passed

    def sleep(self, seconds: float) -> None:
        """Let *seconds* be past."""
        self._passed += seconds

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Let *seconds* be past, unless *event* is set already."""
        if not event.is_set():
            self.sleep(seconds)
        return event.is_set()


class PlayedBudgets:
    """Allows everything at once; a pause is over at once too."""

    def reserve(self, source: str, patience_seconds: float) -> float:
        """Return that nobody has to wait."""
        return 0.0

    def hold_off(self, source: str, seconds: float) -> None:
        """Take note of nothing."""

    def told(self, source: str, count: Count) -> None:
        """Take note of nothing."""

    @contextmanager
    def connection(self, source: str, wait_seconds: float) -> Iterator[None]:
        """Hold a connection; there are enough."""
        yield


@dataclass(frozen=True, slots=True)
class Said:
    """What a source says to one request."""

    body: bytes = b""
    status: int = 200
    media_type: str = "application/xml"
    headers: Mapping[str, str] = field(default_factory=dict)  #: names in lower case
    after: int | None = None  #: the connection breaks after so many bytes of the body
    answers: bool = True  #: False: not a word

    def reply(self, host: str) -> Reply:
        """Return it as it comes over the wire.

        Raises:
            SourceUnreachableError: It is silence.
        """
        if not self.answers:
            raise SourceUnreachableError(host, "silent for 30 s")
        length = str(len(self.body))
        headers = {"content-type": self.media_type, "content-length": length, **self.headers}
        return Reply(host, self.status, headers, self._chunks(host))

    def _chunks(self, host: str) -> Iterable[bytes]:
        if self.after is None:
            yield self.body
            return
        yield self.body[: self.after]
        raise SourceUnreachableError(host, "connection reset by peer")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as it arrived."""

    url: str
    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]


#: Changes what is said to one request.
Change = Callable[[Said], Said]


class PlayedSource:
    """Answers by path and parameters, as prepared.

    Args:
        base_url: What requests may begin with.
        also: Further addresses of the same source.

    Attributes:
        seen: The requests, in the order they came.
    """

    def __init__(self, base_url: str, *also: str) -> None:
        self.policy = GatePolicy(base_url=base_url, also=also)
        self.seen: list[Asked] = []
        self._routes: list[tuple[str, Mapping[str, str], list[Said]]] = []
        self._changed: dict[int, Change] = {}

    def answer(self, path: str, *said: Said | bytes, **params: str) -> Self:
        """Say *said* in turn, the last for ever, to requests to *path* that have *params*."""
        prepared = [each if isinstance(each, Said) else Said(each) for each in said]
        self._routes.append((path, params, prepared))
        return self

    def change(self, number: int, change: Change) -> Self:
        """Change what is said to the request of that *number*, counted from 1."""
        self._changed[number] = change
        return self

    def gate(self, source: str, clock: PlayedClock) -> Gate:
        """Return a gate to this source, for a collector to ask through."""
        return Gate(source, policy=self.policy, budgets=PlayedBudgets(), clock=clock, wire=self)

    @contextmanager
    def exchange(self, url: str, headers: Mapping[str, str], seconds: float) -> Iterator[Reply]:
        """Take a request and answer it; see `stoma.wire.Wire`."""
        parts = urlsplit(url)
        params = dict(parse_qsl(parts.query, keep_blank_values=True))
        said = self._prepared(parts.path, params)
        self.seen.append(Asked(url, parts.path, params, dict(headers)))
        change = self._changed.get(len(self.seen))
        yield (change(said) if change else said).reply(parts.netloc)

    def close(self) -> None:
        """Do nothing: nothing is open."""

    def _prepared(self, path: str, params: Mapping[str, str]) -> Said:
        for route, wanted, said in self._routes:
            if route == path and wanted.items() <= params.items():
                return said.pop(0) if len(said) > 1 else said[0]
        return Said(b"<html><title>Nothing prepared for this</title></html>", 404, "text/html")
