"""Reads GitHub's JSON strictly: what is not whole, or not of its type, is an error. No I/O.

Shared by the collector, which only counts, and the normalizer, which reads everything.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

from stoma.atom import describe, moment
from stoma.domain.item import RawAnswer
from stoma.domain.task import Json
from stoma.exceptions import BadAnswerError
from stoma.text import safe

# No text that is kept holds control characters; halves of surrogate pairs can not be kept at all.
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_LARGEST = 2**53  # beyond it a number of JSON means different things to different readers


@dataclass(frozen=True, slots=True)
class Row:
    """One object of an answer. What is absent, null or blank is None; a wrong type is an error."""

    values: Mapping[str, Json]

    def __contains__(self, key: object) -> bool:
        return key in self.values

    @property
    def id(self) -> int:
        """The number that names it for ever."""
        number = self.number("id")
        if number is None or number <= 0:
            raise BadAnswerError(f"an object of the answer has no id, but {self._shown('id')}")
        return number

    def text(self, key: str) -> str | None:
        """Return a text without control characters and without blanks at its ends."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, str):
            self._wrong(key, "a text")
        return clean(value)

    def needed(self, key: str) -> str:
        """Return a text that the object can not do without."""
        value = self.text(key)
        if value is None:
            raise BadAnswerError(f"the object {self.id} of the answer has no {key}")
        return value

    def address(self, key: str) -> str | None:
        """Return a web address; what would be another kind of link is left out."""
        value = self.text(key)
        return value if value and value.startswith(("https://", "http://")) else None

    def number(self, key: str) -> int | None:
        """Return a whole number of a size that can be stored."""
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _LARGEST:
            self._wrong(key, "a whole number")
        return value

    def flag(self, key: str) -> bool | None:
        """Return yes or no."""
        value = self.values.get(key)
        if value is not None and not isinstance(value, bool):
            self._wrong(key, "true or false")
        return value

    def moment(self, key: str) -> datetime | None:
        """Return a moment, in UTC."""
        value = self.text(key)
        return None if value is None else moment(value)

    def row(self, key: str) -> "Row":
        """Return an object inside this one; an empty one if there is none."""
        value = self.values.get(key)
        if value is not None and not isinstance(value, dict):
            self._wrong(key, "an object")
        return Row(value or {})

    def rows(self, key: str) -> tuple["Row", ...]:
        """Return the objects of a list inside this one."""
        value = self.values.get(key)
        return () if value is None else _rows(value)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return the texts of a list inside this one."""
        value = self.values.get(key)
        if value is not None and not isinstance(value, list):
            self._wrong(key, "a list")
        words = (Row({key: each}).text(key) for each in value or ())
        return tuple(word for word in words if word)

    def _wrong(self, key: str, wanted: str) -> NoReturn:
        raise BadAnswerError(f"{key} in the answer is {self._shown(key)}, not {wanted}")

    def _shown(self, key: str) -> str:
        return safe(repr(self.values.get(key)))[:60]


def gone(answer: RawAnswer) -> bool:
    """Whether *answer*, one that the client let through, says that a thing is not to be had."""
    return answer.status in {403, 404, 451}


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of search results."""

    rows: tuple[Row, ...]
    total: int  #: how many results there are in all; a search gives 1000 of them at most
    incomplete: bool  #: GitHub ran out of time and knows that it missed some


def clean(text: str) -> str | None:
    """Return *text* fit to be kept: no control characters, no blanks at its ends; None if empty."""
    return _UNFIT.sub("", text.replace("\r\n", "\n")).strip() or None


def read_json(body: bytes) -> Json:
    """Return what the JSON in *body* says.

    Raises:
        BadAnswerError: The bytes are anything else, not complete, or nested beyond reason.
    """
    try:
        said: Json = json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise BadAnswerError(f"the answer is {describe(body)}, not whole JSON") from error
    return said


def read_row(body: bytes) -> Row:
    """Return the object that *body* is.

    Raises:
        BadAnswerError: It is none.
    """
    said = read_json(body)
    if not isinstance(said, dict):
        raise BadAnswerError(f"the answer is {describe(body)}, not an object")
    return Row(said)


def read_rows(body: bytes) -> tuple[Row, ...]:
    """Return the objects of the list that *body* is.

    Raises:
        BadAnswerError: It is no list of objects with ids.
    """
    return _rows(read_json(body))


def read_search(body: bytes) -> SearchPage:
    """Return the page of search results that *body* is.

    Raises:
        BadAnswerError: It is none.
    """
    page = read_row(body)
    total = page.number("total_count")
    if total is None or total < 0 or page.values.get("items") is None:
        raise BadAnswerError(f"the answer is {describe(body)}, not a page of search results")
    return SearchPage(page.rows("items"), total, page.flag("incomplete_results") or False)


def _rows(listed: Json) -> tuple[Row, ...]:
    if not isinstance(listed, list):
        raise BadAnswerError("the answer has something else in place of a list")
    rows = [Row(each) for each in listed if isinstance(each, dict)]
    if len(rows) < len(listed):
        raise BadAnswerError("the answer has a list with something else than objects in it")
    return tuple(rows)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)  # NaN and Infinity are Python's, not JSON's
