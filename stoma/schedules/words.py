"""Plain English for times: lists, ranges, durations."""

from collections.abc import Iterable, Sequence

from stoma.schedules.reading import UNITS

_NAMES = {"d": "day", "h": "hour", "m": "minute", "s": "second"}


def listed(items: Sequence[str], last: str = "and") -> str:
    """Return `a, b and c`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def ordinal(number: int) -> str:
    """Return `1st`, `2nd`, `23rd`."""
    teen = 10 < number % 100 < 14
    return f"{number}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def duration_text(seconds: int) -> str:
    """Return *seconds* in the largest unit that divides it: `90s`, `30m`, `2h`, `7d`."""
    for letter in "dhm":
        if seconds % UNITS[letter] == 0:
            return f"{seconds // UNITS[letter]}{letter}"
    return f"{seconds}s"


def spelled(seconds: int) -> str:
    """Return `90 seconds`, `1 minute`, `2 hours`."""
    text = duration_text(seconds)
    number, name = text[:-1], _NAMES[text[-1]]
    return f"{number} {name}" if number == "1" else f"{number} {name}s"


def period(seconds: int) -> str:
    """Return what follows "every": `minute`, `30 minutes`; a day is `24 hours`, as measured."""
    return "24 hours" if seconds == UNITS["d"] else spelled(seconds).removeprefix("1 ")


def ranges(values: Iterable[int], names: Sequence[str] = ()) -> str:
    """Return sorted *values* with runs of three and more shortened: `1 to 5, 8 and 9`."""
    runs: list[list[int]] = []
    for value in values:
        if runs and runs[-1][-1] == value - 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    parts: list[str] = []
    for run in runs:
        words = [names[value] if names else str(value) for value in run]
        parts += [f"{words[0]} to {words[-1]}"] if len(run) > 2 else words
    return listed(parts)
