"""A search, page by page: what is asked, and when the end is reached."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Self

from stoma.domain.collection import CollectRequest, Page
from stoma.domain.coverage import Days
from stoma.exceptions import BadAnswerError
from stoma.github.answers import SearchPage, read_search

if TYPE_CHECKING:  # whoever only checks a config does not pay for PyGithub
    from stoma.github.client import GithubClient

#: A search ends here, however many results it has; the next page is refused.
REACH = 1000
_PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a search is for."""

    query: Callable[[str], str]  #: its words, given the days of creation (`>=2026-03-01`)
    days: int  #: how far back that day is
    sort: str
    limit: int  #: from 1 to `REACH`


@dataclass(frozen=True, slots=True)
class _Walk:
    """How far a search has come: what its checkpoints keep."""

    created: str  #: the first day of creation, the same for all attempts of a run
    page: int = 1  #: the next one
    rows: int = 0  #: seen so far
    incomplete: bool = False  #: GitHub said so of some page

    @classmethod
    def begin(cls, request: CollectRequest, days: int) -> Self:
        match request.checkpoint:
            case {"created": str(day), "page": int(page), "rows": int(n), "incomplete": bool(gaps)}:
                return cls(day, page, n, gaps)
        end, past = request.now, request.past
        first = end - timedelta(days=days) if past is None else past.start
        return cls(first.date().isoformat())

    def after(self, found: SearchPage) -> Self:
        return replace(
            self,
            page=self.page + 1,
            rows=self.rows + len(found.rows),
            incomplete=self.incomplete or found.incomplete,
        )


def search(client: "GithubClient", request: CollectRequest, wanted: Wanted) -> Iterator[Page]:
    """Yield the pages of a search, the last one when GitHub has no more or no more are wanted."""
    walk = _Walk.begin(request, wanted.days)
    size = min(_PAGE_SIZE, wanted.limit)
    query = wanted.query(_days(walk.created, request))
    last = False
    while not last:
        before = (walk.page - 1) * size
        answer = client.search(query, wanted.sort, page=walk.page, size=size)
        found = read_search(answer.body)
        end = min(found.total, wanted.limit)
        if not found.rows and before < end:
            raise BadAnswerError(f"page {walk.page} is empty, but GitHub counts {found.total}")
        walk = walk.after(found)
        last = before + size >= end
        yield Page(
            raw=answer,
            checkpoint=asdict(walk),
            only={str(row.id) for row in found.rows[: wanted.limit - before]},
            last=last,
            cursor={"created_since": walk.created, "total": found.total} if last else {},
            expected=end,
            partial="GitHub ran out of time: it did not find all"
            if last and walk.incomplete
            else "",
            covers=_covered(walk, found.total, query, request) if last else None,
            note=_shortfall(walk, found.total, wanted.limit) if last else "",
        )


def _days(first: str, request: CollectRequest) -> str:
    past = request.past
    return f">={first}" if past is None else f"{first}..{past.end.date().isoformat()}"


def _covered(walk: _Walk, total: int, query: str, request: CollectRequest) -> Days | None:
    """Return the days of creation of which all was found; the present one goes on."""
    days = f"created:{_days(walk.created, request)}"
    if walk.rows < total or days not in query.split():
        return None
    last = request.now.date() - timedelta(days=1)
    past = request.past
    end = last if past is None else min(past.end.date(), last)
    return Days.between(date.fromisoformat(walk.created), end)


def _shortfall(walk: _Walk, total: int, limit: int) -> str:
    if walk.rows < min(total, limit):
        return f"GitHub counts {total} results, and gave {walk.rows} of them"
    if limit == REACH < total:
        return f"GitHub counts {total} results, and a search gives {REACH}: narrow it"
    return ""
