"""What is not there, and what keeps us out: the pages EDGAR answers with instead of files."""

import re

_WORDS = re.compile(
    rb"undeclared automated tool|request rate threshold exceeded|declare your traffic",
    re.IGNORECASE,
)
#: Of a page with status 403 such words are enough: a file that is missing is not called so.
_REFUSAL = re.compile(
    rb"access denied|permission to access|automated|captcha|unusual traffic|forbidden|blocked",
    re.IGNORECASE,
)
_PAGE = re.compile(rb"<!doctype html|<html|<head", re.IGNORECASE)
_NO_SUCH_FILE = re.compile(rb"<Code>\s*(NoSuchKey|AccessDenied)\s*</Code>")


def block_words(body: bytes, status: int = 200) -> str:
    """Return the words by which a page tells us to stay away; empty if *body* is none.

    Such pages come with status 403, 429 or 200. A filing may quote the words: only a page, or a
    line or two, is taken by them.
    """
    page = _PAGE.search(body[:1024])
    found = _WORDS.search(body[:16384]) if page or len(body) < 1024 else None
    if not found and page and status == 403:
        found = _REFUSAL.search(body[:16384])
    return found[0].decode() if found else ""


def says_absent(status: int, body: bytes) -> bool:
    """Whether an answer states that there is no such file, and does not merely refuse it."""
    return status == 404 or (status == 403 and _NO_SUCH_FILE.search(body[:2048]) is not None)
