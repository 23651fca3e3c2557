"""A secret that is known is found in whatever form it is written down."""

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stoma import redaction
from stoma.logs import LINE_CAP_BYTES, RunLog

SECRET = 'p&ss "w/rd" ü+1'
WRITERS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "json": json.dumps,
    "json, not ASCII": lambda text: json.dumps(text, ensure_ascii=False),
    "json in json": lambda text: json.dumps(json.dumps({"a": text})),
    "url": lambda text: quote(text, safe=""),
    "url path": quote,
    "form": quote_plus,
    "query": lambda text: urlencode({"key": text}),
    "lower-case url": lambda text: quote(text, safe="").lower() if text.islower() else quote(text),
    "html": escape,
    "hex": lambda text: text.encode().hex(),
    "HEX": lambda text: text.encode().hex().upper(),
    "repr": repr,
}


@pytest.fixture(autouse=True)
def nothing_known() -> Iterator[None]:
    redaction.forget()
    yield
    redaction.forget()


@pytest.mark.parametrize("form", WRITERS)
def test_a_secret_is_found_in_every_form(form: str) -> None:
    redaction.learn("MAIL", SECRET)
    line = f"before {WRITERS[form](SECRET)} after"

    clean = redaction.redacted(line)

    assert "[MAIL]" in clean
    assert clean.startswith("before ")
    assert clean.endswith(" after")
    assert redaction.redacted_bytes(line.encode()) == clean.encode()


@settings(deadline=None)
@given(
    before=st.binary(max_size=7),
    secret=st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), min_size=8, max_size=40),
    after=st.binary(max_size=7),
)
def test_base64_is_found_wherever_the_secret_stands_in_it(
    before: bytes, secret: str, after: bytes
) -> None:
    redaction.forget()
    redaction.learn("MAIL", secret)

    for encode in (b64encode, urlsafe_b64encode):
        written = encode(before + secret.encode() + after).decode()
        assert "[MAIL]" in redaction.redacted(written)


def test_what_is_not_known_stays_as_it_is() -> None:
    assert redaction.redacted("nothing here") == "nothing here"
    assert redaction.redacted_bytes(b"nothing here") == b"nothing here"


def test_too_short_a_secret_is_not_looked_for() -> None:
    redaction.learn("SHORT", "abc")

    assert redaction.redacted("abc") == "abc"


def test_the_longest_of_several_is_taken_whole() -> None:
    redaction.learn("ONE", "open")
    redaction.learn("TWO", "open sesame")
    redaction.learn("TWO", "open sesame")

    assert redaction.redacted("open sesame, open") == "[TWO], [ONE]"


@pytest.mark.parametrize("cut", [LINE_CAP_BYTES - 3, LINE_CAP_BYTES + 1, 5])
def test_a_run_s_log_does_not_keep_a_secret_that_comes_in_two_pieces(
    tmp_path: Path, cut: int
) -> None:
    redaction.learn("MAIL", "open sesame")
    at = datetime(2026, 3, 2, tzinfo=UTC)
    text = b"x" * cut + b"open sesame" + b"y" * LINE_CAP_BYTES

    with RunLog(tmp_path / "1.log") as log:
        for begin in range(0, len(text), cut + 4):
            log.feed(text[begin : begin + cut + 4], at)

    lines = (tmp_path / "1.log").read_bytes().splitlines()
    written = b"".join(line[25:] for line in lines)  # without the moment each begins with
    assert b"[MAIL]" in written
    assert b"sesame" not in written
