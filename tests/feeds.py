"""Atom feeds as arXiv writes them, of papers that do not exist."""

from tests.replay import Answer, ReplayServer, feed

_HEAD = (
    '<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"'
    ' xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns="http://www.w3.org/2005/Atom">'
    "<id>https://arxiv.org/api/x</id><title>arXiv Query</title>"
)


def papers(first: int, count: int, *, total: int | None = None, version: int = 1) -> bytes:
    """Return a feed of *count* papers from number *first*."""
    total = first + count if total is None else total
    entries = "".join(_entry(number, version) for number in range(first, first + count))
    return (
        f"<?xml version='1.0' encoding='UTF-8'?>{_HEAD}"
        f"<opensearch:totalResults>{total}</opensearch:totalResults>"
        f"<opensearch:startIndex>{first}</opensearch:startIndex>{entries}</feed>"
    ).encode()


def paper_id(number: int) -> str:
    """Return the id of a paper."""
    return f"2601.{number:05d}"


def serve_pages(server: ReplayServer, *, pages: int, size: int, **params: str) -> None:
    """Let *server* answer a search whose results fill *pages* pages of *size*."""
    for page in range(pages):
        answer = feed(papers(page * size, size, total=pages * size))
        server.answer("/api/query", answer, start=str(page * size), **params)


def page(number: int, *, pages: int, size: int) -> Answer:
    """Return the answer of one page."""
    return feed(papers(number * size, size, total=pages * size))


def _entry(number: int, version: int) -> str:
    name = f"http://arxiv.org/abs/{paper_id(number)}v{version}"
    return (
        f"<entry><id>{name}</id><title>Paper {number}</title>"
        f"<updated>2026-01-{version:02d}T00:00:00Z</updated>"
        f"<published>2026-01-01T00:00:00Z</published><summary>About {number}.</summary>"
        '<category term="cs.SE" scheme="http://arxiv.org/schemas/atom"/>'
        '<arxiv:primary_category term="cs.SE"/>'
        f"<author><name>Author {number}</name></author></entry>"
    )
