"""Feeds are read strictly, and what is none is described."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoma.atom import describe, moment, read_feed, text
from stoma.exceptions import BadAnswerError
from stoma.text import safe

OPEN = (
    '<feed xmlns="http://www.w3.org/2005/Atom" '
    'xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">'
)
TOTAL = "<opensearch:totalResults>{}</opensearch:totalResults>"
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))


def feed_of(inside: str, declaration: str = "") -> bytes:
    return f"{declaration}{OPEN}{inside}</feed>".encode()


def test_a_feed_has_entries_and_a_total() -> None:
    feed = read_feed(
        feed_of(TOTAL.format(214881) + "<entry/><entry><title> a\n b </title></entry>")
    )

    assert feed.total == 214881
    assert [text(entry, "atom:title") for entry in feed.entries] == [None, "a b"]


def test_text_inside_markup_and_around_comments_is_text() -> None:
    inside = '<entry><title type="xhtml">a <i>b</i><!-- no --> c<?no?></title></entry> tail'

    (entry,) = read_feed(feed_of(inside)).entries

    assert text(entry, "atom:title") == "a b c"


def test_the_encoding_is_the_one_declared() -> None:
    declared = '<?xml version="1.0" encoding="ISO-8859-1"?>'
    body = f"{declared}{OPEN}<entry><title>Müller</title></entry></feed>".encode("latin-1")

    (entry,) = read_feed(body).entries

    assert text(entry, "atom:title") == "Müller"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "the answer is empty"),
        (b" \n\t", "the answer is empty"),
        (b"Rate exceeded.", 'the answer is the text "Rate exceeded."'),
        (b"<html><head><title>Sorry\n</title>", 'the answer is an HTML page "Sorry"'),
        (b"<!DOCTYPE html><html><body/></html>", "the answer is an HTML page"),
        (b"<rss version='2.0'><channel/></rss>", "bytes of XML, not an Atom feed"),
        (b"<feed><entry/></feed>", "bytes of XML, not an Atom feed"),
        (b'{"items": []}', 'the text "{"items": []}"'),
        (b"\x1f\x8b\x08\x00junk", "the text"),
        (feed_of("<entry/>")[:-4], "not a whole Atom feed"),
        (feed_of("<entry>"), "not a whole Atom feed"),
        (feed_of("<entry/>") + feed_of(""), "not a whole Atom feed"),
        (feed_of("<title>&nbsp;</title>"), "not a whole Atom feed"),
        (feed_of("<title>a\x00b</title>"), "not a whole Atom feed"),
        (feed_of("<title>\xff</title>").replace("ÿ".encode(), b"\xff"), "not a whole Atom feed"),
        (feed_of("", '<?xml version="1.0" encoding="klingon"?>'), "not a whole Atom feed"),
        (feed_of("<a>" * 300 + "</a>" * 300), "not a whole Atom feed"),
        (feed_of("", "<!DOCTYPE feed>"), "not an Atom feed"),
        (
            feed_of(
                "<entry><title>&x;</title></entry>",
                '<!DOCTYPE feed [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
            ),
            "not an Atom feed",
        ),
        (
            feed_of(
                "<entry><title>&l11;</title></entry>",
                f'<!DOCTYPE feed [<!ENTITY l0 "ha">{LAUGHS}]>',
            ),
            "Atom feed",
        ),
        (feed_of(TOTAL.format("many")), "says it has 'many' results"),
        (feed_of(TOTAL.format("-1")), "says it has '-1' results"),
    ],
)
def test_what_is_no_feed_is_described(body: bytes, words: str) -> None:
    with pytest.raises(BadAnswerError) as caught:
        read_feed(body)

    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("keep", range(0, 260, 7))
def test_a_feed_cut_anywhere_is_an_error(keep: int) -> None:
    body = feed_of(TOTAL.format(2) + "<entry><id>1</id></entry><entry><id>2</id></entry>")

    with pytest.raises(BadAnswerError):
        read_feed(body[: min(keep, len(body) - 1)])


@given(body=st.binary(max_size=200))
def test_anything_is_described_in_one_short_line(body: bytes) -> None:
    words = describe(body)

    assert len(words) < 400
    assert words == safe(words)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2016-05-26T17:59:46Z", datetime(2016, 5, 26, 17, 59, 46, tzinfo=UTC)),
        ("2016-05-26T17:59:46-04:00", datetime(2016, 5, 26, 21, 59, 46, tzinfo=UTC)),
        ("2016-05-26T17:59:46.5+00:00", datetime(2016, 5, 26, 17, 59, 46, 500000, tzinfo=UTC)),
    ],
)
def test_a_moment_is_in_utc(written: str, expected: datetime) -> None:
    read = moment(written)

    assert read == expected
    assert read.tzinfo is UTC


@pytest.mark.parametrize(
    "written",
    ["", "yesterday", "2016-05-26", "2016-05-26T17:59:46", "2016-13-01T00:00:00Z",
     "0001-01-01T00:00:00+14:00"],
)  # fmt: skip
def test_what_has_no_offset_is_no_moment(written: str) -> None:
    with pytest.raises(BadAnswerError, match="is not a moment with an offset"):
        moment(written)
