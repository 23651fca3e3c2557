"""Tables for people: aligned columns that fit the terminal. Needs no rich."""

import shutil
import sys
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar

from stoma.cli.streams import coloured
from stoma.text import safe

T = TypeVar("T")

_DIM = "2"
_GAP = "  "


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """One column of a table."""

    name: str  #: for `--fields`, and the header
    cell: Callable[[T], str]
    wide: bool = False  #: shown by `-o wide` only
    right: bool = False  #: at the right edge
    least: int = 0  #: may be shortened to so many cells where the terminal is narrow; 0: never
    spare: bool = False  #: left out first where the terminal is narrow
    quiet: bool = False  #: left out where it has nothing to say
    bare: bool = False  #: no header
    tint: Callable[[T], str] | None = None  #: its colour (SGR), for the eye only

    @property
    def header(self) -> str:
        """What stands above it."""
        return "" if self.bare else self.name.upper().replace("_", " ")


def table(columns: Sequence[Column[T]], records: Sequence[T], *, headers: bool) -> str:
    """Return *records* in columns; shortened to the terminal's width only if there is one."""
    if not records:
        return ""
    limit = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    cells = {
        column.name: [column.header] * headers + [safe(column.cell(each)) for each in records]
        for column in columns
    }
    widths = {name: max(map(width, texts)) for name, texts in cells.items()}
    shown = [each for each in columns if not each.quiet or any(cells[each.name][headers:])]
    if limit is not None:
        shown = _without_spare(shown, widths, limit)
        _narrow(shown, widths, limit)
    tints = {column.name: _tints(column, records, headers=headers) for column in shown}
    lines = []
    for number in range(len(records) + headers):
        texts = [(cells[each.name][number], tints[each.name][number]) for each in shown]
        lines.append(_line(texts, [(widths[each.name], each.right) for each in shown], limit))
    return "".join(lines)


def _total(columns: Sequence[Column[T]], sizes: Mapping[str, int]) -> int:
    return sum(sizes[each.name] for each in columns) + len(_GAP) * (len(columns) - 1)


def _without_spare(
    columns: list[Column[T]], widths: Mapping[str, int], limit: int
) -> list[Column[T]]:
    """Return the columns that fit when each is as narrow as it may be."""
    least = {each.name: min(widths[each.name], each.least or limit) for each in columns}
    spare = [each for each in columns if each.spare]
    while spare and _total(columns, least) > limit:
        last = spare.pop()
        columns = [each for each in columns if each is not last]
    return columns


def _narrow(columns: Sequence[Column[T]], widths: dict[str, int], limit: int) -> None:
    """Shorten the columns that may be, the one with most to give first, until all fit."""
    giving = [each for each in reversed(columns) if each.least]
    for _ in range(_total(columns, widths) - limit):
        widest = max(giving, key=lambda each: widths[each.name] - each.least, default=None)
        if widest is None or widths[widest.name] <= widest.least:
            break
        widths[widest.name] -= 1


def _tints(column: Column[T], records: Sequence[T], *, headers: bool) -> list[str]:
    if not coloured():
        return [""] * (len(records) + headers)
    codes = [column.tint(each) if column.tint else "" for each in records]
    return [_DIM, *codes] if headers else codes


def _line(
    texts: Sequence[tuple[str, str]], places: Sequence[tuple[int, bool]], limit: int | None
) -> str:
    used, parts = 0, []
    for (cell, code), (size, at_right) in zip(texts, places, strict=True):
        if limit is not None and used >= limit:
            break
        room = size if limit is None else min(size, limit - used)
        text = shortened(cell, room)
        pad = " " * (room - width(text))
        shown = f"\x1b[{code}m{text}\x1b[0m" if code and text else text
        parts.append(pad + shown if at_right else shown + pad)
        used += room + len(_GAP)
    return _GAP.join(parts).rstrip() + "\n"


@lru_cache(maxsize=4096)  # marks, words and dates come again and again
def width(text: str) -> int:
    """Return how many cells *text* takes in a terminal: wide East Asian characters take two."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(each) else 1 + (unicodedata.east_asian_width(each) in "WF")
        for each in text
    )


def shortened(text: str, room: int) -> str:
    """Return *text* in at most *room* cells, with `…` where something is left out."""
    if width(text) <= room:
        return text
    while text and width(text) >= room:
        text = text[:-1]
    return f"{text}…" if room > 0 else ""
