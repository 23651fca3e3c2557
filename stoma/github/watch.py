"""The round of watched repositories and organizations: what is asked next, and what is known."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from stoma.domain.collection import CollectRequest, Page
from stoma.domain.item import RawAnswer
from stoma.domain.task import Json
from stoma.exceptions import RequestRefusedError
from stoma.github.answers import gone, read_row, read_rows

if TYPE_CHECKING:  # whoever only checks a config does not pay for PyGithub
    from stoma.github.client import GithubClient

#: The parts of a visit to a repository; a visit to an organization has pages for parts.
_FACTS, _AGAIN, _RELEASES = 1, 2, 3
#: After the last part.
_DONE = 0
_PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class _Known:
    """What the last answers said of a repository."""

    id: int = 0
    etag: str = ""
    releases_etag: str = ""

    @classmethod
    def read(cls, kept: Json) -> "_Known":
        match kept:
            case {"id": int(number), "etag": str(etag), "releases_etag": str(releases)}:
                return cls(number, etag, releases)
        return cls()


class Round:
    """One round: every watched name is visited once, in order; a checkpoint says how far it is.

    A repository is asked for by name once and then by its number, which no renaming changes. Only
    when the number is gone is the name asked for again: another repository may have it now.
    """

    def __init__(
        self, client: "GithubClient", request: CollectRequest, *, releases: int, limit: int
    ) -> None:
        """Go on where *request* says; see `stoma.collectors.github` for *releases* and *limit*."""
        self._client = client
        self._releases_wanted = releases
        self._limit = limit
        self._known: dict[str, _Known] = {}
        self._stop, self._part, self._doubts = 0, _FACTS, ""
        self._remember(request.cursor)
        self._remember(request.checkpoint)
        match request.checkpoint:
            case {"stop": int(stop), "part": int(part), "doubts": str(doubts)}:
                self._stop, self._part, self._doubts = stop, part, doubts

    def pages(self, repositories: Sequence[str], organizations: Sequence[str]) -> Iterator[Page]:
        """Yield the pages of the round."""
        visits: list[tuple[Callable[[str], Iterator[Page]], str]] = [
            *((self._repository, name) for name in repositories),
            *((self._organization, name) for name in organizations if self._limit),
        ]
        for stop, (visit, name) in enumerate(visits):
            if stop < self._stop:
                continue
            try:
                yield from visit(name)
            except RequestRefusedError as error:  # the others are none the worse for it
                self._doubts += f"{'; ' if self._doubts else ''}{name}: {error}"
                self._stop, self._part = stop + 1, _FACTS
        yield Page(raw=None, last=True, cursor=self._memory(), partial=self._doubts)

    def _remember(self, kept: Mapping[str, Json]) -> None:
        match kept:
            case {"repositories": dict(known)}:
                self._known |= {name: _Known.read(each) for name, each in known.items()}

    def _memory(self) -> dict[str, Json]:
        return {"repositories": {name: asdict(known) for name, known in self._known.items()}}

    def _page(
        self, raw: RawAnswer, *, then: int, note: str = "", only: set[str] | None = None
    ) -> Page:
        """Return the page of an answer after which the visit goes on with the part *then*."""
        self._stop, self._part = (self._stop, then) if then else (self._stop + 1, _FACTS)
        place: dict[str, Json] = {"stop": self._stop, "part": self._part, "doubts": self._doubts}
        return Page(raw=raw, checkpoint={**place, **self._memory()}, note=note, only=only)

    def _repository(self, name: str) -> Iterator[Page]:
        known = self._known.get(name, _Known())
        if self._part == _FACTS:
            yield self._facts(name, known)
        if self._part == _AGAIN:
            yield self._facts(name, _Known())
        if self._part == _RELEASES:
            yield self._releases(name)

    def _facts(self, name: str, known: _Known) -> Page:
        answer = self._client.repository(known.id or name, known.etag)
        if gone(answer):
            if known.id:
                return self._page(answer, then=_AGAIN)
            return self._page(answer, then=_DONE, note=f"GitHub has no {name}, or does not show it")
        note = ""
        if answer.status != 304:
            row = read_row(answer.body)
            known = replace(known, id=row.id, etag=answer.headers.get("etag", ""))
            called = row.text("full_name") or name
            if called.lower() != name.lower():
                note = f"{name} is called {called} now"
        self._known[name] = known
        return self._page(answer, then=_RELEASES if self._releases_wanted else _DONE, note=note)

    def _releases(self, name: str) -> Page:
        known = self._known[name]
        answer = self._client.releases(known.id, self._releases_wanted, known.releases_etag)
        if answer.status == 200:
            etag = answer.headers.get("etag", "")
            self._known[name] = replace(known, releases_etag=etag)
        return self._page(answer, then=_DONE)

    def _organization(self, name: str) -> Iterator[Page]:
        stop, size = self._stop, min(self._limit, _PAGE_SIZE)
        while self._stop == stop:
            page = self._part
            answer = self._client.repositories_of(name, page=page, size=size)
            if gone(answer):
                yield self._page(answer, then=_DONE, note=f"GitHub has no organization {name}")
                return
            rest = self._limit - (page - 1) * size
            only = {str(row.id) for row in read_rows(answer.body)[:rest]}
            more = size < rest and 'rel="next"' in answer.headers.get("link", "")
            yield self._page(answer, then=page + 1 if more else _DONE, only=only)
