"""Weekends and public holidays of a country, by the `holidays` package, loaded when asked for."""

from collections.abc import Iterable
from datetime import date
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from stoma.exceptions import ScheduleError
from stoma.schedules.instants import date_of
from stoma.schedules.reading import shown

_SATURDAY = 5


class Calendar:
    """The days on which people do not work, in one country or part of one."""

    __slots__ = ("_table",)

    def __init__(self, table: Any) -> None:
        self._table = table

    def holiday(self, day: int) -> str:
        """Return the name of the holiday on *day*, counted from 1970-01-01; empty if none."""
        return str(self._table.get(date_of(day), ""))

    def is_weekend(self, day: int) -> bool:
        """Return whether *day* is a weekend day there, worked-in Saturdays aside."""
        when: date = date_of(day)
        return self._table.is_weekend(when) and when not in self._table.weekend_workdays


class PlainCalendar:
    """No country: no holidays, and Saturday and Sunday off."""

    __slots__ = ()

    def holiday(self, day: int) -> str:
        """Return an empty text."""
        return ""

    def is_weekend(self, day: int) -> bool:
        """Return whether *day* is a Saturday or a Sunday."""
        return date_of(day).weekday() >= _SATURDAY


@lru_cache(maxsize=64)
def calendar_of(region: str) -> Calendar | PlainCalendar:
    """Return the calendar of *region*, as `region_named` spells it; empty for none."""
    if not region:
        return PlainCalendar()
    country, _, part = region.partition("-")
    # One language, or the names would depend on the environment of whoever asks.
    return Calendar(_package().country_holidays(country, subdiv=part or None, language="en_US"))


def region_named(text: str) -> str:
    """Return the proper spelling of a country or a part of one: `US`, `DE-BY`.

    Raises:
        ScheduleError: There is no such country or part, or the package is not installed.
    """
    country, _, part = text.partition("-")
    country = country.upper()
    supported = _supported()
    if country not in supported:
        raise ScheduleError(
            f"no holidays are known for country {shown(country)}",
            hint=f"did you mean: {_nearest(country, supported)} ? (an ISO 3166 code: US, DE-BY)",
        )
    if not part:
        return country
    parts = {name.upper(): name for name in supported[country]}
    if part.upper() not in parts:
        near = f"did you mean: {country}-{_nearest(part, parts)} ?" if parts else f"use {country}"
        raise ScheduleError(f"{country} has no part {shown(part)} with holidays", hint=near)
    return f"{country}-{parts[part.upper()]}"


def _nearest(code: str, known: Iterable[str]) -> str:
    # One wrong letter is half of a code, so the first one decides between equals.
    alike = [name for name in known if name[:1] == code[:1]]
    return get_close_matches(code[:20], alike or list(known), n=1, cutoff=0.0)[0]


@lru_cache(maxsize=1)
def _supported() -> dict[str, list[str]]:
    table: dict[str, list[str]] = _package().list_supported_countries()
    return table


def _package() -> Any:
    try:
        # 70 to 220 ms, so only the schedules that name a country pay for it.
        import holidays
    except ImportError:
        raise ScheduleError(
            "holidays need the package `holidays`, which is not installed",
            hint="pip install holidays",
        ) from None
    return holidays
