"""Text that comes from outside, made harmless; and suggestions for words that do not exist."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

# C0 and C1 controls, DEL, and the bidirectional overrides of Unicode TR 36 that can reorder
# what a terminal shows. Tab and newline are treated apart.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")

#: How a formula begins, the full-width signs of East Asian keyboards included.
_FORMULA = ("=", "+", "-", "@", "\t", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def safe(text: object, *, lines: bool = False) -> str:
    r"""Return *text* without anything a terminal or a log line would obey.

    Control characters are shown as `\x1b`; newlines and tabs become spaces, unless *lines* is
    true, which keeps them for multi-line output.
    """
    shown = _CONTROL.sub(_escape, str(text))
    return shown if lines else shown.replace("\n", " ").replace("\t", " ")


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def harmless_cell(text: str) -> str:
    """Return *text* for a cell of CSV, which no spreadsheet takes for a formula.

    What begins like one gets an apostrophe before it (https://owasp.org/www-community/attacks/CSV_Injection).
    For texts: a number is none, whatever its sign. Lines end with a newline alone, as a carriage
    return ends a row for whoever reads it, and is not always quoted.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def collapse(text: str) -> str:
    """Return *text* with every run of white space as one space, none at the ends."""
    return " ".join(text.split())


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `did you mean: x ?` for the closest of *known*, or an empty string."""
    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean: {close[0]} ?" if close else ""
