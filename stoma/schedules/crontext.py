"""Cron text to sets of numbers: guards with columns, then croniter, the parser.

croniter reads more than we accept and reads some of it differently; what must not reach it is
refused or rewritten here first. Its own arithmetic is not used.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NoReturn

from croniter import croniter
from croniter.croniter import CroniterError

from stoma.exceptions import ScheduleError
from stoma.schedules.nominals import DayRule, Days, EveryNthDay, days_of
from stoma.schedules.reading import DAY_NAMES, shown
from stoma.text import did_you_mean

ALIASES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_LONGEST = 256
_EVERY_DAY = DayRule()
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_VALUE = r"([0-9]{1,4}|[a-z]{3})"
_STEP = r"(?:/[0-9]{1,4})?"
_TERM = rf"\*{_STEP}|{_VALUE}(?:-{_VALUE})?{_STEP}"
_HASH = re.compile(rf"h(?:\([0-9]{{1,4}}-[0-9]{{1,4}}\))?{_STEP}")
_RANDOM = re.compile(rf"r(?:\([0-9-]*\))?{_STEP}")
_NEAREST_WEEKDAY = re.compile(r"[0-9]*l?w[0-9]*")
_ZERO_STEP = re.compile(r".*/0+")


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    low: int
    high: int
    term: re.Pattern[str]
    names: tuple[str, ...] = ()

    def value(self, text: str) -> int | None:
        """Return the number *text* stands for; None if it is unknown or out of range."""
        if text in self.names:
            return self.names.index(text) + self.low
        if text == "l":
            return self.high
        return int(text) if text.isdigit() and self.low <= int(text) <= self.high else None


_SECOND = _Field("second", 0, 59, re.compile(_TERM))
_FIELDS = (
    _Field("minute", 0, 59, re.compile(_TERM)),
    _Field("hour", 0, 23, re.compile(_TERM)),
    _Field("day-of-month", 1, 31, re.compile(rf"{_TERM}|l|{_VALUE}-(l){_STEP}")),
    _Field("month", 1, 12, re.compile(_TERM), _MONTHS),
    _Field(
        "day-of-week",
        0,
        7,
        re.compile(rf"{_TERM}|l[0-7]|{_VALUE}(?:-{_VALUE})?#[1-5]"),
        DAY_NAMES,
    ),
)


@dataclass(frozen=True, slots=True)
class CronFields:
    """A cron text, understood."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    rule: DayRule
    days: Days
    #: Minute or hour starts with `*`: rule R2, otherwise R1 (Debian cron's distinction).
    wildcard: bool
    #: `H` occurs, so the key decides.
    hashed: bool


@dataclass(frozen=True, slots=True)
class _Part:
    """One field's text and where it stands in the whole, from 1."""

    field: _Field
    text: str
    column: int

    @property
    def hashed(self) -> bool:
        return self.text.startswith("h") and _HASH.fullmatch(self.text) is not None

    def fail(self, problem: str, *, hint: str = "", skip: int = 0) -> NoReturn:
        raise ScheduleError(f"{self.field.name}: {problem}", column=self.column + skip, hint=hint)


def read_cron(text: str, *, column: int = 1, seconds: bool = False, key: str = "") -> CronFields:
    """Return the fields of *text*.

    Args:
        text: Five fields, or six when *seconds* is true, the seconds first.
        column: Where *text* starts in what the user wrote, from 1.
        seconds: Whether there is a seconds field.
        key: What `H` is hashed with.

    Raises:
        ScheduleError: It can not be understood, or never fires; `column` says where.
    """
    # Nothing but H asks for the key: what was read once serves all others.
    return _read(text, column, seconds, key if "h" in text.lower() else "")


@lru_cache(maxsize=4096)
def _read(text: str, column: int, seconds: bool, key: str) -> CronFields:
    parts = _split(text, column, seconds=seconds)
    terms = [_checked(part) for part in parts]
    hashed = [part for part in parts if part.hashed]
    try:
        found, nth = croniter.expand(
            " ".join(terms),
            hash_id=key.encode("utf-8", "surrogatepass"),
            second_at_beginning=seconds,
        )
    except (CroniterError, ValueError) as problem:
        # Only the bounds and steps of H are left for croniter to refuse.
        at = hashed[0].column if hashed else column
        raise ScheduleError(str(problem).partition("\n")[0][:200], column=at) from None
    values = [_numbers(field, list(items)) for field, items in zip(_FIELDS, found, strict=False)]
    minute, hour, day, _, weekday = parts[-5:]
    if nth and day.text != "*":
        day.fail("must be * beside # or L in day-of-week", hint="use two tasks, or one rule")
    rule = DayRule(
        months=frozenset(values[3]),
        days=frozenset(values[2]),
        last_day="l" in found[2],
        weekdays=frozenset(() if nth else values[4]),
        nth=frozenset((d, -1 if n == "l" else n) for d, which in nth.items() for n in which),
        # Debian cron: a field that starts with `*`, be it `*/2`, narrows the other one.
        either=not (day.text.startswith("*") or weekday.text.startswith("*")),
    )
    days = days_of(rule)
    if not days.exist:
        day.fail("never fires: these months have no such date", hint="L is the last day")
    return CronFields(
        seconds=_numbers(_SECOND, list(found[5])) if seconds else (0,),
        minutes=values[0],
        hours=values[1],
        rule=rule,
        days=EveryNthDay() if rule == _EVERY_DAY else days,
        wildcard=minute.text.startswith("*") or hour.text.startswith("*"),
        hashed=bool(hashed),
    )


def _split(text: str, column: int, *, seconds: bool) -> list[_Part]:
    if len(text) > _LONGEST:
        raise ScheduleError(f"is longer than {_LONGEST} characters", column=column + _LONGEST)
    odd = re.search(r"[^\t -~]", text)
    if odd:
        raise ScheduleError(
            f"{shown(odd.group())} has no meaning in cron", column=column + odd.start()
        )
    words = list(re.finditer(r"\S+", text))
    fields = (_SECOND, *_FIELDS) if seconds else _FIELDS
    if len(words) != len(fields):
        names = " ".join(field.name for field in fields)
        end = words[len(fields)].start() if len(words) > len(fields) else len(text)
        raise ScheduleError(
            f"a cron expression has {len(fields)} fields ({names}), not {len(words)}",
            column=column + end,
            hint=_count_hint(len(words), seconds=seconds),
        )
    return [
        _Part(field, word.group().lower(), column + word.start())
        for field, word in zip(fields, words, strict=True)
    ]


def _count_hint(count: int, *, seconds: bool) -> str:
    if count == 6 and not seconds:
        return 'seconds come first and need a table: {cron = "...", seconds = true}'
    return "a year field is not supported" if count > 5 else "for example 0 9 * * 1-5"


def _checked(part: _Part) -> str:
    """Return the field as croniter is to read it."""
    text = part.text
    if text == "*":  # as most are
        return text
    if part.hashed:
        # Not the 29th to 31st, or the key would decide which months are left out.
        return "h(1-28)" if text == "h" and part.field.name == "day-of-month" else text
    if "r" in text and _RANDOM.fullmatch(text):
        part.fail("R would choose anew at every start", hint="H chooses once, by the task's id")
    if "?" in text:
        part.fail("? is not supported", hint="write *")
    if part.field.names == DAY_NAMES:
        nth = [term.startswith("l") or "#" in term for term in text.split(",")]
        if any(nth) and not all(nth):
            part.fail("plain days can not stand beside # or L")
    skip = 0
    terms = []
    for term in text.split(","):
        terms.append(_checked_term(part, term, skip))
        skip += len(term) + 1
    return ",".join(terms)


def _checked_term(part: _Part, term: str, skip: int) -> str:
    field = part.field
    match = field.term.fullmatch(term)
    if not match:
        _refuse(part, term, skip)
    if "/" in term and _ZERO_STEP.fullmatch(term):
        part.fail(f"{shown(term)} has a step of 0", skip=skip, hint="a step is 1 or more")
    ends = [text for text in match.groups() if text]
    values = [field.value(text) for text in ends]
    for text, value in zip(ends, values, strict=True):
        if value is None:
            _refuse_value(part, text, skip)
    # croniter reads a-a as the whole cycle. 0-7 is one, from Sunday to Sunday; 7-0 is not.
    if len(values) == 2 and (values[0] == values[1] or values == [7, 0]):
        return ends[0] + term[term.find("#") :] if "#" in term else ends[0]
    return term


def _refuse(part: _Part, term: str, skip: int) -> NoReturn:
    if part.field.name == "day-of-month" and _NEAREST_WEEKDAY.fullmatch(term):
        part.fail("W, the nearest weekday, is not supported", skip=skip)
    if "h" in term and part.field.value(term[:3]) is None:
        part.fail(f"{shown(term)} can not be read", skip=skip, hint="H stands alone: H, H/15")
    part.fail(f"{shown(term)} can not be read", skip=skip, hint="for example *, 5, 1-5, */10, 1,3")


def _refuse_value(part: _Part, text: str, skip: int) -> NoReturn:
    field = part.field
    if text.isdigit():
        near = field.low if int(text) < field.low else field.high
        hint = f"did you mean: {near} ?"
        part.fail(f"{text} is not within {field.low} to {field.high}", skip=skip, hint=hint)
    part.fail(f"unknown name {shown(text)}", skip=skip, hint=did_you_mean(text, field.names))


def _numbers(field: _Field, items: list[int | str]) -> tuple[int, ...]:
    if "*" in items:
        return tuple(range(field.low, field.high + (field.high != 7)))
    return tuple(item for item in items if isinstance(item, int))
