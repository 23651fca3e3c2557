"""The trending page: what is asked for, what each row says, and what is no trending page."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from pydantic import SecretStr

from stoma.collectors.github import GithubCollector
from stoma.domain.collection import CollectRequest, CollectResult, Page
from stoma.domain.item import Item, Observation, RawAnswer, Tag
from stoma.domain.task import Json
from stoma.exceptions import BadAnswerError, CollectError, RateLimitedError, SourceBlockedError
from stoma.github.trending import read_trending
from stoma.httpclient import Gate, GatePolicy
from stoma.normalizers.github import GithubNormalizer
from tests.fakes import START, FakeClock, FreeBudgets
from tests.replay import Answer, ReplayServer, page

RECORDINGS = Path(__file__).parents[1] / "recordings" / "github"
DAILY = (RECORDINGS / "trending_daily.html").read_text()
MONTHLY = (RECORDINGS / "trending_monthly_python.html").read_text()
BLANK = (RECORDINGS / "trending_blank.html").read_text()
DEVELOPERS = (RECORDINGS / "trending_developers.html").read_text()


@pytest.fixture
def gate(server: ReplayServer, budgets: FreeBudgets) -> Iterator[Gate]:
    policy = GatePolicy(base_url="http://127.0.0.1:9", also=(server.url,))
    with Gate("github", policy=policy, budgets=budgets, clock=FakeClock()) as opened:
        yield opened


def collect(gate: Gate, **config: Json) -> list[Page]:
    request = CollectRequest(task_id="t", config={"source": "trending_page", **config}, now=START)
    url = f"{gate.policy.also[0]}/trending"
    return list(GithubCollector(gate.policy.base_url, url, SecretStr("x")).collect(request, gate))


def items(text: str, url: str = "https://github.com/trending?since=daily") -> Sequence[Item]:
    raw = RawAnswer(
        source="github",
        url=url,
        status=200,
        media_type="text/html",
        body=text.encode(),
        fetched_at=START,
    )
    return asyncio.run(GithubNormalizer().normalize(CollectResult(raw=raw)))


def seen(item: Item) -> Mapping[tuple[str, str], float]:
    return {(each.metric, each.context): each.value for each in item.observations}


# --- what is asked ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "path"),
    [
        ("", "/trending"),
        ("Python", "/trending/python"),
        ("C++", "/trending/c++"),
        ("csharp", "/trending/c%23"),
        ("F#", "/trending/f%23"),
        ("Jupyter Notebook", "/trending/jupyter-notebook"),
    ],
)
def test_one_request_to_the_languages_page(
    server: ReplayServer, gate: Gate, budgets: FreeBudgets, language: str, path: str
) -> None:
    server.answer(path, page(DAILY))

    (only,) = collect(gate, language=language, since="weekly")

    (request,) = server.seen
    assert (request.path, request.params) == (path, {"since": "weekly"})
    assert "authorization" not in request.headers
    assert budgets.reserved == ["github_trending"]
    assert (only.last, only.expected) == (True, 3)


def test_no_more_rows_than_wanted(server: ReplayServer, gate: Gate) -> None:
    server.answer("/trending", page(DAILY))

    (only,) = collect(gate, limit=2)

    assert (only.only, only.expected) == ({"900000001", "900000030"}, 2)


def test_none_wanted_none_asked(server: ReplayServer, gate: Gate) -> None:
    (only,) = collect(gate, limit=0)

    assert (only.raw, only.last, server.seen) == (None, True, [])


def test_a_page_that_says_it_is_empty_is_an_answer(server: ReplayServer, gate: Gate) -> None:
    server.answer("/trending/alloy", page(BLANK))

    (only,) = collect(gate, language="Alloy")

    assert (only.last, only.expected, only.zero_is_proven) == (True, 0, True)
    assert items(BLANK) == []


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (page(DEVELOPERS), BadAnswerError, "a row of the trending page names no repository"),
        (page("<html><title>Unicorn!</title></html>"), BadAnswerError, 'HTML page "Unicorn!"'),
        (page(DAILY[:-20]), BadAnswerError, "not a whole page"),
        (page("Too many requests"), RateLimitedError, "slow down"),
        (page("whoa there", 429), RateLimitedError, "slow down"),
        (page("no", 403), SourceBlockedError, "HTTP 403"),
        (Answer(b"\xff\x00"), BadAnswerError, "not a whole page"),
    ],
)
def test_what_is_no_trending_page_is_an_error(
    server: ReplayServer,
    gate: Gate,
    budgets: FreeBudgets,
    answer: Answer,
    error: type[CollectError],
    words: str,
) -> None:
    server.answer("/trending", answer)

    with pytest.raises(error, match=words):
        collect(gate)

    assert {name for name, _ in budgets.held_off} <= {"github_trending"}


# --- what a row says --------------------------------------------------------------------------


def test_a_row_with_everything() -> None:
    first = items(DAILY)[0]

    assert (first.natural_id, first.title, first.thin) == ("900000001", "ada-example/orrery", True)
    assert first.summary == "What orrery does, 🚀 and more & more"
    assert first.url == "https://github.com/ada-example/orrery"
    assert first.tags == (Tag("language", "Python", primary=True),)
    assert [(each.name, each.role) for each in first.contributors] == [("ada-example", "owner")]
    assert seen(first) == {
        ("stars", ""): 1205,
        ("forks", ""): 5,
        ("trending_rank", "trending/daily"): 1,
        ("stars_gained", "trending/daily"): 1105,
    }


def test_one_star_is_a_star_and_other_scripts_are_kept() -> None:
    second = items(DAILY)[1]

    assert seen(second)["stars_gained", "trending/daily"] == 1
    assert second.summary == "现代化工具"
    assert second.tags == (Tag("language", "Jupyter Notebook", primary=True),)


def test_a_row_without_description_language_forks_and_gain() -> None:
    third = items(DAILY)[2]

    assert (third.summary, third.tags) == (None, ())
    assert third.observations == (
        Observation("stars", 9999),
        Observation("trending_rank", 3, "trending/daily"),
    )


def test_a_list_of_a_language_and_a_month_is_a_series_of_its_own() -> None:
    (only,) = items(MONTHLY, "https://github.com/trending/c%23?since=monthly")

    assert seen(only)["trending_rank", "trending/c#/monthly"] == 1
    assert seen(only)["stars_gained", "trending/monthly"] == 11761
    assert seen(only)["forks", ""] == 1400


def test_weeks_are_told_from_days() -> None:
    (only,) = items(MONTHLY.replace("11,761 stars this month", "7 stars this week"))

    assert seen(only)["stars_gained", "trending/weekly"] == 7


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("record_id", "recorded", "the row of ada-example/orrery on the trending page has no id"),
        ("900000001", "true", "has no id"),
        ("900000001", "0", "has no id"),
        ("data-hydro-click", "data-click", "has no id"),
        ("&quot;payload&quot;: {", "&quot;payload&quot;: [{", "has no id"),
        ("/stargazers", "/watchers", "the row of ada-example/orrery on the trending page has no s"),
        ("31,205", "many", "has no stars"),
        ("float-sm-right", "float-right", "no row of the trending page says how many stars"),
        ("this month", "this year", "no row of the trending page says how many stars"),
        ("<h2 ", "<h3 ", "names no repository"),
        ("Box-row", "Box-line", "without trending repositories"),
    ],
)
def test_a_layout_that_is_not_known_is_an_error(old: str, new: str, words: str) -> None:
    with pytest.raises(BadAnswerError, match=words):
        read_trending(MONTHLY.replace(old, new).encode())


def test_an_empty_page_of_something_else_is_an_error() -> None:
    other = BLANK.replace("trending repositories", "results")

    with pytest.raises(BadAnswerError, match="without trending repositories"):
        read_trending(other.encode())


def test_a_repository_named_like_a_list_is_read_like_any_other() -> None:
    text = MONTHLY.replace("ada-example/orrery", "stargazers/forks")

    (row,) = read_trending(text.encode())

    assert (row.full_name, row.stars, row.forks) == ("stargazers/forks", 31205, 1400)
