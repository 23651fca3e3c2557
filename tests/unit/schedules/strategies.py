"""Schedules, filters and moments of every sort, for laws."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from tests.unit.schedules.made import NEW_YORK

ZONES = st.sampled_from(
    [
        *("UTC", NEW_YORK, "Europe/London", "Australia/Lord_Howe", "Pacific/Apia"),
        *("Africa/Casablanca", "America/Havana", "America/Sao_Paulo", "Asia/Kathmandu"),
    ]
)
MOMENTS = st.datetimes(datetime(1975, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))
HOURS, MINUTES = st.integers(0, 23), st.integers(0, 59)
CLOCKS = st.builds("{:02}:{:02}".format, HOURS, MINUTES)
DAYS = st.sampled_from(["sun", "mon", "TUE", "wednesday", "thu", "Friday", "sat"])
DURATIONS = st.builds("{}{}".format, st.integers(1, 3650), st.sampled_from("smhd"))
CRONS = st.builds(
    "{} {} {} {} {}".format,
    st.sampled_from(["*", "*/7", "0", "5,35", "H", "10-20", "59"]),
    st.sampled_from(["*", "*/5", "0", "1-3", "H", "2,14"]),
    st.sampled_from(["*", "*/2", "1", "13", "L", "28-L"]),
    st.sampled_from(["*", "*", "3", "feb-apr", "*/4"]),
    st.sampled_from(["*", "*", "1-5", "sun", "*/3"]),
)
TEXTS = st.one_of(
    st.sampled_from(["hourly", "daily", "weekly", "monthly", "manual", "@daily", "@yearly"]),
    st.builds("daily_at_{}".format, CLOCKS),
    st.builds("weekly_on_{}_at_{}".format, DAYS, CLOCKS),
    st.builds("interval_{}".format, DURATIONS),
    st.builds("run_then_wait_{}".format, DURATIONS),
    st.builds("time_of_day {}".format, st.lists(CLOCKS, min_size=1, max_size=4).map(",".join)),
    st.builds("once_at_{:%Y-%m-%dT%H:%M}".format, MOMENTS),
    CRONS,
    st.builds("cron: {}".format, CRONS),
)
ANCHORS = st.builds("{:%Y-%m-%d}".format, MOMENTS)
TABLES: st.SearchStrategy[dict[str, object]] = st.one_of(
    st.fixed_dictionaries({"type": st.just("hourly"), "minute": MINUTES}),
    st.fixed_dictionaries({"type": st.just("daily"), "hour": HOURS, "minute": MINUTES}),
    st.fixed_dictionaries(
        {"type": st.just("weekly"), "day_of_week": DAYS, "hour": HOURS, "minute": MINUTES}
    ),
    st.fixed_dictionaries({"type": st.just("monthly"), "day": st.integers(1, 31), "hour": HOURS}),
    st.fixed_dictionaries(
        {"type": st.just("interval"), "seconds": st.integers(1, 10**6)},
        optional={
            "run_on_start": st.booleans(),
            "anchor": st.builds("{:%Y-%m-%dT%H:%M}".format, MOMENTS),
        },
    ),
    st.fixed_dictionaries(
        {"type": st.just("time_of_day"), "hours": st.lists(HOURS, min_size=1, max_size=4)},
        optional={
            "minute": MINUTES,
            "days_interval": st.integers(1, 90),
            "anchor": ANCHORS,
        },
    ),
    st.fixed_dictionaries({"type": st.just("run_then_wait"), "wait_seconds": st.integers(1, 9999)}),
    st.fixed_dictionaries({"type": st.just("once"), "at": st.datetimes(datetime(1980, 1, 1))}),
    st.fixed_dictionaries({"cron": CRONS}, optional={"timezone": ZONES}),
    st.fixed_dictionaries({"cron": CRONS.map("*/9 {}".format), "seconds": st.just(True)}),
)
FILTERS: st.SearchStrategy[dict[str, object]] = st.fixed_dictionaries(
    {},
    optional={
        "skip_weekends": st.booleans(),
        "holidays": st.sampled_from(["US", "DE-BY", "gb-eng", "IR"]),
        "blackouts": st.just(
            [{"from": "22:00", "to": "06:00"}, {"from": "2025-12-24", "to": "2025-12-27T12:00"}]
        ),
        "only_between": st.sampled_from(["09:00-17:00", "20:00-04:00", "08:00-24:00"]),
        "on_hit": st.sampled_from(["skip", "defer_to_end", "next_business_day"]),
        "timezone": ZONES,
    },
)
