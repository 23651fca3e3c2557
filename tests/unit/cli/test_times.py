"""Moments, lengths and sizes as people read them."""

from datetime import UTC, datetime, timedelta

import pytest

from stoma.cli.options import moment, seconds
from stoma.cli.times import Times, iso, local, relative, size, span
from stoma.exceptions import UsageError

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (None, "-"),
        (0, "0s"),
        (0.04, "0.0s"),
        (0.7, "0.7s"),
        (9.96, "10.0s"),
        (41, "41s"),
        (59.9, "59s"),
        (60, "1m"),
        (100, "1m40s"),
        (599, "9m59s"),
        (600, "10m"),
        (3599, "59m"),
        (3600, "1h"),
        (5400, "1h30m"),
        (36000, "10h"),
        (47 * 3600, "47h"),
        (2 * 86400, "2d"),
        (400 * 86400, "400d"),
        (timedelta(minutes=5), "5m"),
    ],
)
def test_a_length_is_never_told_longer_than_it_is(
    length: float | timedelta | None, text: str
) -> None:
    assert span(length) == text


@pytest.mark.parametrize(
    ("away", "text"),
    [
        (0, "now"),
        (0.9, "now"),
        (-0.9, "now"),
        (7.3, "in 7s"),
        (-59, "59s ago"),
        (-90, "2m ago"),
        (59.4 * 60, "in 59m"),
        (3600, "in 1h"),
        (2.6 * 3600, "in 3h"),
        (-35 * 3600, "35h ago"),
        (36 * 3600, "in 2d"),
    ],
)
def test_a_moment_is_told_by_its_distance(away: float, text: str) -> None:
    assert relative(NOW + timedelta(seconds=away), NOW) == text


def test_a_moment_is_told_on_the_clock_of_a_zone() -> None:
    times = Times(NOW, "Europe/Berlin")

    assert times.at(NOW) == "Mon 2026-03-02 13:00 CET"
    assert times.at(NOW, "Asia/Tokyo") == "Mon 2026-03-02 21:00 JST"
    assert times.full(NOW + timedelta(hours=1)) == "Mon 2026-03-02 14:00 CET (in 1h)"
    assert (times.at(None), times.near(None), times.full(None)) == ("-", "-", "-")


def test_utc_is_for_scripts() -> None:
    times = Times(NOW, "Europe/Berlin", utc=True)

    assert times.near(NOW) == times.at(NOW) == times.full(NOW) == "2026-03-02T12:00:00Z"


@pytest.mark.parametrize("zone", ["Nowhere/Land", "", "../etc/passwd"])
def test_a_zone_that_has_gone_is_utc(zone: str) -> None:
    assert local(NOW, zone) == NOW


def test_json_has_an_offset() -> None:
    assert iso(NOW) == "2026-03-02T12:00:00+00:00"
    assert iso(None) is None


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (4_100_000, "4.1 MB"), (3e12, "3000.0 GB")],
)
def test_a_size_has_a_unit(count: int, text: str) -> None:
    assert size(count) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T09:00", datetime(2026, 3, 1, 9, tzinfo=UTC)),
        ("2026-03-01T09:00+01:00", datetime(2026, 3, 1, 8, tzinfo=UTC)),
        ("2026-03-01T09:00:00Z", datetime(2026, 3, 1, 9, tzinfo=UTC)),
        (None, None),
    ],
)
def test_a_moment_can_be_typed(text: str | None, expected: datetime | None) -> None:
    assert moment(text, "--since") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90", 90.0), ("90s", 90.0), ("1.5m", 90.0), ("2h", 7200.0), ("1d", 86400.0), (None, None)],
)
def test_a_length_can_be_typed(text: str | None, expected: float | None) -> None:
    assert seconds(text, "--timeout") == expected


@pytest.mark.parametrize("text", ["", "h", "ten", "1w", "nan", "inf", "1e999d"])
def test_what_is_no_length_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--timeout"):
        seconds(text, "--timeout")
