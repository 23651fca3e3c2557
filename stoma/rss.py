"""Reads RSS 2.0 strictly. No I/O.

https://www.rssboard.org/rss-specification
"""

from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from stoma.exceptions import BadAnswerError
from stoma.strictxml import mail_date, read_xml, text, whole_text

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Channel:
    """A sound feed."""

    items: tuple[etree._Element, ...]
    title: str
    description: str
    published_at: datetime | None  #: of the feed as a whole, in the publisher's own offset
    skip_days: frozenset[str]  #: days without news: `Saturday`, ...

    @property
    def rests(self) -> bool:
        """Whether the feed is of a day on which its publisher publishes nothing."""
        return (
            self.published_at is not None and _DAYS[self.published_at.weekday()] in self.skip_days
        )


def read_channel(body: bytes) -> Channel:
    """Return the feed in *body*.

    Raises:
        BadAnswerError: The bytes are anything else, or not complete.
    """
    root = read_xml(body, "rss", "RSS feed")
    channel = root.find("channel")
    if channel is None:
        raise BadAnswerError("the RSS feed has no channel")
    published = text(channel, "pubDate", {})
    return Channel(
        items=tuple(channel.iterfind("item")),
        title=text(channel, "title", {}) or "",
        description=text(channel, "description", {}) or "",
        published_at=None if published is None else mail_date(published),
        skip_days=frozenset(
            day for each in channel.iterfind("skipDays/day") if (day := whole_text(each))
        ),
    )
