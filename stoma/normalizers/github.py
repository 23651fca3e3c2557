"""GitHub's answers, and its trending page, to repositories and releases."""

import re
from collections.abc import Iterator, Sequence
from urllib.parse import unquote, urlsplit

from stoma.domain.collection import CollectResult
from stoma.domain.item import (
    Contributor,
    Identifier,
    Item,
    ItemKind,
    ItemStatus,
    Observation,
    RawAnswer,
    Relation,
    Tag,
)
from stoma.github.answers import Row, gone, read_json, read_row, read_rows, read_search
from stoma.github.trending import read_trending
from stoma.normalizers.base import BaseNormalizer

#: What is asked for by number: a repository, or its releases.
_REPOSITORY = re.compile(r"/repositories/([0-9]{1,18})$")
_RELEASES = re.compile(r"/repositories/([0-9]{1,18})/releases$")
_RELEASE_PAGE = re.compile(r"https?://[^/]+/([^/]+/[^/]+)/releases/")
#: The language that a trending page is about.
_LIST = re.compile(r"/trending/([^/]+)$")
#: What an answer has to say of a repository to describe it fully.
_DESCRIPTION = ("description", "language", "topics", "license", "homepage", "archived")


class GithubNormalizer(BaseNormalizer):
    """Reads every object of an answer, or none: one without an id or a name fails the whole.

    In an answer that something is unchanged or gone there is no object; which one it is about
    stands in its address.
    """

    async def normalize(self, result: CollectResult) -> Sequence[Item]:
        """Return the repositories or releases in *result*, in its order.

        Raises:
            BadAnswerError: The answer is neither JSON of GitHub nor its trending page.
        """
        raw = result.raw
        if raw.status == 304 or gone(raw):
            return list(_without_object(raw))
        if raw.body.lstrip().startswith(b"<"):
            return list(_trending(raw))
        match read_json(raw.body):
            case list():
                return list(_listed(raw))
            case {"items": _}:
                return [_repository(row) for row in read_search(raw.body).rows]
        return [_repository(read_row(raw.body))]


def _without_object(raw: RawAnswer) -> Iterator[Item]:
    about = _number(_REPOSITORY, raw)
    if about is None:  # releases, or a name that nobody has: nothing follows from it
        return
    status, reason = ItemStatus.ACTIVE, None
    if raw.status == 404:
        status, reason = ItemStatus.DELETED, "deleted, or made private"
    elif gone(raw):
        said = read_row(raw.body)
        cause = said.row("block").text("reason")
        status, reason = ItemStatus.UNAVAILABLE, cause or said.text("message")
    yield Item(
        source="github",
        kind=ItemKind.REPOSITORY,
        natural_id=about,
        title="",
        url="",
        status=status,
        status_reason=reason,
        thin=True,
    )


def _listed(raw: RawAnswer) -> Iterator[Item]:
    repository = _number(_RELEASES, raw)
    for row in read_rows(raw.body):
        if "tag_name" not in row:
            yield _repository(row)
        elif not row.flag("draft"):
            yield _release(row, repository)


def _repository(row: Row) -> Item:
    name = row.needed("full_name")
    parent, license_ = row.row("parent"), row.row("license")
    spdx = license_.text("spdx_id") or license_.text("key")
    pushed = row.moment("pushed_at")
    disabled = row.flag("disabled") is True
    return Item(
        source="github",
        kind=ItemKind.REPOSITORY,
        natural_id=str(row.id),
        title=name,
        url=row.address("html_url") or f"https://github.com/{name}",
        summary=row.text("description"),
        published_at=row.moment("created_at"),
        status=ItemStatus.UNAVAILABLE if disabled else ItemStatus.ACTIVE,
        status_reason="disabled by GitHub" if disabled else None,
        contributors=_person(row.row("owner"), "owner"),
        identifiers=_names(row.id, name),
        tags=(
            *_tagged("language", row.text("language"), primary=True),
            *_tagged("license", spdx),
            *(Tag("topic", topic) for topic in row.texts("topics")),
        ),
        relations=(Relation("forkOf", str(parent.id)),) if "id" in parent else (),
        extra={
            "archived": row.flag("archived"),
            "default_branch": row.text("default_branch"),
            "fork": row.flag("fork"),
            "homepage": row.text("homepage"),
        },
        observations=_observed(
            stars=row.number("stargazers_count"),
            forks=row.number("forks_count"),
            open_issues=row.number("open_issues_count"),
            watchers=row.number("subscribers_count"),
            pushed_at=pushed.timestamp() if pushed else None,
        ),
        thin=any(key not in row for key in _DESCRIPTION)
        or (row.flag("fork") is True and "parent" not in row),
    )


def _release(row: Row, repository: str | None) -> Item:
    tag, address = row.needed("tag_name"), row.address("html_url") or ""
    page = _RELEASE_PAGE.match(address)
    downloads = [file.number("download_count") or 0 for file in row.rows("assets")]
    return Item(
        source="github",
        kind=ItemKind.RELEASE,
        natural_id=f"release/{row.id}",
        title=f"{page[1]} {tag}" if page else tag,
        url=address,
        summary=row.text("body"),
        published_at=row.moment("published_at") or row.moment("created_at"),
        contributors=_person(row.row("author"), "author"),
        relations=(Relation("isVersionOf", repository),) if repository else (),
        extra={"name": row.text("name"), "prerelease": row.flag("prerelease"), "tag": tag},
        observations=_observed(downloads=sum(downloads) if downloads else None),
    )


def _trending(raw: RawAnswer) -> Iterator[Item]:
    rows = read_trending(raw.body)
    language = _LIST.search(urlsplit(raw.url).path)
    period = next((row.period for row in rows if row.period), None)
    place = f"trending/{unquote(language[1])}/{period}" if language else f"trending/{period}"
    for rank, row in enumerate(rows, 1):
        yield Item(
            source="github",
            kind=ItemKind.REPOSITORY,
            natural_id=str(row.id),
            title=row.full_name,
            url=f"https://github.com/{row.full_name}",
            summary=row.description,
            contributors=(Contributor(name=row.full_name.partition("/")[0], role="owner"),),
            identifiers=_names(row.id, row.full_name),
            tags=_tagged("language", row.language, primary=True),
            observations=(
                *_observed(stars=row.stars, forks=row.forks),
                *_observed(place, trending_rank=rank),
                *_observed(f"trending/{period}", stars_gained=row.gained),
            ),
            thin=True,
        )


def _names(number: int, full_name: str) -> tuple[Identifier, ...]:
    return Identifier("github_id", str(number)), Identifier("full_name", full_name)


def _person(row: Row, role: str) -> tuple[Contributor, ...]:
    name, number = row.text("login"), row.number("id")
    external_id = None if number is None else str(number)
    return (Contributor(name=name, role=role, external_id=external_id),) if name else ()


def _tagged(scheme: str, term: str | None, *, primary: bool = False) -> tuple[Tag, ...]:
    return (Tag(scheme, term, primary),) if term else ()


def _observed(context: str = "", **metrics: float | None) -> tuple[Observation, ...]:
    known = {metric: value for metric, value in metrics.items() if value is not None}
    return tuple(Observation(metric, value, context) for metric, value in known.items())


def _number(pattern: re.Pattern[str], raw: RawAnswer) -> str | None:
    """Return the number of the repository that *raw* is about, if it was asked for by that."""
    found = pattern.search(urlsplit(raw.url).path)
    return found[1] if found else None
