"""Repositories from GitHub: searched, watched by name, or read off the trending page.

https://docs.github.com/en/rest/search/search says what may be searched for. What is asked, in
which order and until when is in `stoma.github`.
"""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar, Literal, Self
from urllib.parse import quote

from pydantic import Field, SecretStr, field_validator, model_validator

from stoma.collectors.base import BaseCollector, CollectorConfig
from stoma.domain.collection import CollectRequest, Page
from stoma.domain.item import ItemKind
from stoma.domain.task import Json
from stoma.exceptions import BadAnswerError
from stoma.github.languages import display_name, slug
from stoma.github.limits import TRENDING
from stoma.github.search import REACH, Wanted, search
from stoma.github.trending import read_trending
from stoma.github.watch import Round

if TYPE_CHECKING:
    from stoma.httpclient import Gate

_DAYS = {"daily": 1, "weekly": 7, "monthly": 30}
_LANGUAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 +#*'._-]{0,59}")
_TOPIC = re.compile(r"[a-z0-9][a-z0-9-]{0,49}")
_ORGANIZATION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_REPOSITORY = re.compile(rf"{_ORGANIZATION.pattern}/(?!\.{{1,2}}$)[A-Za-z0-9._-]{{1,100}}")
_LISTED = frozenset({"language", "since", "limit", "source"})
#: The keys that mean something in each mode, and how to name the mode.
_MODES = {
    "search": (_LISTED | {"query", "topic", "min_stars", "sort"}, "a search"),
    "trending_page": (_LISTED, "the trending page, which can not be searched"),
    "watch": (
        frozenset({"repositories", "organizations", "releases", "limit"}),
        "repositories or organizations, which are watched and not searched",
    ),
}


class GithubConfig(CollectorConfig):
    """Which repositories, over which period, and how many."""

    language: str = ""  #: empty: any
    since: Literal["daily", "weekly", "monthly"] = "daily"
    limit: int = Field(30, ge=0, le=REACH)  #: 0 means none; if watched: of each organization
    source: Literal["search", "trending_page"] = "search"
    query: str = Field("", max_length=256)  #: further words, in GitHub's own syntax
    topic: str = ""
    min_stars: int = Field(1, ge=0)
    sort: Literal["stars", "forks", "updated"] = "stars"
    repositories: list[str] = Field([], max_length=300)  #: watched: `owner/name`
    organizations: list[str] = Field([], max_length=100)  #: watched: their public repositories
    releases: int = Field(10, ge=0, le=100)  #: the newest of each of `repositories`

    @field_validator("language")
    @classmethod
    def _is_a_language(cls, name: str) -> str:
        return name and _checked(name, _LANGUAGE, "a language such as 'Python' or 'C++'")

    @field_validator("topic")
    @classmethod
    def _is_a_topic(cls, name: str) -> str:
        return name and _checked(name, _TOPIC, "a topic such as 'machine-learning'")

    @field_validator("repositories")
    @classmethod
    def _are_repositories(cls, names: list[str]) -> list[str]:
        wanted = "a repository such as 'python/cpython'"
        return _unique(_checked(name, _REPOSITORY, wanted) for name in names)

    @field_validator("organizations")
    @classmethod
    def _are_organizations(cls, names: list[str]) -> list[str]:
        wanted = "an organization such as 'python'"
        return _unique(_checked(name, _ORGANIZATION, wanted) for name in names)

    @model_validator(mode="after")
    def _is_of_one_mode(self) -> Self:
        keys, words = _MODES[self.mode]
        default = type(self).model_construct()
        stray = [key for key, value in self if value != getattr(default, key) and key not in keys]
        if stray:
            raise ValueError(f"{', '.join(stray)} can not be used with {words}")
        if self.min_stars > 1 and "stars:" in self.query:
            raise ValueError("query and min_stars both say how many stars: leave one out")
        return self

    @property
    def mode(self) -> str:
        """What kind of collection this is: a key of `_MODES`."""
        return "watch" if self.repositories or self.organizations else self.source

    def words(self, created: str) -> str:
        """Return the query in GitHub's syntax, for repositories *created* in that range of days.

        What the user's own words say is not said again: GitHub would be content with either.
        """
        given = " ".join(self.query.split())
        parts = (
            given,
            "" if "created:" in given else f"created:{created}",
            f"stars:>={self.min_stars}" if self.min_stars and "stars:" not in given else "",
            f'language:"{display_name(self.language)}"' if self.language else "",
            f"topic:{self.topic}" if self.topic else "",
        )
        return " ".join(part for part in parts if part)


class GithubCollector(BaseCollector):
    """Collects new and popular repositories, unless a task says otherwise."""

    source: ClassVar[str] = "github"
    kind: ClassVar[ItemKind] = ItemKind.REPOSITORY
    normalizer: ClassVar[str] = "github"
    config: ClassVar[type[CollectorConfig]] = GithubConfig

    def __init__(
        self,
        base_url: str = "https://api.github.com",
        trending_url: str = "https://github.com/trending",
        token: SecretStr | None = None,
    ) -> None:
        """Collect from the API at *base_url*, presenting *token* if there is one."""
        self._base_url = base_url
        self._trending_url = trending_url
        self._token = token or SecretStr("")

    @classmethod
    def no_past(cls, config: Mapping[str, Json]) -> str:
        """Return why slots of the past can not be filled; empty if they can."""
        read = GithubConfig.read("", config)
        if read.mode == "search":
            return "the query says itself since when" if "created:" in read.query else ""
        return "GitHub tells what is trending, and what a repository is, of today only"

    def collect(self, request: CollectRequest, gate: "Gate") -> Iterator[Page]:
        """Yield the pages that answer *request*; see `BaseCollector`."""
        config = GithubConfig.read(request.task_id, request.config)
        if config.limit == 0 and config.mode != "watch":
            yield Page(raw=None, last=True, cursor=request.cursor, expected=0)
            return
        if config.mode == "trending_page":
            yield self._trending(config, gate)
            return
        from stoma.github.client import GithubClient  # brings PyGithub, and the page needs none

        client = GithubClient(gate, self._base_url, self._token)
        if config.mode == "watch":
            steps = Round(client, request, releases=config.releases, limit=config.limit)
            yield from steps.pages(config.repositories, config.organizations)
        else:
            wanted = Wanted(config.words, _DAYS[config.since], config.sort, config.limit)
            yield from search(client, request, wanted)

    def _trending(self, config: GithubConfig, gate: "Gate") -> Page:
        place = f"/{quote(slug(config.language), safe='+')}" if config.language else ""
        answer = gate.get(
            f"{self._trending_url}{place}",
            {"since": config.since},
            headers={"Accept": "text/html"},
            budget=TRENDING,
        )
        try:
            rows = read_trending(answer.body)[: config.limit]
        except BadAnswerError:
            gate.heed(answer, TRENDING)
            raise
        return Page(
            raw=answer,
            only={str(row.id) for row in rows},
            last=True,
            expected=len(rows),
            zero_is_proven=not rows,  # the page says so itself
        )


def _checked(name: str, pattern: re.Pattern[str], wanted: str) -> str:
    if not pattern.fullmatch(name):
        raise ValueError(f"{name!r} is not {wanted}")
    return name


def _unique(names: Iterator[str]) -> list[str]:
    return list({name.lower(): name for name in names}.values())
