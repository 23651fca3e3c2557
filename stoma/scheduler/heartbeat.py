"""A sign of life for a monitor outside: who does not hear it, raises the alarm.

The way of healthchecks.io and its kin: a request to an address of one's own at every interval, and
one to the same with `/fail` when something is wrong. It says that the scheduler works even where
nobody can look into it, and its absence says that the machine is gone.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from stoma import redaction
from stoma.exceptions import StomaError
from stoma.scheduler.aside import Aside
from stoma.secrets import Secrets
from stoma.settings.service import HeartbeatSettings
from stoma.version import __version__

#: Asks an address, with a text or without, within so many seconds.
Ask = Callable[[str, str, float], None]
#: What was not taken is sent again so much of an interval sooner.
_SOONER: Final = 0.75
#: No monitor keeps more of what it is told.
_TEXT: Final = 2000


class Heartbeat:
    """The sign of life of one scheduler. Where no address is set, there is none.

    Args:
        settings: Address, interval and patience.
        secrets: Says what the address is, if only its name is set.
        ask: Sends one request.
    """

    def __init__(
        self, settings: HeartbeatSettings, secrets: Secrets, ask: Ask | None = None
    ) -> None:
        self._url = settings.url.get_secret_value()
        self._secrets = secrets
        self._interval = settings.interval_seconds
        self._patience = settings.timeout_seconds
        self._ask = ask or request
        self._aside = Aside("heartbeat")
        self._sent_at = -math.inf

    @property
    def wanted(self) -> bool:
        """Whether there is an address."""
        return bool(self._url)

    def is_due(self, now: float) -> bool:
        """Return whether the interval is over. *now*: seconds of a clock that never goes back."""
        return self.wanted and now - self._sent_at >= self._interval

    def ping(self, now: float) -> None:
        """Send the sign of life, if the interval is over."""
        if self.is_due(now):
            self._send("", now)

    def fail(self, text: str, now: float | None = None) -> None:
        """Say that something is wrong, and what."""
        if self.wanted:
            self._send(text[:_TEXT], now)

    def close(self) -> None:
        """Let what is on its way arrive."""
        self._aside.close(self._patience)

    def _send(self, text: str, now: float | None) -> None:
        self._sent_at = self._sent_at if now is None else now
        self._aside.do(partial(self._request, text))

    def _request(self, text: str) -> None:
        try:
            url = self._secrets.resolve(self._url)
            redaction.learn("heartbeat.url", url)
            self._ask(fail_url(url) if text else url, text, self._patience)
        except StomaError:
            self._sent_at -= self._interval * _SOONER  # before anybody is alarmed for nothing
            raise


def fail_url(url: str) -> str:
    """Return the address that is told of failures: `/fail` after the path."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/fail"))


def request(url: str, text: str, seconds: float) -> None:
    """Send a request; with a *text*, as its body.

    Raises:
        HeartbeatError: There was no good answer within *seconds*. The address, which is as good as
            a password, is not in the message.
    """
    import httpx2  # only where there is an address

    from stoma.service.errors import HeartbeatError

    host = urlsplit(url).hostname or ""
    headers = {"User-Agent": f"stoma/{__version__}"}
    try:
        with httpx2.Client(timeout=seconds, trust_env=False, headers=headers) as client:
            answer = client.post(url, content=text.encode()) if text else client.get(url)
    except httpx2.HTTPError as error:
        raise HeartbeatError(host, type(error).__name__) from None
    if not answer.is_success:
        raise HeartbeatError(host, f"it answered {answer.status_code}")
