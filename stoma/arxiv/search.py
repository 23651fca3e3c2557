"""Walks through the results of the query API, page by page, to an end that is proven.

https://info.arxiv.org/help/api/user-manual.html says what may be asked; the comments here say
where arXiv behaves otherwise.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self
from urllib.parse import urlencode

from stoma.arxiv.windows import EVER, Window
from stoma.atom import Feed, read_feed, text
from stoma.domain.arxiv_id import ArxivId
from stoma.domain.collection import CollectRequest, Page
from stoma.domain.coverage import Days
from stoma.domain.item import RawAnswer
from stoma.domain.task import Json
from stoma.exceptions import BadAnswerError, RequestRefusedError
from stoma.strictxml import describe, moment
from stoma.text import safe

if TYPE_CHECKING:
    from stoma.httpclient import Gate

#: arXiv refuses to go further into the results of one query.
MOST_OF_ONE_QUERY = 30_000
#: What is submitted before a weekend is announced, and found, up to so many days later.
SETTLED_DAYS = 5
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is looked for."""

    words: str  #: in arXiv's syntax, without dates
    ids: tuple[ArxivId, ...] = ()
    left_out: str = ""  #: what of the task can not be asked for, and why
    window: Window | None = None
    sort_by: str = "submittedDate"
    sort_order: str = "descending"
    wanted: int = 100
    overlap: timedelta | None = None  #: read again so much of what the last search read

    def within(self, window: Window | None) -> str:
        """Return the words, for submissions in *window* only."""
        if window is None:
            return self.words
        return f"({self.words}) AND {window}" if self.words else str(window)


@dataclass(frozen=True, slots=True)
class Part:
    """A window of a search that has too many results for one."""

    window: Window
    owed: int | None  #: results it must have, as its other half has not; None: the first half


@dataclass(frozen=True, slots=True)
class Walk:
    """How far a search has come: what its checkpoints keep."""

    start: int = 0  #: results read, in the window at hand
    newest: str = ""  #: the latest `updated` seen so far, as written
    missing: tuple[str, ...] = ()  #: papers asked for by id and not seen so far
    parts: tuple[Part, ...] = ()  #: to be read, the one at hand first; empty: not divided
    done: int = 0  #: results read, in the parts before
    whole: int | None = None  #: results that there are in all parts together
    short: int = 0  #: results that were owed, and are not there

    @classmethod
    def begin(cls, checkpoint: Mapping[str, Json], ids: tuple[ArxivId, ...]) -> Self:
        """Return where *checkpoint* left off, or the start."""
        match checkpoint:
            case {"start": int(start), "newest": str(newest), "missing": list(missing), **more}:
                walk = cls(start, newest, tuple(str(base) for base in missing))
            case _:
                return cls(missing=tuple(dict.fromkeys(each.base for each in ids)))
        match more:
            case {
                "windows": list(windows), "owed": list(owed),
                "done": int(done), "whole": int(whole), "short": int(short),
            }:  # fmt: skip
                parts = tuple(
                    Part(Window.parse(str(window)), n if isinstance(n, int) else None)
                    for window, n in zip(windows, owed, strict=True)
                )
                return replace(walk, parts=parts, done=done, whole=whole, short=short)
        return walk

    def checkpoint(self) -> dict[str, Json]:
        """Return what `begin` needs to go on here."""
        kept: dict[str, Json] = {
            "start": self.start,
            "newest": self.newest,
            "missing": list(self.missing),
        }
        if self.parts:
            kept |= {
                "windows": [each.window.bounds for each in self.parts],
                "owed": [each.owed for each in self.parts],
                "done": self.done,
                "whole": self.whole,
                "short": self.short,
            }
        return kept

    def told(self, total: int | None) -> Self:
        """Return the walk when the first page of a part has said how many results there are.

        What one half does not have, the other one owes: an index that is silent for a moment
        says 0 where there are thousands.
        """
        if not self.parts or self.start or total is None:
            return self
        first, *rest = self.parts
        if first.owed is not None:
            return replace(self, short=self.short + max(first.owed - total, 0))
        other = replace(rest[0], owed=(rest[0].owed or 0) - total)
        return replace(self, parts=(first, other, *rest[1:]))

    def divided(self, window: Window, total: int | None, order: str) -> Self:
        """Return a walk through both halves of *window*, in the *order* of its results."""
        halves = window.halves() if order == "ascending" else reversed(window.halves())
        first, second = halves
        parts = (Part(first, None), Part(second, total), *self.parts[1:])
        return replace(self, parts=parts, whole=total if self.whole is None else self.whole)

    def after(self, feed: Feed, fetched_at: datetime) -> Self:
        """Return where to go on: arXiv counts entries, whatever can be made of them."""
        # A date to come would keep later searches from ever reading on to it.
        now = f"{fetched_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        updated = [text(entry, "atom:updated") or "" for entry in feed.entries]
        found = [ArxivId.parse(text(entry, "atom:id") or "") for entry in feed.entries]
        bases = {each.base for each in found if each}
        return replace(
            self,
            start=self.start + len(feed.entries),
            newest=max(self.newest, *(date for date in updated if date <= now), ""),
            missing=tuple(base for base in self.missing if base not in bases),
        )

    def turned(self) -> Self:
        """Return the walk at the start of the next part."""
        return replace(self, start=0, parts=self.parts[1:], done=self.done + self.start)


class Search:
    """Asks the query API at one address."""

    def __init__(self, url: str, page_size: int, most_at_once: int) -> None:
        """Search at *url*, taking up to *most_at_once* results from one window of dates."""
        self._url = url
        self._page_size = page_size
        self._most = most_at_once

    def pages(self, query: Query, request: CollectRequest, gate: "Gate") -> Iterator[Page]:
        """Yield the pages of what *query* finds."""
        walk = Walk.begin(request.checkpoint, query.ids)
        edge = _edge(query, request.cursor)
        while (left := query.wanted - walk.done) > walk.start:
            window = walk.parts[0].window if walk.parts else query.window
            size = min(self._page_size, min(left, MOST_OF_ONE_QUERY) - walk.start)
            params = _params(query, window) | {"start": str(walk.start), "max_results": str(size)}
            answer, feed = self._ask(params, request, gate)
            end = _end(feed, walk.start, size, left)
            walk = walk.told(feed.total)
            if end > self._most and _divides(query, walk, window or EVER, feed):
                walk = walk.divided(window or EVER, feed.total, query.sort_order)
                continue
            walk = walk.after(feed, answer.fetched_at)
            turn = walk.start >= min(end, MOST_OF_ONE_QUERY) or _all_before(feed, edge)
            if turn and (len(walk.parts) < 2 or walk.start >= left):
                yield _last(query, request, walk, answer, feed)
                return
            expected = end if walk.whole is None else min(walk.whole, query.wanted)
            walk = walk.turned() if turn else walk
            yield Page(raw=answer, checkpoint=walk.checkpoint(), expected=expected)
        yield Page(raw=None, last=True, cursor=request.cursor, expected=0)

    def _ask(
        self, params: Mapping[str, str], request: CollectRequest, gate: "Gate"
    ) -> tuple[RawAnswer, Feed]:
        address = f"{self._url}?{urlencode(params)}"
        answer = request.kept(address) or gate.get(address, allow=(400,))
        try:
            feed = read_feed(answer.body)
        except BadAnswerError:
            gate.heed(answer)
            if answer.status == 400:
                raise RequestRefusedError(f"arXiv said only {describe(answer.body)}") from None
            raise
        # An error is a feed with one entry. Its status is 400 today and was 200 before.
        for entry in feed.entries:
            if "/api/errors" in (text(entry, "atom:id") or ""):
                words = safe(text(entry, "atom:summary") or "no reason given")
                raise RequestRefusedError(f"arXiv refuses the request: {words}")
        if answer.status == 400:
            raise RequestRefusedError("arXiv refuses the request with HTTP 400 and a feed")
        return answer, feed


def _params(query: Query, window: Window | None) -> dict[str, str]:
    import arxiv  # brings requests with it, and a config is checked without

    search = arxiv.Search(
        query=query.within(window),
        id_list=[str(each) for each in query.ids],
        sort_by=arxiv.SortCriterion(query.sort_by),
        sort_order=arxiv.SortOrder(query.sort_order),
    )
    return {
        "search_query": search.query,
        "id_list": ",".join(search.id_list),
        "sortBy": search.sort_by.value,
        "sortOrder": search.sort_order.value,
    }


def _end(feed: Feed, start: int, size: int, wanted: int) -> int:
    """Return how many entries there are to come in all, the pages before included.

    Raises:
        BadAnswerError: The page is empty, though there should be more: arXiv has such moments.
    """
    count = len(feed.entries)
    if count == 0 and (start > 0 or feed.total != 0):
        said = "no total" if feed.total is None else f"a total of {feed.total}"
        raise BadAnswerError(f"the page from {start} has no entries, but {said}")
    if feed.total is not None:
        return min(feed.total, wanted)
    # Without a total, a page that is not full is taken for the last one.
    return wanted if count == size else start + count


def _divides(query: Query, walk: Walk, window: Window, feed: Feed) -> bool:
    """Whether to read *window* in two parts: only dates keep the order of the whole."""
    dated = query.sort_by == "submittedDate" and not query.ids
    return dated and walk.start == 0 and window.splits and feed.total is not None


def _edge(query: Query, cursor: Mapping[str, Json]) -> datetime | None:
    """Return before which moment everything has been read; None if nothing is known of it."""
    newest = cursor.get("newest_updated_at")
    if query.overlap is None or not isinstance(newest, str) or not newest:
        return None
    return moment(newest) - query.overlap


def _all_before(feed: Feed, edge: datetime | None) -> bool:
    """Whether a page lies before *edge* as a whole: a few papers may be out of their order."""
    dates = [text(entry, "atom:updated") for entry in feed.entries]
    return edge is not None and all(date and moment(date) < edge for date in dates)


def _last(query: Query, request: CollectRequest, walk: Walk, answer: RawAnswer, feed: Feed) -> Page:
    read, edge = walk.done + walk.start, _edge(query, request.cursor)
    total = feed.total if walk.whole is None else walk.whole
    doubts = [query.left_out] if query.left_out else []
    if total is None and read < query.wanted:
        doubts.append("arXiv did not say how many results there are")
    if edge and not _all_before(feed, edge) and (total is None or read < total):
        doubts.append(f"max_results = {query.wanted} was reached before {edge:%Y-%m-%d %H:%M} GMT")
    elif total is not None and not edge and read < min(total, query.wanted):
        doubts.append(f"arXiv gave {read} of {total} results")
    elif walk.short:
        doubts.append(f"{walk.short} results are missing between two dates")
    before = request.cursor.get("newest_updated_at") if query.overlap is not None else None
    lost = "" if query.within(query.window) else ", ".join(walk.missing)
    return Page(
        raw=answer,
        checkpoint=walk.checkpoint(),
        last=True,
        cursor={"newest_updated_at": max(walk.newest, str(before or "")), "total": total},
        expected=read if total is None else min(total, query.wanted),
        partial="; ".join(doubts),
        covers=_covered(query, edge, read >= total, answer, feed) if total is not None else None,
        note=f"arXiv has no {lost}" if lost else "",
    )


def _covered(
    query: Query, edge: datetime | None, whole: bool, answer: RawAnswer, feed: Feed
) -> Days | None:
    """Return the days of whose submissions a search has read all, if it has of any."""
    settled = answer.fetched_at.astimezone(UTC).date() - (SETTLED_DAYS + 1) * _DAY
    window = query.window or EVER
    if query.ids:
        return None
    if whole:
        first, last = window.days
    elif edge is not None:  # what was submitted since then was updated since then
        first, last = edge.date() + _DAY, settled
    else:
        oldest = text(feed.entries[-1], "atom:published") if feed.entries else None
        if oldest is None or (query.sort_by, query.sort_order) != ("submittedDate", "descending"):
            return None
        first, last = max(moment(oldest).date() + _DAY, window.days[0]), window.days[1]
    return Days.between(first, min(last, settled))
