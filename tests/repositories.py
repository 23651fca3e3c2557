"""Answers as GitHub writes them, about repositories that do not exist."""

import json
from collections.abc import Mapping, Sequence

from stoma.domain.task import Json
from tests.replay import Answer

_JSON = "application/json; charset=utf-8"


def repository(number: int, **other: Json) -> dict[str, Json]:
    """Return a repository as a search or a list shows it, usual but for *other*."""
    name = other.get("full_name", f"owner/repo-{number}")
    usual: dict[str, Json] = {
        "id": number,
        "full_name": name,
        "owner": {"login": str(name).partition("/")[0], "id": 7},
        "html_url": f"https://github.com/{name}",
        "description": f"About {number}.",
        "fork": False,
        "created_at": "2026-03-01T09:30:00Z",
        "pushed_at": "2026-03-02T07:59:00Z",
        "homepage": None,
        "stargazers_count": 42,
        "language": "Python",
        "forks_count": 5,
        "archived": False,
        "disabled": False,
        "open_issues_count": 3,
        "license": {"key": "mit", "spdx_id": "MIT"},
        "topics": ["scheduling"],
        "default_branch": "main",
    }
    return usual | other


def release(number: int, **other: Json) -> dict[str, Json]:
    """Return a release, usual but for *other*."""
    usual: dict[str, Json] = {
        "id": number,
        "html_url": f"https://github.com/owner/repo/releases/tag/v{number}",
        "tag_name": f"v{number}",
        "name": f"Version {number}",
        "draft": False,
        "prerelease": False,
        "author": {"login": "owner", "id": 7},
        "created_at": "2026-02-27T10:00:00Z",
        "published_at": "2026-02-28T10:00:00Z",
        "assets": [],
        "body": "News.",
    }
    return usual | other


def said(body: Json, status: int = 200, /, **headers: str) -> Answer:
    """Return *body* as JSON; `x_ratelimit_reset="1"` is the header `x-ratelimit-reset`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(json.dumps(body).encode(), status, {"Content-Type": _JSON, **named})


def found(
    rows: Sequence[Mapping[str, Json]], total: int, missed: bool = False, /, **headers: str
) -> Answer:
    """Return a page of search results; *missed* if GitHub ran out of time for some."""
    items: list[Json] = [dict(row) for row in rows]
    return said({"total_count": total, "incomplete_results": missed, "items": items}, **headers)


def numbered(first: int, count: int) -> list[dict[str, Json]]:
    """Return so many repositories, with consecutive numbers."""
    return [repository(number) for number in range(first, first + count)]


def refused(message: str, status: int, **headers: str) -> Answer:
    """Return a refusal in GitHub's words."""
    return said(
        {"message": message, "documentation_url": "https://docs.github.com"}, status, **headers
    )


def unchanged(etag: str = "") -> Answer:
    """Return HTTP 304, which has no body but may announce the length of the one it stands for."""
    return Answer(b"", 304, {"ETag": etag, "Content-Length": "13698"})
