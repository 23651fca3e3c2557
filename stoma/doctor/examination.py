"""All checks in order, and what they found."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module

from stoma.clock import Clock
from stoma.doctor import CHECKS
from stoma.doctor.findings import Check, Finding, Ground, Level, fault
from stoma.exceptions import StomaError
from stoma.service.standing import Ask, ask
from stoma.settings import Loaded, Paths


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one check found, and what became of it."""

    check: str
    level: Level  #: of a finding that was put right: `ok`
    text: str
    way_out: str
    fixable: bool  #: whether --fix can put it right
    fixed: bool


def ground(
    paths: Paths,
    loaded: Loaded | None,
    error: StomaError | None,
    *,
    clock: Clock,
    online: bool = False,
    ask: Ask = ask,
) -> Ground:
    """Return what the checks are given. *error*: why there are no settings."""
    return Ground(
        paths=paths,
        loaded=loaded,
        problem=str(error) if error else "",
        hint=error.hint if error else "",
        clock=clock,
        online=online,
        ask=ask,
    )


def examine(
    found: Ground, *, fix: bool = False, checks: Mapping[str, str] = CHECKS
) -> Iterator[Result]:
    """Yield what every check finds, in order.

    Args:
        found: What is known.
        fix: Put right what can be, and say so.
        checks: Which checks, by name.
    """
    for name, target in checks.items():
        module, _, function = target.partition(":")
        for finding in _made(getattr(import_module(module), function), found):
            yield _result(name, finding, fix=fix)


def _made(check: Check, found: Ground) -> Iterator[Finding]:
    try:
        yield from check(found)
    except StomaError as error:
        yield fault(str(error), error.hint)
    except OSError as error:
        yield fault(f"could not be looked at: {error}", "look at the path, and who may read it")


def _result(name: str, finding: Finding, *, fix: bool) -> Result:
    level, text, way_out, fixed = finding.level, finding.text, finding.way_out, False
    if fix and finding.fix is not None:
        try:
            text, level, way_out, fixed = finding.fix(), Level.OK, "", True
        except (StomaError, OSError) as error:
            text = f"{text}; it could not be put right: {error}"
    return Result(
        check=name,
        level=level,
        text=text,
        way_out=way_out,
        fixable=finding.fix is not None,
        fixed=fixed,
    )
