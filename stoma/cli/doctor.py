"""`stoma doctor`."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stoma.cli.output import Output, View, reads
from stoma.cli.session import Session, session
from stoma.cli.streams import note, tinted
from stoma.cli.tables import Column
from stoma.cli.words import counted
from stoma.exceptions import StomaError
from stoma.text import safe

if TYPE_CHECKING:
    from stoma.doctor.examination import Result
    from stoma.doctor.findings import Ground

#: Findings are what somebody should see to.
_FINDINGS = ("warning", "fault")
_FOUND = 3


@reads
def doctor(
    context: typer.Context,
    fix: Annotated[bool, typer.Option("--fix", help="Put right what can be.")] = False,
    online: Annotated[
        bool, typer.Option("--online", help="Also try the sources and mail servers.")
    ] = False,
    bundle: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write what helps to find a fault; secrets left out."),
    ] = None,
    *,
    out: Output,
) -> None:
    """Find what is wrong with an installation.

    Everything is looked over, and the way out is said. Exits 3 if somebody should see to something.
    """
    from stoma.doctor.examination import examine

    known = _ground(session(context), online=online)
    results = list(examine(known, fix=fix))
    if out.for_people and not out.chosen:
        out.text(_page(results))
    else:
        out.emit(result_view(), results)
    if bundle is not None:
        from stoma.doctor.bundle import write_bundle

        parts = write_bundle(bundle, results, known)
        note(
            f"wrote {bundle} ({counted(len(parts), 'file')}); look it through before it leaves you"
        )
    left = [each for each in results if each.level in _FINDINGS]
    if left:
        fixable = sum(each.fixable for each in left)
        if fixable and not fix:
            note(f"{counted(fixable, 'finding')} can be put right: stoma doctor --fix")
        raise typer.Exit(_FOUND)


def _ground(current: Session, *, online: bool) -> "Ground":
    from stoma.doctor.examination import ground
    from stoma.settings import environment
    from stoma.settings.places import usual_paths

    try:
        loaded = current.loaded()
    except StomaError as error:
        paths = usual_paths(current.home, environment())
        return ground(paths, None, error, clock=current.clock, online=online)
    return ground(loaded.paths, loaded, None, clock=current.clock, online=online)


def result_view() -> "View[Result]":
    """Return the stable fields of a finding."""
    return View(
        columns=[
            Column("check", lambda each: each.check),
            Column("level", lambda each: each.level),
            Column("text", lambda each: each.text, least=30),
        ],
        fields={
            "check": lambda each: each.check,
            "level": lambda each: str(each.level),
            "text": lambda each: each.text,
            "way_out": lambda each: each.way_out or None,
            "fixable": lambda each: each.fixable,
            "fixed": lambda each: each.fixed,
        },
        name=lambda each: each.check,
    )


_MARKS = {"ok": ("✓", "32"), "note": ("·", "2"), "warning": ("!", "33"), "fault": ("✗", "31")}


def _page(results: Iterable["Result"]) -> str:
    lines, last = [], ""
    for each in results:
        sign, colour = _MARKS[each.level]
        name = "" if each.check == last else each.check
        last = each.check
        done = "put right: " if each.fixed else ""
        lines.append(f"{tinted(sign, colour)} {name:<12}{safe(done + each.text)}\n")
        if each.way_out:
            lines.append(f"{'':14}{tinted('-> ' + safe(each.way_out), '2')}\n")
    return "".join(lines)
