"""Watching: whom a round asks, what it remembers, and what it makes of renames and losses."""

from collections.abc import Iterator, Mapping

import pytest

from stoma.collectors.github import GithubCollector
from stoma.domain.collection import CollectRequest, Page
from stoma.domain.task import Json
from stoma.exceptions import BadAnswerError, RateLimitedError, SourceUnreachableError
from stoma.httpclient import Gate
from tests.fakes import START
from tests.replay import Answer, ReplayServer, dropped, page
from tests.repositories import numbered, refused, release, repository, said, unchanged

SOURCE = "github"
ONE: dict[str, Json] = {"repositories": ["owner/repo"], "releases": 0}
KNOWN: dict[str, Json] = {"id": 1, "etag": '"a"', "releases_etag": ""}
CURSOR: dict[str, Json] = {"repositories": {"owner/repo": KNOWN}}


def collect(
    gate: Gate,
    config: Mapping[str, Json],
    *,
    cursor: Mapping[str, Json] | None = None,
    checkpoint: Mapping[str, Json] | None = None,
) -> Iterator[Page]:
    request = CollectRequest(
        task_id="t", config=config, now=START, cursor=cursor or {}, checkpoint=checkpoint or {}
    )
    return GithubCollector(gate.policy.base_url).collect(request, gate)


def paths(server: ReplayServer) -> list[str]:
    return [seen.path for seen in server.seen]


def notes(pages: list[Page]) -> list[str]:
    return [each.note for each in pages if each.note]


# --- repositories -----------------------------------------------------------------------------


def test_a_repository_and_its_newest_releases(server: ReplayServer, gate: Gate) -> None:
    server.answer("/repos/owner/repo", said(repository(1, full_name="owner/repo"), etag='"a"'))
    server.answer("/repositories/1/releases", said([release(5)], etag='"b"'))

    pages = list(collect(gate, {"repositories": ["owner/repo"], "releases": 3}))

    assert paths(server) == ["/repos/owner/repo", "/repositories/1/releases"]
    assert server.seen[1].params == {"per_page": "3"}
    assert [each.raw is not None for each in pages] == [True, True, False]
    assert [each.last for each in pages] == [False, False, True]
    assert pages[-1].cursor == {
        "repositories": {"owner/repo": {"id": 1, "etag": '"a"', "releases_etag": '"b"'}}
    }
    assert notes(pages) == []


def test_what_is_known_is_asked_for_by_number_and_only_if_it_changed(
    server: ReplayServer, gate: Gate
) -> None:
    known = {**KNOWN, "releases_etag": '"b"'}
    server.answer("/repositories/1", unchanged('"a"'))
    server.answer("/repositories/1/releases", unchanged('"b"'))
    config: dict[str, Json] = {"repositories": ["owner/repo"]}

    pages = list(collect(gate, config, cursor={"repositories": {"owner/repo": known}}))

    assert paths(server) == ["/repositories/1", "/repositories/1/releases"]
    assert [seen.headers["if-none-match"] for seen in server.seen] == ['"a"', '"b"']
    assert [each.raw and each.raw.status for each in pages] == [304, 304, None]
    assert pages[-1].cursor == {"repositories": {"owner/repo": known}}


def test_a_renamed_repository_is_followed_from_its_old_name(
    server: ReplayServer, gate: Gate
) -> None:
    moved = Answer(b"{}", 301, {"Location": f"{server.url}/repositories/1"})
    server.answer("/repos/owner/repo", moved)
    server.answer("/repositories/1", said(repository(1, full_name="heir/repo"), etag='"a"'))

    pages = list(collect(gate, ONE))

    assert notes(pages) == ["owner/repo is called heir/repo now"]
    assert pages[-1].cursor == CURSOR


def test_a_change_of_case_is_no_renaming(server: ReplayServer, gate: Gate) -> None:
    server.answer("/repos/owner/repo", said(repository(1, full_name="Owner/Repo")))

    assert notes(list(collect(gate, ONE))) == []


@pytest.mark.parametrize(
    "answer",
    [
        refused("Not Found", 404),
        refused("Repository access blocked", 451),
        refused("Repository access blocked", 403),
    ],
)
def test_a_repository_that_is_gone_stays_known(
    server: ReplayServer, gate: Gate, answer: Answer
) -> None:
    server.answer("/repositories/1", answer)
    server.answer("/repos/owner/repo", answer)

    pages = list(collect(gate, {"repositories": ["owner/repo"]}, cursor=CURSOR))

    assert paths(server) == ["/repositories/1", "/repos/owner/repo"]
    assert pages[0].raw is not None
    assert pages[0].raw.url.endswith("/repositories/1")
    assert notes(pages) == ["GitHub has no owner/repo, or does not show it"]
    assert (pages[-1].cursor, pages[-1].partial) == (CURSOR, "")


def test_a_name_that_another_repository_took_over_is_another_repository(
    server: ReplayServer, gate: Gate
) -> None:
    server.answer("/repositories/1", refused("Not Found", 404))
    server.answer("/repos/owner/repo", said(repository(2, full_name="owner/repo"), etag='"z"'))
    server.answer("/repositories/2/releases", said([]))

    pages = list(collect(gate, {"repositories": ["owner/repo"]}, cursor=CURSOR))

    assert paths(server)[-1] == "/repositories/2/releases"
    assert "if-none-match" not in server.seen[1].headers
    assert pages[-1].cursor == {
        "repositories": {"owner/repo": {"id": 2, "etag": '"z"', "releases_etag": ""}}
    }


def test_a_name_that_nobody_has_is_reported(server: ReplayServer, gate: Gate) -> None:
    server.answer("/repos/owner/repo", refused("Not Found", 404))

    pages = list(collect(gate, ONE))

    assert notes(pages) == ["GitHub has no owner/repo, or does not show it"]
    assert (pages[-1].partial, pages[-1].cursor) == ("", {"repositories": {}})


def test_releases_that_are_gone_meanwhile_end_the_visit(server: ReplayServer, gate: Gate) -> None:
    server.answer("/repositories/1", unchanged())
    server.answer("/repositories/1/releases", refused("Not Found", 404))

    pages = list(collect(gate, {"repositories": ["owner/repo"]}, cursor=CURSOR))

    assert pages[-1].cursor == CURSOR


def test_one_that_is_refused_does_not_keep_the_others(server: ReplayServer, gate: Gate) -> None:
    config: dict[str, Json] = {"repositories": ["a/b", "c/d", "e/f"], "releases": 0}
    server.answer("/repos/a/b", refused("Resource protected by SAML", 403))
    server.answer("/repos/c/d", said(repository(2, full_name="c/d")))
    server.answer("/repos/e/f", refused("Resource protected by SAML", 403))

    pages = list(collect(gate, config))

    assert paths(server) == ["/repos/a/b", "/repos/c/d", "/repos/e/f"]
    assert pages[-1].partial == (
        "a/b: GitHub refuses the request: Resource protected by SAML; "
        "e/f: GitHub refuses the request: Resource protected by SAML"
    )


def test_a_limit_ends_the_attempt_and_is_nobodys_loss(server: ReplayServer, gate: Gate) -> None:
    server.answer("/repositories/1", refused("API rate limit exceeded", 403))

    with pytest.raises(RateLimitedError):
        list(collect(gate, ONE, cursor=CURSOR))

    assert paths(server) == ["/repositories/1"]


@pytest.mark.parametrize("answer", [said([]), said({"id": None}), page("<html></html>"), said({})])
def test_what_is_no_repository_ends_the_attempt(
    server: ReplayServer, gate: Gate, answer: Answer
) -> None:
    server.answer("/repos/owner/repo", answer)

    with pytest.raises(BadAnswerError):
        list(collect(gate, ONE))


# --- organizations ----------------------------------------------------------------------------

NEXT = '<https://attacker.example/next>; rel="next", <https://attacker.example/last>; rel="last"'


def test_the_public_repositories_of_an_organization_page_by_page(
    server: ReplayServer, gate: Gate
) -> None:
    server.answer("/orgs/owner/repos", said(list(numbered(1, 100)), link=NEXT), page="1")
    server.answer("/orgs/owner/repos", said(list(numbered(101, 40))), page="2")

    pages = list(collect(gate, {"organizations": ["owner"], "limit": 500}))

    assert [dict(seen.params) for seen in server.seen] == [
        {
            "type": "public",
            "sort": "pushed",
            "direction": "desc",
            "page": number,
            "per_page": "100",
        }
        for number in ("1", "2")
    ]
    assert [len(each.only or ()) for each in pages] == [100, 40, 0]


def test_the_limit_is_kept_for_each_organization(server: ReplayServer, gate: Gate) -> None:
    server.answer("/orgs/a/repos", said(list(numbered(1, 100)), link=NEXT))
    server.answer("/orgs/b/repos", said(list(numbered(500, 20)), link=NEXT))

    pages = list(collect(gate, {"organizations": ["a", "b"], "limit": 120}))

    assert paths(server) == ["/orgs/a/repos", "/orgs/a/repos", "/orgs/b/repos", "/orgs/b/repos"]
    assert [len(each.only or ()) for each in pages] == [100, 20, 20, 20, 0]


def test_an_organization_that_does_not_exist_is_reported(server: ReplayServer, gate: Gate) -> None:
    server.answer("/orgs/owner/repos", refused("Not Found", 404))

    pages = list(collect(gate, {"organizations": ["owner"]}))

    assert notes(pages) == ["GitHub has no organization owner"]


def test_a_limit_of_none_asks_for_no_lists(server: ReplayServer, gate: Gate) -> None:
    (only,) = collect(gate, {"organizations": ["owner"], "limit": 0})

    assert (server.seen, only.last) == ([], True)


# --- going on ---------------------------------------------------------------------------------

ALL: dict[str, Json] = {
    "repositories": ["a/b", "c/d"],
    "organizations": ["e"],
    "limit": 150,
    "releases": 5,
}


def serve_all(server: ReplayServer) -> None:
    server.answer("/repos/a/b", said(repository(1, full_name="a/b"), etag='"1"'))
    server.answer("/repos/c/d", refused("Resource protected by SAML", 403))
    server.answer("/repositories/1/releases", said([release(5)], etag='"5"'))
    server.answer("/orgs/e/repos", said(list(numbered(10, 100)), link=NEXT), page="1")
    server.answer("/orgs/e/repos", said(list(numbered(110, 50))), page="2")


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
def test_a_later_attempt_goes_on_where_the_first_broke_off(
    server: ReplayServer, gate: Gate, number: int
) -> None:
    serve_all(server)
    whole = list(collect(gate, ALL))
    asked = paths(server)
    server.seen.clear()
    server.answer_request(number, dropped())
    broken: list[Page] = []

    with pytest.raises(SourceUnreachableError):
        broken.extend(collect(gate, ALL))
    checkpoint = broken[-1].checkpoint if broken else {}
    seen_before = len(server.seen)
    rest = list(collect(gate, ALL, checkpoint=checkpoint))

    assert rest[-1] == whole[-1]
    repeated = paths(server)[seen_before:]
    # What was refused has no page of its own: it is asked again with what comes after it.
    assert repeated in (asked[number - 1 :], asked[number - 2 :])


def test_a_checkpoint_that_makes_no_sense_is_a_start_from_the_beginning(
    server: ReplayServer, gate: Gate
) -> None:
    server.answer("/repos/owner/repo", said(repository(1)))
    strange: dict[str, Json] = {"stop": "x", "repositories": {"owner/repo": {"id": "x"}}}

    pages = list(collect(gate, ONE, checkpoint=strange))

    assert paths(server) == ["/repos/owner/repo"]
    assert pages[-1].last
