"""stdout carries data, stderr everything else; and what kind of place each leads to."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from stoma.exceptions import PromptNeededError, StomaError
from stoma.redaction import redacted
from stoma.settings import colour_wanted
from stoma.text import safe


def open_streams() -> None:
    """Let every text be written somewhere, whatever the encoding, and if it is to nowhere."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by the caller (`>&-`)
            setattr(sys, name, io.StringIO())
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def put(text: str) -> None:
    """Write data to stdout. Ends the command in silence if its reader has gone (`| head`)."""
    with _reader_may_go():
        sys.stdout.write(redacted(text))
        sys.stdout.flush()


def put_bytes(data: bytes) -> None:
    """Write data to stdout as it is; not for a terminal."""
    with _reader_may_go():
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


@contextmanager
def _reader_may_go() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        # What is still buffered must not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            raise typer.Exit from error
        raise StomaError(f"stdout can not be written: {error.strerror}") from error


def say(text: str = "") -> None:
    """Write a line for people to stdout."""
    put(f"{safe(text, lines=True)}\n")


def note(text: str) -> None:
    """Say something that is not data: on stderr."""
    sys.stderr.write(f"{safe(redacted(text), lines=True)}\n")


def coloured() -> bool:
    """Whether colour may be used on stdout."""
    return sys.stdout.isatty() and colour_wanted()


def tinted(text: str, code: str) -> str:
    """Return *text* in the colour *code* (SGR, see ECMA-48), if colour may be used."""
    return f"\x1b[{code}m{text}\x1b[0m" if code and coloured() else text


def interactive() -> bool:
    """Whether somebody sits there who can be asked."""
    # A stream that the caller closed (`<&-`) is None.
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def confirmed(question: str) -> bool:
    """Ask, on stderr, and return whether the answer is yes.

    Raises:
        PromptNeededError: Nobody is there to answer.
    """
    if not interactive():
        raise PromptNeededError(question, "--yes")
    sys.stderr.write(f"{safe(question)} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}
