"""Papers from arXiv: searched for, harvested, or as they are announced.

Here is what a task may say. How arXiv is asked, and what it answers, is in `stoma.arxiv`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, time, timedelta
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from stoma.arxiv.daily import daily_pages
from stoma.arxiv.harvest import Harvester, set_name
from stoma.arxiv.search import MOST_OF_ONE_QUERY, SETTLED_DAYS, Query, Search
from stoma.arxiv.windows import Window, minute
from stoma.collectors.base import BaseCollector, CollectorConfig
from stoma.domain.arxiv_id import ArxivId
from stoma.domain.collection import CollectRequest, Page
from stoma.domain.item import ItemKind
from stoma.domain.task import Json
from stoma.exceptions import RequestRefusedError

if TYPE_CHECKING:
    from stoma.httpclient import Gate

_ENDPOINT = "/api/query"
_CATEGORY = re.compile(r"[a-z]+(-[a-z]+)*(\.([A-Za-z-]+|\*))?")
_SET = re.compile(r"[a-z-]+(:[A-Za-z-]+){1,2}")
#: The keys of the modes; a search has all that are not for another mode alone.
_KEYS: Mapping[str, frozenset[str]] = {
    "oai": frozenset({"mode", "categories", "changed_from"}),
    "rss": frozenset({"mode", "categories"}),
}
_NOT_FOR_A_SEARCH = frozenset({"changed_from"})


class ArxivConfig(CollectorConfig):
    """What to look for, how, and how much of it."""

    mode: Literal["search", "oai", "rss"] = "search"
    search_query: str = Field("", max_length=2000)  #: in arXiv's own syntax, sent as it is
    categories: list[str] = Field([], max_length=200)  #: papers in any of them
    ids: list[str] = Field([], max_length=300)  #: these papers; with a query: those it matches
    max_results: int = Field(100, ge=0, le=5_000_000)  #: 0 means none
    sort_by: Literal["relevance", "lastUpdatedDate", "submittedDate"] = "submittedDate"
    sort_order: Literal["ascending", "descending"] = "descending"
    submitted_from: str = ""  #: a day or a minute, GMT, included
    submitted_to: str = ""  #: the same
    since_last: bool = False  #: read on to where the last search began, and the overlap
    overlap_days: int = Field(7, ge=0, le=365)
    changed_from: str = ""  #: the day at which the first harvest begins; empty: the first one

    @field_validator("categories")
    @classmethod
    def _are_categories(cls, names: list[str]) -> list[str]:
        for name in names:
            if not _CATEGORY.fullmatch(name) and not _SET.fullmatch(name):
                raise ValueError(f"{name!r} is not a category such as 'cs.AI' or 'hep-th'")
        return names

    @field_validator("submitted_from", "submitted_to")
    @classmethod
    def _is_a_minute(cls, written: str) -> str:
        if written:
            minute(written, time.min)
        return written

    @field_validator("changed_from")
    @classmethod
    def _is_a_day(cls, written: str) -> str:
        try:
            return written and f"{date.fromisoformat(written)}"
        except ValueError:
            raise ValueError(f"{written!r} is not a day such as '2026-03-01'") from None

    @model_validator(mode="after")
    def _keeps_to_its_mode(self) -> Self:
        every = frozenset(type(self).model_fields) - _NOT_FOR_A_SEARCH
        foreign = self.model_fields_set - _KEYS.get(self.mode, every)
        if foreign:
            raise ValueError(f"{min(foreign)} is not a key of mode {self.mode!r}")
        if self.mode in _KEYS and not self.categories:
            raise ValueError(f"mode {self.mode!r} needs categories")
        sets = [name for name in self.categories if ":" in name]
        if sets and self.mode != "oai":
            raise ValueError(f"{sets[0]!r} is a set, and only mode 'oai' has sets")
        return self

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        if not (self.search_query.strip() or self.categories or self.ids):
            raise ValueError("one of search_query, categories and ids is needed")
        if not self.query and 0 < self.max_results < len(self.ids):
            raise ValueError(
                f"max_results is {self.max_results}, but there are {len(self.ids)} ids"
            )
        return self

    @model_validator(mode="after")
    def _can_be_served(self) -> Self:
        Window.between(self.submitted_from, self.submitted_to)
        if "overlap_days" in self.model_fields_set and not self.since_last:
            raise ValueError("overlap_days is for since_last = true")
        if self.since_last and self.model_fields_set & {"sort_by", "sort_order"}:
            raise ValueError("since_last has an order of its own: leave out sort_by and sort_order")
        dated = self.sort_by == "submittedDate" and not self.since_last and not self.ids
        if self.max_results > MOST_OF_ONE_QUERY and not dated:
            raise ValueError(
                f"max_results is {self.max_results}: arXiv serves {MOST_OF_ONE_QUERY} of one "
                "query, and more only in the order of submission, without ids"
            )
        return self

    @property
    def query(self) -> str:
        """Everything but ids and dates, in arXiv's syntax."""
        words, names = self.search_query.strip(), [f"cat:{name}" for name in self.categories]
        if words and names:
            return f"({words}) AND ({' OR '.join(names)})"
        return words or " OR ".join(names)


class ArxivCollector(BaseCollector):
    """Asks the query API, the OAI-PMH interface or the daily feeds, as the task's mode says."""

    source: ClassVar[str] = "arxiv"
    kind: ClassVar[ItemKind] = ItemKind.PAPER
    normalizer: ClassVar[str] = "arxiv"
    config: ClassVar[type[CollectorConfig]] = ArxivConfig
    settled_days: ClassVar[int] = SETTLED_DAYS

    def __init__(
        self,
        base_url: str = "https://export.arxiv.org",
        page_size: int = 100,
        oai_url: str = "https://oaipmh.arxiv.org/oai",
        rss_url: str = "https://rss.arxiv.org/rss",
        most_at_once: int = 10_000,
    ) -> None:
        """Collect from these addresses.

        Args:
            base_url: Of the query API: a host, a mirror's path, or the full endpoint.
            page_size: Results to ask for at a time.
            oai_url: The full endpoint.
            rss_url: What stands before the categories.
            most_at_once: Results to take from one window of dates. Far into the results of one
                query, arXiv's answers get slow, and fail.
        """
        url = base_url.rstrip("/").removesuffix(_ENDPOINT) + _ENDPOINT
        self._search = Search(url, page_size, most_at_once)
        self._harvester = Harvester(oai_url)
        self._rss_url = rss_url.rstrip("/")

    @classmethod
    def no_past(cls, config: Mapping[str, Json]) -> str:
        """Return why slots of the past can not be filled; empty if they can."""
        read = ArxivConfig.read("", config)
        if read.mode == "rss":
            return "the daily feed tells of today only"
        fixed = read.ids or read.submitted_from or read.submitted_to
        return "what it asks for is the same for every slot" if fixed else ""

    def collect(self, request: CollectRequest, gate: "Gate") -> Iterator[Page]:
        """Yield the pages that answer *request*; see `BaseCollector`."""
        config = ArxivConfig.read(request.task_id, request.config)
        names = dict.fromkeys(config.categories)
        if config.mode == "rss":
            return daily_pages(self._rss_url, [name.removesuffix(".*") for name in names], gate)
        if config.mode == "oai":
            sets = tuple(dict.fromkeys(map(set_name, names)))
            return self._harvester.pages(sets, config.changed_from, request, gate)
        query = _query(config)
        if request.past is not None:  # as arXiv would have answered then, of that time only
            query = replace(query, window=Window.around(request.past), overlap=None)
        return self._search.pages(query, request, gate)


def _query(config: ArxivConfig) -> Query:
    """Return what *config* looks for; arXiv refuses all ids for one malformed one."""
    parsed = {each: ArxivId.parse(each) for each in config.ids}
    ids = tuple(dict.fromkeys(found for found in parsed.values() if found))
    malformed = ", ".join(repr(each) for each, found in parsed.items() if not found)
    if malformed and not ids:
        raise RequestRefusedError(f"no arXiv id is written like {malformed}")
    return Query(
        words=config.query,
        ids=ids,
        left_out=f"not asked for: {malformed}, not arXiv ids" if malformed else "",
        window=Window.between(config.submitted_from, config.submitted_to),
        sort_by="lastUpdatedDate" if config.since_last else config.sort_by,
        sort_order="descending" if config.since_last else config.sort_order,
        wanted=config.max_results,
        overlap=timedelta(days=config.overlap_days) if config.since_last else None,
    )
