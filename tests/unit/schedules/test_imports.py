"""What a schedule costs before it is used: croniter and holidays wait until they are needed."""

import subprocess
import sys

import pytest

HEAVY = ("croniter", "dateutil", "holidays", "rich", "sqlalchemy", "pydantic")


def _loaded(code: str) -> set[str]:
    """Run *code* in a fresh interpreter; return which of the heavy packages it imported."""
    report = f"\nimport sys\nprint(*sys.modules.keys() & set({HEAVY!r}))"
    done = subprocess.run(
        [sys.executable, "-c", code + report],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "spec",
    [
        *("hourly", "daily", "weekly", "monthly", "daily_at_09:00", "weekly_on_mon_at_09:00"),
        *("interval_30m", "time_of_day 08:00,16:00", "run_then_wait_10m", "manual"),
        *("once_at_2026-12-01T09:00", "@daily", "@hourly", "@weekly", "@monthly", "@midnight"),
        {"type": "daily", "hour": 9, "skip_weekends": True, "only_between": "08:00-18:00"},
        {"cron": "@daily"},
        {"type": "time_of_day", "hours": [8], "days_interval": 2},
    ],
)
def test_plain_schedules_import_nothing_heavy(spec: object) -> None:
    code = f"""
from datetime import UTC, datetime
from stoma.schedules import parse_schedule
parse_schedule({spec!r}, "America/New_York").next_after(datetime(2026, 1, 1, tzinfo=UTC))
"""
    assert _loaded(code) == set()


def test_cron_text_needs_croniter_only() -> None:
    loaded = _loaded("from stoma.schedules import parse_schedule as p; p('0 9 * * *')")

    assert loaded == {"croniter", "dateutil"}


def test_a_country_needs_holidays_only() -> None:
    code = "from stoma.schedules import parse_schedule as p; p({'type': 'daily', 'holidays': 'US'})"

    assert _loaded(code) - {"dateutil"} == {"holidays"}
