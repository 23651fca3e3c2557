"""What becomes of GitHub's answers: repositories, releases, and what is gone."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stoma.domain.collection import CollectResult
from stoma.domain.item import (
    Contributor,
    Identifier,
    Item,
    ItemKind,
    ItemStatus,
    RawAnswer,
    Relation,
    Tag,
    merged,
)
from stoma.domain.task import Json
from stoma.exceptions import BadAnswerError
from stoma.normalizers.github import GithubNormalizer
from tests.fakes import START
from tests.repositories import release, repository

RECORDINGS = Path(__file__).parents[1] / "recordings" / "github"
API = "https://api.github.com"


def items(body: "Json | bytes", path: str = "/x", status: int = 200) -> Sequence[Item]:
    raw = RawAnswer(
        source="github",
        url=f"{API}{path}",
        status=status,
        media_type="application/json",
        body=body if isinstance(body, bytes) else json.dumps(body).encode(),
        fetched_at=START,
    )
    return asyncio.run(GithubNormalizer().normalize(CollectResult(raw=raw)))


def recorded(stem: str) -> Sequence[Item]:
    said = json.loads((RECORDINGS / f"{stem}.meta.json").read_text())
    path = said["url"].removeprefix(API)
    return items((RECORDINGS / f"{stem}.json").read_bytes(), path, said["status_code"])


def one(**other: Json) -> Item:
    (item,) = items(repository(1, **other))
    return item


def without(*keys: str) -> Item:
    row: Mapping[str, Json] = repository(1)
    (item,) = items({key: value for key, value in row.items() if key not in keys})
    return item


def seen(item: Item) -> Mapping[str, float]:
    assert {each.context for each in item.observations} <= {""}
    return {each.metric: each.value for each in item.observations}


# --- repositories -----------------------------------------------------------------------------


def test_a_repository_with_everything() -> None:
    (item,) = recorded("repository")

    assert (item.kind, item.natural_id) == (ItemKind.REPOSITORY, "900000010")
    assert (item.title, item.url) == (
        "dee-example/orrery",
        "https://github.com/dee-example/orrery",
    )
    assert (item.summary, item.status, item.thin) == ("What orrery does.", ItemStatus.ACTIVE, False)
    assert item.published_at == datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    assert (item.version_key, item.version_seq, item.source_updated_at) == ("", 0, None)
    assert item.contributors == (Contributor(name="dee-example", role="owner", external_id="10"),)
    assert item.identifiers == (
        Identifier("github_id", "900000010"),
        Identifier("full_name", "dee-example/orrery"),
    )
    assert item.tags == (
        Tag("language", "Python", primary=True),
        Tag("license", "MIT"),
        Tag("topic", "scheduling"),
        Tag("topic", "research"),
    )
    assert item.relations == (Relation("forkOf", "900000001"),)
    assert item.extra == {
        "archived": False,
        "default_branch": "main",
        "fork": True,
        "homepage": None,
    }
    assert seen(item) == {
        "stars": 42,
        "forks": 5,
        "open_issues": 3,
        "watchers": 7,
        "pushed_at": datetime(2026, 3, 2, 7, 59, tzinfo=UTC).timestamp(),
    }


def test_a_page_of_results_in_its_order() -> None:
    found = recorded("search_page_1")

    assert [item.title for item in found] == [
        "ada-example/orrery",
        "hui-example/notes-zh",
        "bo-example/nameless",
    ]
    assert [seen(item)["stars"] for item in found] == [1200, 800, 800]
    assert found[1].summary == "现代化工具 🚀 for notes"
    assert found[1].tags == ()
    assert found[2].summary is None
    assert Tag("license", "NOASSERTION") in found[2].tags
    assert not any(item.thin for item in found)


def test_no_results_are_no_items() -> None:
    assert recorded("search_empty") == recorded("releases_none") == []


def test_the_list_of_an_organization() -> None:
    alpha, beta = recorded("organization")

    assert (alpha.title, alpha.thin) == ("org-example/alpha", False)
    # A list does not say what a fork is a fork of: it takes nothing away from what is known.
    assert (beta.extra["fork"], beta.relations, beta.thin) == (True, (), True)


@pytest.mark.parametrize(
    "change",
    [
        {"stargazers_count": 43},
        {"forks_count": 6},
        {"open_issues_count": 0},
        {"subscribers_count": 9},
        {"pushed_at": "2026-03-09T00:00:00Z"},
        {"updated_at": "2026-03-09T00:00:00Z"},
        {"size": 5},
        {"score": 1.0},
        {"topics": ["scheduling"], "watchers": 3},
    ],
)
def test_what_changes_all_the_time_makes_no_version(change: dict[str, Json]) -> None:
    assert one(**change).content_hash == one().content_hash


@pytest.mark.parametrize(
    "change",
    [
        {"full_name": "heir/repo"},
        {"description": "Other."},
        {"language": "Go"},
        {"license": None},
        {"topics": []},
        {"archived": True},
        {"disabled": True},
        {"homepage": "https://example.org"},
        {"default_branch": "trunk"},
    ],
)
def test_what_describes_it_makes_a_version(change: dict[str, Json]) -> None:
    assert one(**change).content_hash != one().content_hash


def test_a_renamed_repository_is_the_same_item() -> None:
    before, after = one(full_name="old/name"), one(full_name="heir/name")

    assert before.natural_id == after.natural_id
    assert after.contributors[0].name == "heir"
    assert Identifier("full_name", "heir/name") in after.identifiers


def test_a_disabled_repository_is_unavailable() -> None:
    item = one(disabled=True)

    assert (item.status, item.status_reason) == (ItemStatus.UNAVAILABLE, "disabled by GitHub")


@pytest.mark.parametrize(
    "key", ["description", "language", "license", "topics", "homepage", "archived", "owner"]
)
def test_null_is_accepted_and_is_nothing(key: str) -> None:
    item = one(**{key: None})

    assert item.thin is False
    assert not any(tag.scheme == {"topics": "topic"}.get(key, key) for tag in item.tags)


@pytest.mark.parametrize(
    "key", ["description", "language", "license", "topics", "homepage", "archived"]
)
def test_what_is_missing_takes_nothing_away(key: str) -> None:
    full, thin = one(homepage="https://example.org"), without(key)

    assert thin.thin
    if key != "homepage":
        thin = replace(thin, extra={**thin.extra, "homepage": "https://example.org"})
    assert merged(full, thin).content_hash == full.content_hash


def test_an_old_answer_with_few_keys_is_accepted() -> None:
    (item,) = recorded("repository_old")

    assert (item.title, item.thin) == ("eve-example/relic", True)
    assert "stars" not in seen(item)


def test_an_address_that_is_no_web_address_is_replaced() -> None:
    assert one(html_url="javascript:alert(1)").url == "https://github.com/owner/repo-1"
    assert one(html_url=None).url == "https://github.com/owner/repo-1"
    assert one(html_url="http://ghe.example/a/b").url == "http://ghe.example/a/b"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("  x\ty ", "x\ty"),
        ("a\x00\x02b\x1b[31m", "ab[31m"),
        ("a\r\nb", "a\nb"),
        ("half \ud83d of a pair", "half  of a pair"),
        ("\x07", None),
        ("", None),
    ],
)
def test_texts_are_made_fit_to_be_kept(written: str, kept: str | None) -> None:
    assert one(description=written).summary == kept


def test_licenses_without_a_code_have_their_key() -> None:
    assert Tag("license", "other") in one(license={"key": "other", "spdx_id": None}).tags


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"id": None}, "an object of the answer has no id"),
        ({"id": "1"}, "id in the answer is '1', not a whole number"),
        ({"id": 0}, "has no id"),
        ({"id": True}, "not a whole number"),
        ({"id": 2**64}, "not a whole number"),
        ({"id": 1.5}, "not a whole number"),
        ({"full_name": None}, "the object 1 of the answer has no full_name"),
        ({"full_name": ["a/b"]}, "not a text"),
        ({"stargazers_count": "many"}, "stargazers_count in the answer is 'many'"),
        ({"archived": "no"}, "archived in the answer is 'no', not true or false"),
        ({"license": "mit"}, "license in the answer is 'mit', not an object"),
        ({"topics": "ai"}, "topics in the answer is 'ai', not a list"),
        ({"topics": [1]}, "topics in the answer is 1, not a text"),
        ({"created_at": "yesterday"}, "'yesterday' is not a moment"),
        ({"parent": {"id": None}, "fork": True}, "has no id"),
    ],
)
def test_one_bad_object_fails_the_whole_answer(change: dict[str, Json], words: str) -> None:
    rows: list[Json] = [repository(2), repository(1, **change)]

    with pytest.raises(BadAnswerError, match=words):
        items({"total_count": 2, "items": rows})


# --- releases ---------------------------------------------------------------------------------


def test_releases_are_items_of_their_own() -> None:
    candidate, stable = recorded("releases")

    assert (candidate.kind, candidate.natural_id) == (ItemKind.RELEASE, "release/5000")
    assert candidate.title == "ada-example/orrery v2.0.0-rc.1"
    assert candidate.summary == "## Changed\n\n- planets move"
    assert candidate.published_at == datetime(2026, 2, 28, 10, tzinfo=UTC)
    assert candidate.relations == (Relation("isVersionOf", "900000001"),)
    assert candidate.extra == {"name": None, "prerelease": True, "tag": "v2.0.0-rc.1"}
    assert candidate.contributors[0].role == "author"
    assert candidate.observations == ()
    assert seen(stable) == {"downloads": 15}
    assert (stable.contributors, stable.summary) == ((), None)


def test_drafts_are_not_for_the_public() -> None:
    assert items([release(1, draft=True)]) == []


def test_downloads_make_no_version() -> None:
    def downloaded(times: int) -> Item:
        (item,) = items([release(1, assets=[{"download_count": times}])])
        return item

    assert downloaded(1).content_hash == downloaded(2).content_hash
    assert seen(downloaded(2)) == {"downloads": 2}


def test_a_release_may_say_little() -> None:
    (item,) = items([{"id": 3, "tag_name": "v1"}])

    assert (item.title, item.url, item.relations) == ("v1", "", ())


def test_a_release_and_a_repository_of_the_same_number_are_two_items() -> None:
    (new,), (repo,) = items([release(1)]), items(repository(1))

    assert new.natural_id != repo.natural_id


# --- unchanged and gone -----------------------------------------------------------------------


def test_unchanged_is_the_known_item_again() -> None:
    (stub,) = items(b"", "/repositories/1", 304)
    known = one()

    assert (stub.natural_id, stub.title, stub.thin) == ("1", "", True)
    assert merged(known, stub).content() == known.content()


@pytest.mark.parametrize(
    ("stem", "status", "reason"),
    [
        ("gone_404", ItemStatus.DELETED, "deleted, or made private"),
        ("blocked_451", ItemStatus.UNAVAILABLE, "dmca"),
        ("blocked_403", ItemStatus.UNAVAILABLE, "tos"),
    ],
)
def test_gone_is_a_status_and_the_rest_is_kept(stem: str, status: ItemStatus, reason: str) -> None:
    (stub,) = recorded(stem)

    assert stub.thin
    after = merged(one(), stub)
    assert (after.status, after.status_reason) == (status, reason)
    assert (after.title, after.summary, after.tags) == (one().title, one().summary, one().tags)


def test_a_block_without_a_reason_has_githubs_words() -> None:
    (stub,) = items({"message": "Repository access blocked"}, "/repositories/1", 451)

    assert stub.status_reason == "Repository access blocked"


def test_what_came_back_is_active_again() -> None:
    (gone,) = recorded("gone_404")
    (unchanged,) = items(b"", "/repositories/1", 304)

    back = merged(merged(one(), gone), unchanged)

    assert (back.status, back.status_reason) == (ItemStatus.ACTIVE, None)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/repos/owner/name", 404),
        ("/orgs/owner/repos", 404),
        ("/repositories/1/releases", 404),
        ("/repositories/1/releases", 304),
    ],
)
def test_of_a_name_or_a_list_nothing_follows(path: str, status: int) -> None:
    assert items({"message": "Not Found"}, path, status) == []


@pytest.mark.parametrize("stem", ["gone_404", "blocked_451", "limit_primary", "limit_secondary"])
def test_a_refusal_is_never_a_repository(stem: str) -> None:
    with pytest.raises(BadAnswerError):
        items((RECORDINGS / f"{stem}.json").read_bytes())
