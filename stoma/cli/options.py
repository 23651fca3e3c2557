"""Options that belong together, as one argument of a command."""

import inspect
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Annotated, Any, get_type_hints

import typer

from stoma.cli.output import with_parameters
from stoma.exceptions import UsageError

#: No list is longer.
MOST = 1_000_000
#: No row has a higher number (SQLite).
LARGEST = 2**63 - 1


class Bundle:
    """A dataclass whose fields are options or arguments, each `Annotated`."""

    __slots__ = ()


def bundled(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command, for each argument that is a bundle, the options its fields describe."""
    signature = inspect.signature(command, eval_str=True)
    bundles: dict[str, Any] = {
        name: each.annotation
        for name, each in signature.parameters.items()
        if isinstance(each.annotation, type) and issubclass(each.annotation, Bundle)
    }
    kept = [each for name, each in signature.parameters.items() if name not in bundles]
    added = [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if field.default is MISSING else field.default,
            annotation=get_type_hints(kind, include_extras=True)[field.name],
        )
        for kind in bundles.values()
        for field in fields(kind)
    ]

    @wraps(command)
    def wrapped(**values: Any) -> None:
        for name, kind in bundles.items():
            values[name] = kind(**{field.name: values.pop(field.name) for field in fields(kind)})
        command(**values)

    return with_parameters(wrapped, [*kept, *added])


@dataclass(frozen=True, slots=True)
class Trial(Bundle):
    """A schedule that is only tried."""

    schedule: Annotated[
        str | None, typer.Option("--schedule", metavar="TEXT", help="Try this schedule.")
    ] = None
    timezone: Annotated[
        str | None, typer.Option("--timezone", metavar="ZONE", help="The zone to try it in.")
    ] = None
    start: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="Later than this; not than now.")
    ] = None


def moment(text: str | None, name: str) -> datetime | None:
    """Return the moment that *text* means: a date or a date with a time, UTC unless it says.

    Raises:
        UsageError: It is neither.
    """
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{name} is {text!r}, which is no date or time",
            hint="write it as 2026-03-01, 2026-03-01T09:00 or 2026-03-01T09:00+01:00",
        ) from None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def coming_moment(text: str | None, name: str, now: datetime) -> datetime | None:
    """Return the moment to come that *text* means.

    Besides what `moment` reads: `90s`, `15m`, `2h`, `1d` from *now*, and the next `18:00`, in UTC.

    Raises:
        UsageError: It is none of these.
    """
    if text is None:
        return None
    if text[-1:] in _UNITS and (length := seconds(text, name)) is not None:
        return now + timedelta(seconds=length)
    if len(text) > len("23:59:59") or ":" not in text:
        return moment(text, name)
    found = moment(f"{now:%Y-%m-%d}T{text:0>5}", name)
    return found + timedelta(days=1) if found is not None and found <= now else found


def seconds(text: str | None, name: str) -> float | None:
    """Return the seconds that *text* means: `90`, `90s`, `15m`, `2h`, `1d`.

    Raises:
        UsageError: It is none of these.
    """
    if text is None:
        return None
    scale = _UNITS.get(text[-1:], 1)
    number = text[:-1] if text[-1:] in _UNITS else text
    try:
        return float(timedelta(seconds=float(number) * scale).total_seconds())
    except (ValueError, OverflowError):
        raise UsageError(
            f"{name} is {text!r}, which is no length of time", hint="write it as 90s, 15m or 2h"
        ) from None


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
