"""Reads arXiv's list of the day: what was announced last, in some categories.

https://info.arxiv.org/help/rss_specifications.html
"""

from collections.abc import Iterable, Iterator
from datetime import UTC
from typing import TYPE_CHECKING

from stoma.domain.collection import Page
from stoma.exceptions import BadAnswerError, RequestRefusedError
from stoma.rss import Channel, read_channel
from stoma.strictxml import describe
from stoma.text import safe

if TYPE_CHECKING:
    from stoma.httpclient import Gate

#: arXiv lists no more, without a word on what is left out.
_MOST = 2000


def daily_pages(url: str, categories: Iterable[str], gate: "Gate") -> Iterator[Page]:
    """Yield the one page there is of *categories*."""
    answer = gate.get(f"{url}/{'+'.join(categories)}", allow=(400,))
    try:
        channel = read_channel(answer.body)
    except BadAnswerError:
        gate.heed(answer)
        if answer.status == 400:
            raise RequestRefusedError(f"arXiv said only {describe(answer.body)}") from None
        raise
    _check(channel, answer.status)
    count, when = len(channel.items), channel.published_at
    yield Page(
        raw=answer,
        last=True,
        cursor={"announced_at": when.astimezone(UTC).isoformat() if when else None},
        expected=count,
        zero_is_proven=channel.rests,
        partial=f"arXiv lists {_MOST} papers at most" if count >= _MOST else "",
    )


def _check(channel: Channel, status: int) -> None:
    # An error is a feed as well, without the days that every other one has.
    if status == 400 or (not channel.skip_days and "error" in channel.title.lower()):
        words = safe(channel.description or channel.title or "no reason given")
        raise RequestRefusedError(f"arXiv refuses the request: {words}")
    if not channel.items and not channel.skip_days:
        raise BadAnswerError("the feed has no items, and does not say on which days it has none")
