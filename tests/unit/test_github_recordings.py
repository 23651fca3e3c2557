"""Real answers of GitHub, where they are at hand beside the project: they are not ours to ship."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from stoma.collectors.github import GithubCollector
from stoma.domain.collection import CollectRequest, CollectResult, Page
from stoma.domain.item import Item, ItemStatus
from stoma.domain.task import Json
from stoma.exceptions import BadAnswerError, RateLimitedError
from stoma.github.answers import read_row
from stoma.httpclient import Gate
from stoma.normalizers.github import GithubNormalizer
from tests.fakes import START, FreeBudgets
from tests.replay import Answer, ReplayServer, body_beside

SOURCE = "github"
FOLDER = Path(__file__).parents[3] / "shared" / "recordings" / "github"

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="no recordings beside the project")


def recorded(server: ReplayServer, stem: str) -> Answer:
    """Return a recorded answer; an address in it that leads to GitHub leads to *server*."""
    meta = FOLDER / f"{stem}.meta.json"
    said = json.loads(meta.read_text())
    passed = {"etag", "location", "link", "content-type"}
    headers = {
        name: value.replace("https://api.github.com", server.url)
        for name, value in said["headers"]
        if name.lower() in passed or name.lower().startswith("x-ratelimit-")
    }
    return Answer(body_beside(meta).read_bytes(), said["status"], headers)


def collect(
    gate: Gate, config: Mapping[str, Json], cursor: Mapping[str, Json] | None = None
) -> tuple[list[Page], Sequence[Item]]:
    url = gate.policy.base_url
    request = CollectRequest(task_id="t", config=config, now=START, cursor=cursor or {})
    pages = list(GithubCollector(url, f"{url}/trending").collect(request, gate))
    items: list[Item] = []
    for page in pages:
        if page.raw is not None:
            items += asyncio.run(GithubNormalizer().normalize(CollectResult(raw=page.raw)))
    return pages, items


def seen(item: Item) -> Mapping[str, float]:
    return {each.metric: each.value for each in item.observations}


def test_two_pages_of_a_search(server: ReplayServer, gate: Gate) -> None:
    for number in ("1", "2"):
        answer = recorded(server, f"search_repositories_p{number}")
        server.answer("/search/repositories", answer, page=number)

    pages, items = collect(gate, {"query": "github", "language": "Python", "limit": 200})

    assert len(server.seen) == 2
    assert [len(page.only or ()) for page in pages] == [30, 30]
    assert pages[-1].cursor["total"] == 2723
    assert pages[-1].note == "GitHub counts 2723 results, and gave 60 of them"
    assert (items[0].natural_id, items[0].title) == ("1951148", "kennethreitz/legit")
    assert len({item.natural_id for item in items}) == 60
    assert seen(items[0])["stars"] == 3036
    # Topics and licenses came to the API later.
    assert all(item.thin for item in items)


def test_sixty_repositories_agree_with_another_reading(server: ReplayServer, gate: Gate) -> None:
    server.answer("/search/repositories", recorded(server, "search_repositories_p1"))

    _, items = collect(gate, {"limit": 30})

    rows = json.loads((FOLDER / "search_repositories_p1.json").read_bytes())["items"]
    for item, row in zip(items, rows, strict=True):
        assert item.natural_id == str(row["id"])
        assert (item.title, item.url) == (row["full_name"], row["html_url"])
        assert item.summary == (row["description"] or "").strip() or item.summary is None
        assert item.contributors[0].name == row["owner"]["login"]
        assert [tag.term for tag in item.tags] == ([row["language"]] if row["language"] else [])
        assert seen(item)["forks"] == row["forks_count"]
        assert (item.published_at or START).isoformat() == row["created_at"].replace("Z", "+00:00")


def test_an_empty_search(server: ReplayServer, gate: Gate) -> None:
    server.answer("/search/repositories", recorded(server, "search_repositories_empty"))

    (page,), items = collect(gate, {"query": "doesnotexist", "limit": 1})

    assert (items, page.expected, page.partial) == ([], 0, "")


def test_a_repository_and_its_unchanged_state(server: ReplayServer, gate: Gate) -> None:
    config: dict[str, Json] = {"repositories": ["akfish/PyGithub"], "releases": 0}
    server.answer("/repos/akfish/PyGithub", recorded(server, "repo_200_with_etag"))
    server.answer("/repositories/12156762", recorded(server, "repo_304_not_modified"))

    pages, (first,) = collect(gate, config)
    _, (again,) = collect(gate, config, cursor=pages[-1].cursor)

    assert server.seen[1].headers["if-none-match"] == '"8600bedcb7fed1d8065e1693e05529ce"'
    assert (first.natural_id, first.relations[0].to_natural_id) == ("12156762", "3544490")
    assert (again.natural_id, again.thin, again.title) == ("12156762", True, "")


def test_a_renamed_repository(server: ReplayServer, gate: Gate) -> None:
    server.answer("/repos/protoncoin/protoncoin", recorded(server, "repo_renamed_301"))
    server.answer("/repositories/112116543", recorded(server, "repo_renamed_301_target"))

    pages, (item,) = collect(gate, {"repositories": ["protoncoin/protoncoin"], "releases": 0})

    assert (item.natural_id, item.title) == ("112116543", "padima2/protoncoin")
    assert seen(item)["watchers"] == 7
    assert pages[0].note == "protoncoin/protoncoin is called padima2/protoncoin now"
    assert gate.requests == 2


def test_a_repository_that_is_gone(server: ReplayServer, gate: Gate) -> None:
    gone = recorded(server, "error_404_repo_deleted_or_private")
    server.answer("/repositories/5", gone).answer("/repos/jacquev6/Xxx", gone)
    known: dict[str, Json] = {"id": 5, "etag": "", "releases_etag": ""}
    config: dict[str, Json] = {"repositories": ["jacquev6/Xxx"]}

    _, (item,) = collect(gate, config, cursor={"repositories": {"jacquev6/Xxx": known}})

    assert (item.natural_id, item.status, item.thin) == ("5", ItemStatus.DELETED, True)


def test_a_spent_limit(server: ReplayServer, gate: Gate, budgets: FreeBudgets) -> None:
    server.answer("/repos/a/b", recorded(server, "error_403_primary_rate_limit"))

    with pytest.raises(RateLimitedError, match="API Rate Limit Exceeded for"):
        collect(gate, {"repositories": ["a/b"]})

    assert budgets.held_off == [("github", 60.0)]


def test_the_answer_on_limits_knows_the_searches_and_is_no_repository(
    server: ReplayServer, gate: Gate
) -> None:
    body = (FOLDER / "rate_limit.json").read_bytes()
    server.answer("/repos/a/b", Answer(body))

    assert "search" in read_row(body).row("resources")
    with pytest.raises(BadAnswerError):
        collect(gate, {"repositories": ["a/b"]})


def test_a_trending_page(server: ReplayServer, gate: Gate) -> None:
    body = (FOLDER / "trending_daily_2024-04-21.html").read_bytes()
    server.answer("/trending", Answer(body, headers={"Content-Type": "text/html"}))

    (page,), items = collect(gate, {"source": "trending_page", "limit": 30})

    assert (len(items), page.expected) == (25, 25)
    assert (items[0].title, items[0].natural_id) == ("meta-llama/llama3", "772699441")
    assert seen(items[0]) == {"stars": 7521, "forks": 520, "trending_rank": 1, "stars_gained": 1605}
    assert (items[11].title, items[11].summary) == ("timpaul/form-extractor-prototype", None)
    assert (items[14].title, items[14].tags) == ("sindresorhus/awesome", ())
    assert all("stars_gained" in seen(item) for item in items)
    assert len({item.natural_id for item in items}) == 25


def test_an_empty_trending_page(server: ReplayServer, gate: Gate) -> None:
    body = (FOLDER / "trending_alloy_empty_2023-12-11.html").read_bytes()
    server.answer("/trending/alloy", Answer(body, headers={"Content-Type": "text/html"}))

    (page,), items = collect(gate, {"source": "trending_page", "language": "Alloy"})

    assert (items, page.expected, page.zero_is_proven) == ([], 0, True)
