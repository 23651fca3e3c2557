"""A password, asked for where somebody can answer, else read from stdin."""

import getpass
import sys

from stoma.cli.streams import interactive, note
from stoma.exceptions import UsageError


def ask_password(name: str) -> str:
    """Return the password of user *name*: typed twice and not shown, or the first line of stdin.

    Raises:
        UsageError: The two differ, or there is none.
    """
    if not interactive():
        line = sys.stdin.readline() if sys.stdin else ""
        if not line:
            raise UsageError("no password", hint="give it on stdin, or run this on a terminal")
        return line.rstrip("\r\n")
    note(f"password of {name}, 10 characters or more; it is not shown")
    first = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != first:
        raise UsageError("the two passwords differ")
    return first
