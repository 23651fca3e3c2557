"""`stoma service status`."""

from collections.abc import Sequence

import typer

from stoma.cli.options import bundled
from stoma.cli.output import Output, View, reads
from stoma.cli.service.place import Place, target_of
from stoma.cli.session import session
from stoma.cli.streams import note
from stoma.cli.tables import Column
from stoma.service.standing import Standing, look


@reads
@bundled
def status(context: typer.Context, place: Place, *, out: Output) -> None:
    """Show how the units stand, and how exposed they are.

    The score is that of `systemd-analyze security`: 0 is best, 10 is a service without any
    protection.
    """
    found = look(target_of(place, session(context)))
    out.emit(standing_view(), found)
    if out.for_people:
        for line in _advice(found, user=place.user):
            note(line)


def standing_view() -> View[Standing]:
    """Return how units are shown."""
    return View(
        columns=[
            Column("unit", lambda unit: unit.name),
            Column("installed", _installed),
            Column("starts", _starts),
            Column("state", lambda unit: unit.active or "-"),
            Column("score", lambda unit: "-" if unit.score is None else f"{unit.score:.1f}"),
            Column("says", lambda unit: unit.says, quiet=True, least=20),
            Column("path", lambda unit: str(unit.path), wide=True),
        ],
        fields={
            "name": lambda unit: unit.name,
            "path": lambda unit: str(unit.path),
            "installed": lambda unit: unit.installed,
            "current": lambda unit: unit.current,
            "dropins": lambda unit: list(unit.dropins),
            "enabled": lambda unit: unit.enabled,
            "active": lambda unit: unit.active or None,
            "pid": lambda unit: unit.pid,
            "since": lambda unit: unit.since or None,
            "says": lambda unit: unit.says or None,
            "restarts": lambda unit: unit.restarts,
            "score": lambda unit: unit.score,
        },
        name=lambda unit: unit.name,
    )


def _installed(unit: Standing) -> str:
    if not unit.installed:
        return "no"
    words = ["yes" if unit.current else "another version"]
    return ", ".join([*words, *(f"with {name}" for name in unit.dropins)])


def _starts(unit: Standing) -> str:
    if "@" in unit.name:
        return "on failure" if unit.installed else "-"
    return "by itself" if unit.enabled else "-"


def _advice(found: Sequence[Standing], *, user: bool) -> list[str]:
    who = " --user" if user else ""
    first = found[0]
    if not first.installed:
        return [f"to install it: stoma service install{who}"]
    if not all(each.current for each in found if each.installed):
        return [f"to bring the units up to date: stoma service install{who}"]
    if first.active not in {"", "active", "activating", "reloading"}:
        return [f"to start it: systemctl{who} start {first.name.removesuffix('.service')}"]
    return []
