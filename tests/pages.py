"""Pages as a reader without JavaScript sees them."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from lxml import html

from tests.web import Site

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def parsed(body: bytes | str) -> Any:
    """Return a page; what one asks of it by XPath may be anything."""
    return html.fromstring(body)


def look(site: Site, path: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Any:
    """Return a page; it is HTML, and came with *status*."""
    answer = site.get(path, headers=dict(headers or {}))
    assert answer.status_code == status, answer.text[:500]
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return parsed(answer.content)


def words(page: Any) -> str:
    """Return the text of the middle of a page, with single blanks."""
    return " ".join(" ".join(page.get_element_by_id("main").itertext()).split())


def post(
    site: Site, path: str, fields: Mapping[str, object], headers: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """Send a form; return the status, and where it leads."""
    body = urlencode(dict(fields), doseq=True)
    answer = site.send("POST", path, content=body, headers={**_FORM, **(headers or {})})
    return answer.status_code, answer.headers.get("location", answer.text)


def follow(site: Site, path: str, fields: Mapping[str, object]) -> str:
    """Send a form, go where it leads, and return the words of that page."""
    status, place = post(site, path, fields)
    assert status == 303, place[:500]
    return words(look(site, place))
