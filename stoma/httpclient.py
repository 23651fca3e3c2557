"""The gate: the one way out to a source.

Here is the policy: which hosts, how often, for how long, how much, and what each status means.
The bytes are moved by a wire (`stoma.wire`). Nothing here retries: a failed attempt is an outcome
of the run, and the run decides whether to try again.
"""

import math
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import responses
from typing import NoReturn, Self
from urllib.parse import urlencode, urljoin, urlsplit

from stoma.budgets import Budgets, Count
from stoma.clock import Clock
from stoma.domain.item import RawAnswer
from stoma.exceptions import (
    BadAnswerError,
    DeadlineError,
    DeferredError,
    RateLimitedError,
    RequestRefusedError,
    SettingsError,
    SourceBlockedError,
    SourceFailedError,
    SourceUnreachableError,
)
from stoma.text import safe
from stoma.version import __version__
from stoma.wire import MIB, HttpxWire, Reply, Wire, read_body

MAX_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: Answers without a body, whatever length they announce (RFC 9110, 8.6).
_BODILESS = frozenset({204, 304})
_PORTS = {"http": 80, "https": 443}
#: Whatever else an answer says (cookies, credentials, tracking) is not kept.
_KEPT = frozenset({"etag", "last-modified", "date", "content-type", "link", "retry-after"})
#: Ten digits are a moment until the year 2286.
_COUNT = re.compile("[0-9]{1,10}")
_SLOW_DOWN = re.compile(
    rb"rate.{0,9}exceeded|rate.limit|too many requests|slow down", re.IGNORECASE
)
#: A body that only asks us to slow down is a line, or a small page.
_FEW_WORDS = 4096


def user_agent(contact: str = "") -> str:
    """Return how we present ourselves, with the address *contact* if there is one.

    What a header can not carry is left out.
    """
    address = " ".join(re.findall(r"[!-~]+", contact))
    return f"stoma/{__version__} (+{address})" if address else f"stoma/{__version__}"


def origin(url: str) -> str | None:
    """Return `scheme://host:port` of an http or https *url*, or None if it is anything else.

    A user name, a backslash, a blank or a character beyond ASCII also give None: parsers
    disagree on what host such an address means.
    """
    if not re.fullmatch(r"[!-\[\]-~]+", url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc:
        return None
    return f"{parts.scheme}://{parts.hostname}:{port or _PORTS[parts.scheme]}"


def retry_after(value: str | None, now: datetime, cap_seconds: float) -> float | None:
    """Return how many seconds a Retry-After header asks for, at most *cap_seconds*.

    Seconds or an HTTP date (RFC 9110, 10.2.3). None if there is nothing to wait for: no header,
    one that can not be read, zero, a moment that is past.
    """
    value = (value or "").strip()
    if value.isascii() and value.isdigit():
        # Twelve digits are 30,000 years; int() refuses texts of thousands.
        seconds = float(value[:12])
    else:
        try:
            moment = parsedate_to_datetime(value)
        except (ValueError, OverflowError):
            return None
        # "-0000" says UTC without a place, and is parsed as naive.
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = (moment - now).total_seconds()
    return min(seconds, cap_seconds) if seconds > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class GatePolicy:
    """What the gate of one source lets through.

    Raises:
        SettingsError: An address is not http or https.
    """

    base_url: str
    also: tuple[str, ...] = ()  #: further addresses that belong to the source
    user_agent: str = user_agent()
    connect_seconds: float = 10.0
    read_seconds: float = 30.0  #: silence between two pieces of an answer
    total_seconds: float = 60.0  #: one request from its start to its last byte
    max_body_bytes: int = 32 * MIB  #: as sent, and again as unpacked
    max_ratio: int = 100  #: unpacked to sent
    max_wait_seconds: float = 30.0  #: a longer wait for the budget defers the run
    limited_seconds: float = 60.0  #: pause after a 429 that names none
    blocked_seconds: float = 600.0  #: least pause after a 403
    max_pause_seconds: float = 6 * 3600.0  #: no source makes us pause longer

    def __post_init__(self) -> None:
        for url in (self.base_url, *self.also):
            if origin(url) is None:
                raise SettingsError(
                    f"{safe(url)!r} can not be a source's address",
                    hint="write it as https://host or https://host/path, without a password",
                )

    def allows(self, url: str) -> bool:
        """Whether *url* belongs to the source; http may become https, never the reverse."""
        home = {origin(each) for each in (self.base_url, *self.also)}
        there = origin(url) or ""
        return there in home or re.sub("^https:(.*):443$", r"http:\1:80", there) in home


class Gate:
    """Sends the requests of one attempt to one source; close it, or use it in a `with`.

    Attributes:
        requests: How many were sent, redirects included.
    """

    def __init__(
        self,
        source: str,
        *,
        policy: GatePolicy,
        budgets: Budgets,
        clock: Clock,
        deadline: float | None = None,
        wire: Wire | None = None,
    ) -> None:
        self.source = source
        self.policy = policy
        self.requests = 0
        self._budgets = budgets
        self._clock = clock
        self._opened = clock.monotonic()
        self._deadline = math.inf if deadline is None else deadline
        self._wire: Wire = wire or HttpxWire(
            clock, connect_seconds=policy.connect_seconds, read_seconds=policy.read_seconds
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._wire.close()

    def get(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        *,
        allow: Collection[int] = (),
        headers: Mapping[str, str] | None = None,
        budget: str = "",
    ) -> RawAnswer:
        """Return the answer to a GET request: a status from 200 to 299, or one of *allow*.

        Redirects are followed inside the source; each is a request of its own for the budget.

        Args:
            url: What is asked for.
            params: Added to *url* as its query.
            allow: Further statuses that the caller judges itself.
            headers: Sent to the host of *url* only, whatever it redirects to.
            budget: Pays for the request, where the source has more than its own.

        Raises:
            CollectError: The kind says what came instead.
        """
        target = f"{url}?{urlencode(params)}" if params else url
        if not self.policy.allows(target):
            raise RequestRefusedError(
                f"{safe(target)!r} does not belong to {self.source}",
                hint=f"requests of {self.source} go to {self.policy.base_url} only",
            )
        budget = budget or self.source
        patience = min(self.policy.max_wait_seconds, self._left())
        with self._budgets.connection(self.source, patience):
            for _ in range(1 + MAX_REDIRECTS):
                extra = (headers or {}) if origin(target) == origin(url) else {}
                with self._send(target, extra, budget) as reply:
                    if reply.status not in _REDIRECTS or reply.status in allow:
                        self._note_count(reply.headers, budget)
                        return self._answer(reply, target, allow, budget)
                    target = self._redirected(reply, target)
        raise BadAnswerError(f"{_host(url)} redirects more than {MAX_REDIRECTS} times")

    def heed(self, answer: RawAnswer, budget: str = "") -> None:
        """Raise if *answer*, whatever its status, is a few words that ask us to slow down.

        For answers that turned out not to be what was asked for: "Rate exceeded." comes with
        status 200.
        """
        if len(answer.body) <= _FEW_WORDS and _SLOW_DOWN.search(answer.body):
            asked = answer.headers.get("retry-after")
            self._slow_down(_host(answer.url), asked, budget or self.source)

    def hold_off(self, seconds: float, budget: str = "") -> float:
        """Let nobody send anything on *budget* (by default the source's own) for *seconds*.

        Returns:
            How long it is: no source makes us pause longer than the policy allows.
        """
        pause = min(seconds, self.policy.max_pause_seconds)
        self._budgets.hold_off(budget or self.source, pause)
        return pause

    def _left(self) -> float:
        """Return the seconds until the attempt's deadline.

        Raises:
            DeadlineError: It has passed.
        """
        left = self._deadline - self._clock.monotonic()
        if left <= 0:
            raise DeadlineError(round(self._deadline - self._opened, 1))
        return left

    @contextmanager
    def _send(self, url: str, extra: Mapping[str, str], budget: str) -> Iterator[Reply]:
        wait = self._budgets.reserve(budget, self.policy.max_wait_seconds)
        if wait > self.policy.max_wait_seconds:
            raise DeferredError(budget, wait)
        if wait > 0:
            # Nothing is won by waiting beyond the deadline.
            self._clock.sleep(min(wait, self._left()))
        total = min(self.policy.total_seconds, self._left())
        ours = {"User-Agent": self.policy.user_agent, "Accept-Encoding": "gzip"}
        self.requests += 1
        try:
            with self._wire.exchange(url, {**extra, **ours}, total) as reply:
                yield reply
        except SourceUnreachableError:
            self._left()  # the deadline is the better explanation, if it has passed
            raise

    def _redirected(self, reply: Reply, url: str) -> str:
        location = reply.headers.get("location", "")
        try:
            target = urljoin(url, location)
        except ValueError:  # brackets that hold no IPv6 address
            target = ""
        if target == url or not self.policy.allows(target):
            raise BadAnswerError(
                f"{_host(url)} answered HTTP {reply.status} to {safe(location)[:200]!r}, "
                f"which is not followed"
            )
        return target

    def _note_count(self, headers: Mapping[str, str], budget: str) -> None:
        """Keep what the source says of its own count; what makes no sense is left out."""
        said = [headers.get(f"x-ratelimit-{name}", "") for name in ("limit", "remaining", "reset")]
        limit, remaining, reset = (int(each) if _COUNT.fullmatch(each) else None for each in said)
        if limit is not None and remaining is not None:
            reset_at = None if reset is None else datetime.fromtimestamp(reset, UTC)
            self._budgets.told(budget, Count(limit, remaining, reset_at))

    def _answer(self, reply: Reply, url: str, allow: Collection[int], budget: str) -> RawAnswer:
        if reply.status not in allow:
            self._judge(reply, _host(url), budget)
        body = b""
        if reply.status not in _BODILESS:
            body = read_body(reply, self.policy.max_body_bytes, self.policy.max_ratio)
        content_type = reply.headers.get("content-type", "")
        return RawAnswer(
            source=self.source,
            url=url,
            status=reply.status,
            media_type=content_type.partition(";")[0].strip().lower(),
            body=body,
            fetched_at=self._clock.now(),
            headers={
                name: value
                for name, value in reply.headers.items()
                if name in _KEPT or name.startswith("x-ratelimit-")
            },
        )

    def _judge(self, reply: Reply, host: str, budget: str) -> None:
        """Raise what a status that nobody allowed stands for."""
        status = reply.status
        if 200 <= status < 300:
            return
        said = f"{host} answered HTTP {status} {responses.get(status, '')}".strip()
        asked = self._asked(reply.headers.get("retry-after"))
        if status == 429:
            self._slow_down(host, reply.headers.get("retry-after"), budget)
        if status == 403:
            pause = max(asked or 0.0, self.policy.blocked_seconds)
            self._budgets.hold_off(budget, pause)
            raise SourceBlockedError(
                said,
                hint=f"nothing is sent to {self.source} for {pause:.0f} s; "
                "ask less often, and set a contact address",
                retry_after_seconds=pause,
            )
        if 400 <= status < 500:
            raise RequestRefusedError(said)
        if status >= 500:
            if asked:
                self._budgets.hold_off(budget, asked)
            raise SourceFailedError(said, retry_after_seconds=asked)
        raise BadAnswerError(said)

    def _slow_down(self, host: str, header: str | None, budget: str) -> NoReturn:
        pause = self._asked(header) or self.policy.limited_seconds
        self._budgets.hold_off(budget, pause)
        raise RateLimitedError(
            f"{host} asks us to slow down",
            hint=f"nothing is sent to {self.source} for {pause:.0f} s",
            retry_after_seconds=pause,
        )

    def _asked(self, header: str | None) -> float | None:
        return retry_after(header, self._clock.now(), self.policy.max_pause_seconds)


def _host(url: str) -> str:
    return urlsplit(url).netloc
