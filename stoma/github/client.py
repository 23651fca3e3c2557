"""Asks GitHub's API: PyGithub makes the requests, the gate sends them.

PyGithub's own connections retry, sleep, follow redirects (and lose the query on the way) and turn
bytes into text. Handing it a connection of ours leaves it what it is good at: addresses,
parameters, credentials, versions of the API, and the words in which GitHub refuses.
"""

import io
import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn
from urllib.parse import urlsplit

from github.Auth import Token
from github.Requester import HTTPSRequestsConnectionClass, Requester, RequestsResponse
from pydantic import SecretStr

from stoma.atom import describe
from stoma.domain.item import RawAnswer
from stoma.exceptions import (
    BadAnswerError,
    NeedsConfigurationError,
    RateLimitedError,
    RequestRefusedError,
    SourceBlockedError,
)
from stoma.github.answers import Row, read_json, read_row
from stoma.github.limits import API, SEARCH
from stoma.httpclient import Gate, retry_after
from stoma.text import safe

_API_VERSION = "2022-11-28"
_JSON = "application/vnd.github+json"
#: Statuses that mean more here than the gate knows.
_JUDGED_HERE = (304, 401, 403, 404, 422, 429, 451)
_MINUTE = 60.0

Send = Callable[[str, Mapping[str, str]], RawAnswer]


class GithubClient:
    """Asks one question at a time; every answer it returns is whole, or says "gone"."""

    def __init__(self, gate: Gate, base_url: str, token: SecretStr) -> None:
        self._gate = gate
        address = urlsplit(base_url)
        self._host = f"{address.scheme}://{address.netloc}"
        secret = token.get_secret_value()
        self._requester = Requester(
            auth=Token(secret) if secret else None,
            base_url=base_url,
            timeout=0,
            user_agent=gate.policy.user_agent,
            per_page=100,
            verify=True,
            retry=None,
            pool_size=None,
            seconds_between_requests=0,
            seconds_between_writes=0,
            lazy=True,
            api_version=_API_VERSION,
        )

    def search(self, query: str, sort: str, *, page: int, size: int) -> RawAnswer:
        """Return a page of the repositories that match *query*, the most of *sort* first."""
        asked = {"q": query, "sort": sort, "order": "desc"}
        paging = {"page": page, "per_page": size}
        return self._get("/search/repositories", {**asked, **paging}, budget=SEARCH)

    def repository(self, name: str | int, etag: str = "") -> RawAnswer:
        """Return what there is to say of a repository, named `owner/name` or by its number.

        The answer has status 304 if *etag* is that of the present state.
        """
        kind = "repositories" if isinstance(name, int) else "repos"
        return self._get(f"/{kind}/{name}", etag=etag)

    def releases(self, repository: int, count: int, etag: str = "") -> RawAnswer:
        """Return the newest releases of a repository; or status 304, as above."""
        return self._get(f"/repositories/{repository}/releases", {"per_page": count}, etag=etag)

    def repositories_of(self, organization: str, *, page: int, size: int) -> RawAnswer:
        """Return a page of an organization's public repositories, the last pushed to first."""
        asked = {"type": "public", "sort": "pushed", "direction": "desc"}
        return self._get(f"/orgs/{organization}/repos", {**asked, "page": page, "per_page": size})

    def _get(
        self,
        path: str,
        params: Mapping[str, str | int] | None = None,
        *,
        etag: str = "",
        budget: str = API,
    ) -> RawAnswer:
        def send(url: str, headers: Mapping[str, str]) -> RawAnswer:
            return self._gate.get(
                self._host + url, allow=_JUDGED_HERE, headers=headers, budget=budget
            )

        connection = _Connection(send)
        headers = {"Accept": _JSON, **({"If-None-Match": etag} if etag else {})}
        self._requester.requestJson("GET", path, dict(params or {}), headers, None, connection)
        self._judge(connection.answer, budget)
        return connection.answer

    def _judge(self, answer: RawAnswer, budget: str) -> None:
        """Raise what *answer* means, unless it is one to keep."""
        if answer.status >= 400:
            self._judge_refusal(answer, budget)
        elif answer.status != 304:
            try:
                read_json(answer.body)
            except BadAnswerError:
                self._gate.heed(answer, budget)
                raise
        if _spent(answer):
            self._gate.hold_off(_until_reset(answer), budget)

    def _judge_refusal(self, answer: RawAnswer, budget: str) -> None:
        said = _refusal(answer)
        message = said.text("message")
        if answer.status == 429 or (answer.status == 403 and _asks_to_wait(answer, message)):
            self._wait(answer, message, budget)
        if message is None:  # a page for people, which says nothing about what was asked for
            self._turned_away(answer, budget)
        if answer.status == 401:
            raise NeedsConfigurationError(
                f"GitHub does not accept the token: {safe(message)}",
                hint="set another one: sources.github.token, or the variable GITHUB_TOKEN",
            )
        blocked = "block" in said or "access blocked" in message.lower()
        if answer.status == 422 or (answer.status == 403 and not blocked):
            raise RequestRefusedError(f"GitHub refuses the request: {safe(message)}")

    def _wait(self, answer: RawAnswer, message: str | None, budget: str) -> NoReturn:
        """Keep the pause that GitHub wants, and say so.

        In the order of GitHub's own advice: as long as it says, until its limit is reset, a minute.
        """
        policy, spent = self._gate.policy, _spent(answer)
        asked = retry_after(
            answer.headers.get("retry-after"), answer.fetched_at, policy.max_pause_seconds
        )
        pause = asked or (_until_reset(answer) if spent else policy.limited_seconds)
        # Spent is one limit of several; too much at once concerns everything we ask of the API.
        for each in {budget} if spent else {API, SEARCH}:
            pause = self._gate.hold_off(pause, each)
        raise RateLimitedError(
            f"GitHub asks us to slow down: {safe(message or 'no reason given')}",
            hint=f"nothing is sent for {pause:.0f} s; a token raises the limits",
            retry_after_seconds=pause,
        )

    def _turned_away(self, answer: RawAnswer, budget: str) -> NoReturn:
        self._gate.heed(answer, budget)
        said = f"GitHub answered HTTP {answer.status} with {describe(answer.body)}"
        if answer.status == 403:
            pause = self._gate.hold_off(self._gate.policy.blocked_seconds)
            raise SourceBlockedError(said, retry_after_seconds=pause)
        raise BadAnswerError(said)


def _refusal(answer: RawAnswer) -> Row:
    """Return what a refusal says; an empty object if it is not one of the API's."""
    try:
        said = read_row(answer.body)
        said.text("message")
    except BadAnswerError:
        return Row({})
    return said


def _asks_to_wait(answer: RawAnswer, message: str | None) -> bool:
    """Whether a refusal with status 403 is about how often we ask."""
    waits = _spent(answer) or "retry-after" in answer.headers
    return waits or Requester.isRateLimitError(message or "")


def _spent(answer: RawAnswer) -> bool:
    return answer.headers.get("x-ratelimit-remaining", "").strip() == "0"


def _until_reset(answer: RawAnswer) -> float:
    """Return the seconds until GitHub counts anew; a minute, if it does not say."""
    written = answer.headers.get("x-ratelimit-reset", "").strip()
    if not re.fullmatch("[0-9]{1,12}", written):
        return _MINUTE
    seconds = int(written) - answer.fetched_at.timestamp()
    return seconds if seconds > 0 else _MINUTE


class _Connection(HTTPSRequestsConnectionClass):
    """What PyGithub takes for a connection."""

    answer: RawAnswer

    def __init__(self, send: Send) -> None:
        self._send = send  # and nothing of the parent's, which would open a session of its own

    def request(
        self,
        verb: str,
        url: str,
        input: str | io.BufferedReader | None,
        headers: dict[str, str],
        stream: bool = False,
    ) -> None:
        """Note what is asked."""
        self.url, self.headers = url, headers

    def getresponse(self) -> RequestsResponse:
        """Ask it, through the gate."""
        self.answer = self._send(self.url, self.headers)
        if self.answer.status == 202:  # PyGithub would sleep, and ask again without an end
            raise BadAnswerError("GitHub has no answer yet (HTTP 202)")
        return _Seen()


class _Seen(RequestsResponse):
    """All that PyGithub is told of an answer: that there is one."""

    def __init__(self) -> None:
        self.status = 200
        self.headers: Any = {}

    def read(self) -> str:
        """Return nothing: the bytes are kept as they are."""
        return ""
