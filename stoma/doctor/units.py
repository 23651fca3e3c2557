"""The service: installed, as this version writes it, at work, and how exposed?"""

import os
from collections.abc import Iterator, Sequence
from typing import Final

from stoma.doctor.findings import Finding, Ground, note, ok, warning
from stoma.operations.service import target
from stoma.service.installing import install
from stoma.service.standing import Standing, look
from stoma.service.units import SCHEDULER, WEB, Target

#: The highest score that the units as they come have, without and with drop-ins.
_BARS: Final = {SCHEDULER: (1.5, 2.6), WEB: (1.0, 2.6)}


def service(ground: Ground) -> Iterator[Finding]:
    """See that the service, if there is one, is as it should be."""
    found = 0
    for user in (False, True):
        where = target(user=user, home=ground.paths.home if user else None)
        standings = [each for each in look(where, ask=ground.ask) if each.installed]
        found += len(standings)
        yield from _findings(standings, where)
    if not found:
        yield note(
            "not installed: the scheduler does not start by itself",
            "stoma service install --user, or sudo scripts/install-scheduler-service.sh",
        )


def _findings(standings: Sequence[Standing], where: Target) -> Iterator[Finding]:
    who = " --user" if where.user_units else ""
    if any(not each.current for each in standings):
        names = ", ".join(each.name for each in standings if not each.current)
        may = where.user_units is not None or os.geteuid() == 0
        yield warning(
            f"{names}: not as this version writes them",
            f"stoma service install{who}",
            (lambda: _install(where)) if may else None,
        )
    for each in standings:
        yield from _unit(each, who)


def _unit(unit: Standing, who: str) -> Iterator[Finding]:
    short = unit.name.removesuffix(".service")
    if unit.active == "failed":
        yield warning(f"{short} has failed", f"journalctl{who} -u {short} -e")
    elif unit.name == SCHEDULER and not unit.enabled:
        yield warning(f"{short} does not start by itself", f"systemctl{who} enable {short}")
    low, high = _BARS.get(unit.name, (10.0, 10.0))
    if unit.score is not None and not who and unit.score > (high if unit.dropins else low):
        yield warning(
            f"{short} is exposed more than it needs to be: {unit.score} of 10",
            f"look what opens it: systemd-analyze security {short}",
        )
    elif unit.name == SCHEDULER and unit.active != "failed":
        score = "" if unit.score is None else f", exposure {unit.score} of 10"
        yield ok(f"{short}: {unit.active or 'installed'}{score}")


def _install(where: Target) -> str:
    done = install(where)
    return "; ".join(f"{change.verb} {change.subject}" for change in done)
