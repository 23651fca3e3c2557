"""Reads the page https://github.com/trending, for which there is no API. No I/O.

Its layout changes every year or two. What is not the layout known here is an error: scrapers of
this page have a history of finding nothing, and of saying nothing about it.
"""

import json
import re
from dataclasses import dataclass
from typing import cast

from lxml import html

from stoma.atom import describe
from stoma.exceptions import BadAnswerError
from stoma.github.answers import clean
from stoma.text import collapse, safe

_PERIODS = {"today": "daily", "this week": "weekly", "this month": "monthly"}
_GAINED = re.compile(r"([\d,]+) stars? (today|this week|this month)")
_NAME = re.compile(r"/([\w.-]+/[\w.-]+)")
_ROWS = "//article[contains(concat(' ', normalize-space(@class), ' '), ' Box-row ')]"
_BLANK = "//*[contains(concat(' ', normalize-space(@class), ' '), ' blankslate ')]"
#: What a blank page says, in the language and spelling of https://github.com.
_NOTHING = "trending repositories"


@dataclass(frozen=True, slots=True)
class TrendingRow:
    """One repository of the page."""

    id: int
    full_name: str
    description: str | None
    language: str | None  #: as displayed: `Jupyter Notebook`
    stars: int
    forks: int | None
    gained: int | None  #: stars in the page's period
    period: str | None  #: `daily`, `weekly` or `monthly`


def read_trending(body: bytes) -> tuple[TrendingRow, ...]:
    """Return the repositories of the page in *body*, in its order; none if it says there are none.

    Raises:
        BadAnswerError: It is another page, not complete, or of a layout not known here.
    """
    if not body.rstrip().lower().endswith(b"</html>"):
        raise BadAnswerError(f"the answer is {describe(body)}, not a whole page")
    page = html.document_fromstring(body, parser=html.HTMLParser(encoding="utf-8"))
    rows = tuple(_row(article) for article in _all(page, _ROWS))
    if rows:
        if all(row.gained is None for row in rows):
            raise BadAnswerError("no row of the trending page says how many stars it gained")
        return rows
    if any(_NOTHING in _text(blank) for blank in _all(page, _BLANK)):
        return ()
    raise BadAnswerError(f"the answer is {describe(body)} without trending repositories")


def _row(article: html.HtmlElement) -> TrendingRow:
    links = _all(article, "./h2//a[@href]")
    name = _NAME.fullmatch(links[0].get("href", "")) if links else None
    if name is None:
        raise BadAnswerError("a row of the trending page names no repository")
    gained = _GAINED.search(_first(article, ".//span[contains(@class, 'float-sm-right')]") or "")
    stars = _number(article, f"/{name[1]}/stargazers")
    if stars is None:
        raise BadAnswerError(f"the row of {name[1]} on the trending page has no stars")
    return TrendingRow(
        id=_record_id(links[0], name[1]),
        full_name=name[1],
        description=_first(article, "./p[contains(@class, 'col-9')]"),
        language=_first(article, ".//*[@itemprop='programmingLanguage']"),
        stars=stars,
        forks=_number(article, f"/{name[1]}/forks"),
        gained=int(gained[1].replace(",", "")) if gained else None,
        period=_PERIODS[gained[2]] if gained else None,
    )


def _record_id(link: html.HtmlElement, name: str) -> int:
    """Return the number of a repository: it stands in what the link reports when clicked."""
    try:
        number = json.loads(link.get("data-hydro-click", ""))["payload"]["record_id"]
    except (ValueError, KeyError, TypeError, RecursionError):
        number = None
    if isinstance(number, bool) or not isinstance(number, int) or number <= 0:
        raise BadAnswerError(f"the row of {safe(name)} on the trending page has no id")
    return number


def _number(article: html.HtmlElement, address: str) -> int | None:
    digits = (_first(article, f".//a[@href='{address}']") or "").replace(",", "")
    return int(digits) if re.fullmatch(r"[0-9]{1,15}", digits) else None


def _first(article: html.HtmlElement, path: str) -> str | None:
    found = _all(article, path)
    return _text(found[0]) or None if found else None


def _all(place: html.HtmlElement, path: str) -> list[html.HtmlElement]:
    return cast("list[html.HtmlElement]", place.xpath(path))


def _text(element: html.HtmlElement) -> str:
    return collapse(clean(element.text_content()) or "")
