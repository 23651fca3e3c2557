"""Our own three sources, each way of asking them, as `stoma.testing` plays them."""

from pathlib import Path

from stoma.collectors.arxiv import ArxivCollector
from stoma.collectors.github import GithubCollector
from stoma.collectors.sec_edgar import SecEdgarCollector
from stoma.testing import CollectorContract, PlayedSource, Said
from tests.edgar import (
    LATEST,
    SEARCH,
    company,
    company_path,
    entries,
    hits,
    index,
    index_path,
    insider,
    latest,
    submission,
    text_path,
)
from tests.edgar import Made as Filing
from tests.feeds import papers
from tests.replay import Answer
from tests.repositories import found, numbered, release, repository, said
from tests.unit.arxiv_made import Paper, channel, item, listing, record

ARXIV = "https://arxiv.example.org"
GITHUB = "https://github.example.org"
SEC = "https://sec.example.org"
TRENDING = Path(__file__).parents[1] / "recordings" / "github" / "trending_daily.html"
FRIDAY = "2026-02-27"


def played(answer: Answer) -> Said:
    """Return an answer of the replay server as one that is only played."""
    media_type = answer.headers.get("Content-Type", "text/plain")
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Said(answer.body, answer.status, media_type, headers)


class ArxivSearch(CollectorContract):
    """Three pages."""

    collector = ArxivCollector
    config = {"search_query": "testing", "max_results": 9, "sort_by": "relevance"}
    options = {"base_url": ARXIV, "page_size": 3}

    def source(self) -> PlayedSource:
        source = PlayedSource(ARXIV)
        for start in (0, 3, 6):
            source.answer("/api/query", papers(start, 3, total=9), start=str(start))
        return source


class ArxivHarvest(CollectorContract):
    """Three lists, by resumption tokens."""

    collector = ArxivCollector
    config = {"mode": "oai", "categories": ["math.CO"]}
    options = {"oai_url": f"{ARXIV}/oai"}

    def source(self) -> PlayedSource:
        made = [Paper(id=f"2601.0000{number}") for number in range(1, 7)]
        source = PlayedSource(ARXIV)
        for number, token in enumerate(("", "t1", "t2")):
            after = ("t1", "t2", "")[number]
            body = listing(*map(record, made[2 * number : 2 * number + 2]), token=after)
            asked = {"resumptionToken": token} if token else {"set": "math:math:CO"}
            source.answer("/oai", body, **asked)
        return source


class ArxivAnnouncements(CollectorContract):
    """The list of a day."""

    collector = ArxivCollector
    config = {"mode": "rss", "categories": ["math.CO"]}
    options = {"rss_url": f"{ARXIV}/rss"}

    def source(self) -> PlayedSource:
        return PlayedSource(ARXIV).answer("/rss/math.CO", channel(item(Paper())))


class GithubSearch(CollectorContract):
    """Two pages."""

    collector = GithubCollector
    config = {"language": "python", "limit": 150}
    options = {"base_url": GITHUB}

    def source(self) -> PlayedSource:
        source = PlayedSource(GITHUB)
        pages = (found(numbered(1, 100), 150), found(numbered(101, 50), 150))
        for number, page in enumerate(pages, 1):
            source.answer("/search/repositories", played(page), page=str(number))
        return source.answer("/search/repositories", played(pages[0]))


class GithubWatch(CollectorContract):
    """Two repositories with their releases, and an organization."""

    collector = GithubCollector
    config = {"repositories": ["owner/one", "owner/two"], "organizations": ["owner"]}
    options = {"base_url": GITHUB}

    def source(self) -> PlayedSource:
        source = PlayedSource(GITHUB)
        for number, name in ((1, "owner/one"), (2, "owner/two")):
            shown = played(said(repository(number, full_name=name)))
            releases = played(said([release(10 * number), release(10 * number + 1)]))
            for place in (f"/repos/{name}", f"/repositories/{number}"):
                source.answer(place, shown).answer(f"{place}/releases", releases)
        everything = played(said([repository(1), repository(3)]))
        return source.answer("/orgs/owner/repos", everything)


class GithubTrending(CollectorContract):
    """The page."""

    collector = GithubCollector
    config = {"source": "trending_page"}
    options = {"base_url": GITHUB, "trending_url": f"{GITHUB}/trending"}

    def source(self) -> PlayedSource:
        return PlayedSource(GITHUB).answer("/trending", Said(TRENDING.read_bytes()))


class SecLatest(CollectorContract):
    """Two pages of the list, an index, and four forms."""

    collector = SecEdgarCollector
    config = {"filing_type": ["4", "4/A"]}
    options = {"base_url": SEC, "data_url": SEC, "search_url": SEC, "page_size": 4}

    def source(self) -> PlayedSource:
        source, made = PlayedSource(SEC), [insider(number) for number in range(1, 4)]
        rows = entries(made)
        for size in (4, 10):
            for start in range(len(rows) + 1):
                said = Said(latest(rows[start : start + size]), media_type="application/atom+xml")
                source.answer(LATEST, said, type="4", start=str(start), count=str(size))
        last = insider(4, filed=FRIDAY)
        source.answer(index_path(FRIDAY), index([last]))
        path = f"/Archives/edgar/data/{last.who[0][1]}/{last.accession}.txt"
        source.answer(path, submission(last))
        for each in made:
            source.answer(text_path(each), submission(each))
        return source


class SecCompanies(CollectorContract):
    """Two companies' lists."""

    collector = SecEdgarCollector
    config = {"ciks": ["700001", "700002"], "filing_type": "8-K", "days_back": 30}
    options = {"base_url": SEC, "data_url": SEC, "search_url": SEC}

    def source(self) -> PlayedSource:
        source = PlayedSource(SEC)
        for number in (1, 2):
            made = [Filing("8-K", 10 * number), Filing("8-K", 10 * number + 1)]
            list_of = played(company(made, 700000 + number))
            source.answer(company_path(700000 + number), list_of)
        return source


class SecSearch(CollectorContract):
    """Two pages of hits."""

    collector = SecEdgarCollector
    config = {"query": "doors", "days_back": 7}
    options = {"base_url": SEC, "data_url": SEC, "search_url": SEC}

    def source(self) -> PlayedSource:
        made = [Filing("8-K", number) for number in range(1, 121)]
        return (
            PlayedSource(SEC)
            .answer(SEARCH, played(hits(made[:100], 120)), **{"from": "0"})
            .answer(SEARCH, played(hits(made[100:], 120)), **{"from": "100"})
        )


ALL = (
    ArxivSearch,
    ArxivHarvest,
    ArxivAnnouncements,
    GithubSearch,
    GithubWatch,
    GithubTrending,
    SecLatest,
    SecCompanies,
    SecSearch,
)
