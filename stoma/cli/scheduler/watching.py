"""A page that is shown again and again, until somebody ends it."""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from stoma.cli.signals import ending_on_sigterm
from stoma.cli.streams import put
from stoma.clock import Clock

#: Clear what is left of a line; of the screen; go to its first place (ECMA-48).
_END_OF_LINE, _REST, _HOME = "\x1b[K", "\x1b[J", "\x1b[H"
#: A screen of its own, with the cursor hidden; and back to what was there before.
_ENTER, _LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"


def watch(show: Callable[[], None], clock: Clock, seconds: float) -> None:
    """Call *show*, which writes a page to stdout, every so many seconds, for ever.

    On a terminal each page takes the place of the one before; elsewhere they follow each other.
    """
    with ending_on_sigterm(), _screen():
        while True:
            show()
            clock.sleep(seconds)


def drawn(text: str) -> str:
    """Return a page as it takes the place of the one before; an empty line after it elsewhere.

    What has no room on the terminal is left out at the end.
    """
    if not sys.stdout.isatty():
        return f"{text}\n"
    lines = text.splitlines()[: shutil.get_terminal_size().lines - 1]
    return _HOME + "".join(f"{line}{_END_OF_LINE}\n" for line in lines) + _REST


@contextmanager
def _screen() -> Iterator[None]:
    if not sys.stdout.isatty():
        yield
        return
    put(_ENTER)
    try:
        yield
    finally:
        put(_LEAVE)
