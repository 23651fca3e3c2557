"""Schedules in a few words, and marks for states."""

import pytest

from stoma.cli.words import MARKS, mark, said, schedule_words, tint
from stoma.domain.run import Outcome, RunState
from stoma.domain.task import Json


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("hourly", "hourly"),
        ("daily", "daily 00:00 UTC"),
        ("daily_at_06:00", "daily 06:00 UTC"),
        ("weekly", "weekly UTC"),
        ("weekly_on_mon_at_09:00", "Mon 09:00 UTC"),
        ("monthly", "monthly UTC"),
        ("interval_30m", "every 30m"),
        ("run_then_wait_10m", "10m after each run"),
        ("once_at_2026-12-01T09:00", "once 2026-12-01 09:00 UTC"),
        ("cron: 0 9 * * 1-5", "0 9 * * 1-5 UTC"),
        ("0 9 * * 1-5", "0 9 * * 1-5 UTC"),
        ("@daily", "@daily UTC"),
        ("time_of_day 08:00,16:00", "time_of_day 08:00,16:00 UTC"),
        ("manual", "manual"),
        ({"type": "daily", "hour": 14, "minute": 5}, "daily 14:05 UTC"),
        ({"type": "weekly", "day_of_week": "mon", "hour": 9}, "Mon 09:00 UTC"),
        ({"type": "monthly", "day": 15}, "monthly on 15, 00:00 UTC"),
        ({"type": "hourly", "minute": 30}, "hourly at :30"),
        ({"type": "interval", "hours": 2, "minutes": 30}, "every 2h30m"),
        ({"type": "interval", "interval_seconds": 1800}, "every 1800s"),
        ({"cron": "0 9 * * *", "timezone": "America/New_York"}, "0 9 * * * America/New_York"),
        ({"type": "custom", "cron_expression": "0 */2 * * *"}, "0 */2 * * * UTC"),
        ({"pattern": "daily_at_06:00", "skip_weekends": True}, "daily 06:00 UTC"),
        ({"type": "time_of_day", "hours": [8]}, '{"type": "time_of_day", "hours": [8]}'),
        (None, "None"),
    ],
)
def test_a_schedule_fits_into_a_column(spec: Json, words: str) -> None:
    assert schedule_words(spec, "UTC") == words


def test_every_outcome_and_state_has_a_mark_and_a_word() -> None:
    words = {*map(str, Outcome), *(str(each) for each in RunState if each is not RunState.DONE)}

    assert set(MARKS) == words
    assert all(len(mark(word)) == 1 and said(word) and tint(mark(word)) for word in words)


def test_a_word_of_a_later_version_is_shown_as_it_is() -> None:
    assert (mark("paused"), said("paused"), tint("?")) == ("?", "paused", "")
