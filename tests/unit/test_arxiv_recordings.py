"""Real answers of arXiv, where they are at hand beside the project: they are not ours to ship."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from stoma.collectors.arxiv import ArxivCollector
from stoma.domain.collection import CollectRequest, CollectResult, Page
from stoma.domain.item import Identifier, Item, RawAnswer
from stoma.domain.task import Json
from stoma.exceptions import RequestRefusedError
from stoma.httpclient import Gate, GatePolicy
from stoma.normalizers.arxiv import ArxivNormalizer
from tests.fakes import START, FakeClock, FreeBudgets
from tests.replay import Answer, ReplayServer

SOURCE = "arxiv"
FOLDER = Path(__file__).parents[3] / "shared" / "recordings" / "arxiv"
ATOM = "{http://www.w3.org/2005/Atom}"
ARXIV = "{http://arxiv.org/schemas/atom}"

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="no recordings beside the project")


@pytest.fixture
def server() -> Iterator[ReplayServer]:
    with ReplayServer() as running:
        yield running.replay(FOLDER)


def collect(
    gate: Gate, config: Mapping[str, Json], page_size: int = 100
) -> tuple[list[Page], list[Item]]:
    request = CollectRequest(task_id="t", config=config)
    pages = list(ArxivCollector(gate.policy.base_url, page_size).collect(request, gate))
    items: list[Item] = []
    for page in pages:
        assert page.raw is not None
        items += asyncio.run(ArxivNormalizer().normalize(CollectResult(raw=page.raw)))
    return pages, items


def squeezed(text: str | None) -> str | None:
    return " ".join((text or "").split()) or None


def test_a_hundred_papers_in_one_request(server: ReplayServer, gate: Gate) -> None:
    (only,), items = collect(gate, {"search_query": "testing", "sort_by": "relevance"})

    assert len(server.seen) == 1
    assert (only.last, only.expected, only.cursor["total"]) == (True, 100, 214881)
    assert len({item.natural_id for item in items}) == 100
    assert items[0].natural_id == "2202.12139"
    assert sum(item.version_seq > 1 for item in items) == 36
    assert sum("/" in item.natural_id for item in items) == 3
    assert sum(any(i.scheme == "doi" for i in item.identifiers) for item in items) == 32
    assert sum(item.extra["journal_ref"] is not None for item in items) == 18
    assert sum(item.extra["comment"] is None for item in items) == 3
    names = {each.name for item in items for each in item.contributors}
    assert names >= {
        "José Raúl Romero",
        "Clément L. Canonne",
        "Oliver Weißl",
        "Mika V. Mäntylä",
    }
    assert any(item.title.startswith("$ω$Test: ") for item in items)


def test_a_hundred_papers_agree_with_another_reading(gate: Gate) -> None:
    _, items = collect(gate, {"search_query": "testing", "max_results": 100})

    root = ElementTree.parse(FOLDER / "api_search_testing_s0_m100.atom.xml").getroot()
    for item, entry in zip(items, root.iter(f"{ATOM}entry"), strict=True):
        written = (entry.findtext(f"{ATOM}id") or "").rpartition("/abs/")[2]
        assert f"{item.natural_id}{item.version_key}" == written
        assert item.title == squeezed(entry.findtext(f"{ATOM}title"))
        assert item.summary == squeezed(entry.findtext(f"{ATOM}summary"))
        authors = entry.findall(f"{ATOM}author")
        assert [each.name for each in item.contributors] == [
            squeezed(each.findtext(f"{ATOM}name")) for each in authors
        ]
        assert [each.affiliations for each in item.contributors] == [
            tuple(place.text for place in each.iter(f"{ARXIV}affiliation")) for each in authors
        ]
        published = datetime.fromisoformat(entry.findtext(f"{ATOM}published") or "")
        updated = datetime.fromisoformat(entry.findtext(f"{ATOM}updated") or "")
        assert (item.published_at, item.source_updated_at) == (published, updated)
        assert (published == updated) == (item.version_seq == 1)
        terms = [each.get("term") for each in entry.iter(f"{ATOM}category")]
        primary = entry.find(f"{ARXIV}primary_category")
        assert primary is not None
        assert {tag.term for tag in item.tags} == set(terms)
        assert {tag.scheme for tag in item.tags} == {"arxiv-category"}
        assert [tag.term for tag in item.tags if tag.primary] == [primary.get("term")]
        doi = entry.findtext(f"{ARXIV}doi")
        assert [i.value for i in item.identifiers if i.scheme == "doi"] == ([doi] if doi else [])
        assert item.extra["comment"] == squeezed(entry.findtext(f"{ARXIV}comment"))
        assert item.extra["journal_ref"] == squeezed(entry.findtext(f"{ARXIV}journal_ref"))
        assert item.url == f"https://arxiv.org/abs/{item.natural_id}"
        assert item.extra["pdf_url"] == f"https://arxiv.org/pdf/{written}"


def test_three_pages_of_ten_are_the_first_thirty(server: ReplayServer, gate: Gate) -> None:
    pages, items = collect(gate, {"search_query": "testing", "max_results": 30}, page_size=10)

    assert [seen.params["start"] for seen in server.seen] == ["0", "10", "20"]
    assert [page.last for page in pages] == [False, False, True]
    _, hundred = collect(gate, {"search_query": "testing", "max_results": 100})
    assert items == hundred[:30]


def test_one_paper_by_its_id(gate: Gate) -> None:
    (page,), (item,) = collect(gate, {"ids": ["1605.08386"]})

    assert (page.note, page.partial) == ("", "")
    assert (item.natural_id, item.version_key) == ("1605.08386", "v1")
    assert item.title == "Heat-bath random walks with Markov bases"
    assert len(item.contributors) == 2
    assert item.published_at == item.source_updated_at
    assert item.published_at == datetime.fromisoformat("2016-05-26T17:59:46+00:00")


def test_an_unknown_id_is_an_empty_answer_that_says_so(gate: Gate) -> None:
    (page,), items = collect(gate, {"ids": ["0000.0000"]})

    assert items == []
    assert page.last
    assert page.note == "arXiv has no 0000.0000"


@pytest.mark.parametrize("status", [400, 200])
def test_the_error_answer_is_an_error_with_its_own_words(
    server: ReplayServer, gate: Gate, status: int
) -> None:
    body = (FOLDER / "api_error_http400_bad_id.atom.xml").read_bytes()
    server.answer_request(1, Answer(body, status))

    with pytest.raises(RequestRefusedError, match="incorrect id format for abc"):
        collect(gate, {"search_query": "testing"})


def test_a_harvest_of_a_day(server: ReplayServer) -> None:
    server.answer("/oai", Answer((FOLDER / "oai_arxiv_listrecords_hep-th.xml").read_bytes()))
    policy = GatePolicy(base_url=server.url)
    config: dict[str, Json] = {"mode": "oai", "categories": ["hep-th"]}
    request = CollectRequest(task_id="t", config=config)

    with Gate("arxiv", policy=policy, budgets=FreeBudgets(), clock=FakeClock()) as gate:
        (page,) = ArxivCollector(oai_url=f"{server.url}/oai").collect(request, gate)

    assert page.last
    assert page.cursor == {"responded_at": "2017-12-14T12:56:31Z"}
    items = read(FOLDER / "oai_arxiv_listrecords_hep-th.xml")
    assert [item.natural_id for item in items] == ["1412.8323", "1507.07790", "1607.01710"]
    first = items[0]
    assert (first.extra["created"], first.extra["updated"]) == ("2014-12-29", "2017-12-13")
    assert [each.name for each in first.contributors] == ["Philipp A Hoehn"]
    assert [tag.term for tag in first.tags if tag.scheme == "license"] == ["CC-BY-4.0"]
    assert Identifier("doi", "10.1088/1751-8121/aa9c53") in items[1].identifiers
    assert items[1].extra["journal_ref"] == "J. Phys. A: Math. Theor. 51 (2018) 035201"
    assert all(item.thin and item.published_at is None for item in items)


def test_the_announcements_of_a_day(server: ReplayServer) -> None:
    server.answer("/rss/quant-ph", Answer((FOLDER / "rss_quant-ph.xml").read_bytes()))
    policy = GatePolicy(base_url=server.url)
    config: dict[str, Json] = {"mode": "rss", "categories": ["quant-ph"]}
    request = CollectRequest(task_id="t", config=config)

    with Gate("arxiv", policy=policy, budgets=FreeBudgets(), clock=FakeClock()) as gate:
        (page,) = ArxivCollector(rss_url=f"{server.url}/rss").collect(request, gate)

    assert (page.last, page.expected, page.partial) == (True, 81, "")
    items = read(FOLDER / "rss_quant-ph.xml")
    assert Counter(item.extra["announce_type"] for item in items) == {
        "new": 40,
        "replace": 22,
        "cross": 10,
        "replace-cross": 9,
    }
    assert (items[0].natural_id, items[0].version_key) == ("2504.17830", "v1")
    names = {each.name for item in items for each in item.contributors}
    assert names >= {"Jakob Günther", "Michal Hajdušek", "Stanisław Świerczewski"}
    assert not any("\\" in name or "(" in name or "{" in name for name in names)
    assert not any("Announce Type" in (item.summary or "") for item in items)
    assert all(item.extra["announced_on"] == "2025-04-28" for item in items)


def read(file: Path) -> list[Item]:
    answer = RawAnswer(
        source="arxiv",
        url="https://x",
        status=200,
        media_type="",
        body=file.read_bytes(),
        fetched_at=START,
    )
    return list(asyncio.run(ArxivNormalizer().normalize(CollectResult(raw=answer))))
