"""Pages about one thing: names and what they are. Needs no rich."""

import shutil
import sys
import textwrap
from collections.abc import Iterable

from stoma.cli.streams import tinted
from stoma.cli.tables import width
from stoma.text import safe


def facts(rows: Iterable[tuple[str, str]], *, gap: int = 2) -> str:
    """Return *rows* as names and texts; rows without a text are left out.

    A text keeps its lines. On a terminal, long ones go on below.
    """
    given = [(safe(name), text) for name, text in rows if text]
    indent = max((width(name) for name, _ in given), default=0) + gap
    lines = []
    for name, text in given:
        first, *rest = _wrapped(safe(text, lines=True), indent) or [""]
        lines.append(f"{tinted(name, '2')}{' ' * (indent - width(name))}{first}")
        lines += [f"{' ' * indent}{line}".rstrip() for line in rest]
    return "".join(f"{line}\n" for line in lines)


def heading(text: str) -> str:
    """Return a line that stands above others."""
    return f"{tinted(safe(text), '1')}\n"


def paragraph(text: str) -> str:
    """Return *text* as lines that fit the terminal; as one line where there is none."""
    return "".join(f"{line}\n" for line in _wrapped(safe(text, lines=True), 0))


def _wrapped(text: str, indent: int) -> list[str]:
    lines = text.split("\n")
    if not sys.stdout.isatty():
        return lines
    room = max(20, shutil.get_terminal_size().columns - indent)
    return [part for line in lines for part in textwrap.wrap(line, room) or [""]]
