"""arXiv's query API in a few lines: an index of invented papers, and its limits."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

from stoma.collectors.arxiv import ArxivCollector
from stoma.domain.collection import CollectRequest, Page
from stoma.domain.task import Json
from stoma.httpclient import Gate, GatePolicy
from stoma.wire import Reply
from tests.fakes import FakeClock, FreeBudgets

FIRST = datetime(2024, 1, 1, tzinfo=UTC)
_WINDOW = re.compile(r"submittedDate:\[(\d{12}) TO (\d{12})\]")
_FEED = (
    '<feed xmlns="http://www.w3.org/2005/Atom"'
    ' xmlns:o="http://a9.com/-/spec/opensearch/1.1/"><o:totalResults>{}</o:totalResults>{}</feed>'
)


@dataclass(frozen=True)
class Indexed:
    """A paper in the index."""

    id: str
    submitted_at: datetime
    updated_at: datetime


def papers(count: int, step: timedelta = timedelta(hours=1)) -> list[Indexed]:
    """Return papers that were submitted one after another."""
    moments = [FIRST + n * step for n in range(count)]
    return [Indexed(f"2401.{n:05d}", moment, moment) for n, moment in enumerate(moments)]


@dataclass
class QueryApi:
    """Answers as the API does, to whoever is on the other end of the wire."""

    index: Sequence[Indexed]
    most: int = 30_000  #: it goes no further into the results of one query
    asked: list[Mapping[str, str]] = field(default_factory=list)
    answers: dict[int, bytes] = field(default_factory=dict)  #: out of turn, by number from 1

    @contextmanager
    def exchange(self, url: str, headers: Mapping[str, str], seconds: float) -> Iterator[Reply]:
        params = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
        self.asked.append(params)
        status, body = self.answer(params)
        body = self.answers.get(len(self.asked), body)
        yield Reply("arxiv", status, {"content-type": "application/atom+xml"}, [body])

    def close(self) -> None:
        """Nothing is open."""

    def answer(self, params: Mapping[str, str]) -> tuple[int, bytes]:
        start, size = int(params["start"]), int(params["max_results"])
        if start + size > self.most:
            return 400, b"too far"
        key = "updated_at" if params["sortBy"] == "lastUpdatedDate" else "submitted_at"
        found = [paper for paper in self.index if _within(paper, params["search_query"])]
        found.sort(key=lambda each: getattr(each, key), reverse="des" in params["sortOrder"])
        entries = "".join(map(_entry, found[start : start + size]))
        return 200, _FEED.format(len(found), entries).encode()

    @property
    def windows(self) -> list[str]:
        """The windows that were asked for, in turn, each once."""
        seen = (_WINDOW.search(params["search_query"]) for params in self.asked)
        return list(dict.fromkeys(f"{m[1]}-{m[2]}" if m else "" for m in seen))

    def collect(
        self,
        config: Mapping[str, Json],
        *,
        cursor: Mapping[str, Json] | None = None,
        checkpoint: Mapping[str, Json] | None = None,
        page_size: int = 10,
        most_at_once: int = 20,
    ) -> Iterator[Page]:
        """Yield the pages that the collector makes of it."""
        collector = ArxivCollector(
            "http://arxiv.test", page_size=page_size, most_at_once=most_at_once
        )
        request = CollectRequest(
            task_id="t", config=config, cursor=cursor or {}, checkpoint=checkpoint or {}
        )
        policy = GatePolicy(base_url="http://arxiv.test")
        with Gate(
            "arxiv", policy=policy, budgets=FreeBudgets(), clock=FakeClock(), wire=self
        ) as gate:
            yield from collector.collect(request, gate)


def ids(pages: Sequence[Page]) -> list[str]:
    """Return the papers in *pages*, in the order they came."""
    bodies = (page.raw.body.decode() for page in pages if page.raw)
    return [found for body in bodies for found in re.findall(r"abs/([\d.]+)v1<", body)]


def _within(paper: Indexed, query: str) -> bool:
    window = _WINDOW.search(query)
    # As texts, and by the second: the last minute of a window is not whole.
    return window is None or window[1] <= f"{paper.submitted_at:%Y%m%d%H%M%S}" <= window[2]


def _entry(paper: Indexed) -> str:
    return (
        f"<entry><id>http://arxiv.org/abs/{paper.id}v1</id>"
        f"<published>{paper.submitted_at:%Y-%m-%dT%H:%M:%SZ}</published>"
        f"<updated>{paper.updated_at:%Y-%m-%dT%H:%M:%SZ}</updated></entry>"
    )
