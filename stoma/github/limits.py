"""How often GitHub may be asked: one budget for the API, one for searches, one for the page.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from collections.abc import Mapping
from datetime import timedelta

from stoma.budgets import Allowance

API = "github"
SEARCH = "github_search"
TRENDING = "github_trending"

#: Seconds between two searches, with a token (30 a minute) and without (10 a minute).
_SEARCH_SECONDS = {True: 2.1, False: 6.1}
#: Pages for people come seldom: https://github.com limits whoever reads them like a program.
_TRENDING_SECONDS = 10.0
#: Without a token there are 60 requests an hour: 30 at once, and then one every two minutes.
_ANONYMOUS_SECONDS, _ANONYMOUS_BURST = 120.0, 30


def allowances(interval_seconds: float, *, token: bool) -> Mapping[str, Allowance]:
    """Return what each budget of GitHub allows.

    Args:
        interval_seconds: Least time between two requests, whatever GitHub allows.
        token: Whether there is one; it raises the limits.
    """

    def every(seconds: float, burst: int = 1) -> Allowance:
        return Allowance(timedelta(seconds=max(seconds, interval_seconds)), burst)

    return {
        API: every(interval_seconds) if token else every(_ANONYMOUS_SECONDS, _ANONYMOUS_BURST),
        SEARCH: every(_SEARCH_SECONDS[token]),
        TRENDING: every(_TRENDING_SECONDS),
    }
