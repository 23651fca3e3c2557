"""`stoma audit verify`."""

from typing import Annotated

import typer

from stoma.cli.output import Output, View, reads
from stoma.cli.session import session
from stoma.cli.tables import Column
from stoma.operations.audit import TAMPERED_EXIT_CODE, Verified


@reads
def verify_log(
    context: typer.Context,
    expect: Annotated[
        str, typer.Option(metavar="HASH", help="Of an entry, kept elsewhere: it must be in there.")
    ] = "",
    *,
    out: Output,
) -> None:
    """See that no entry was changed since it was written.

    Nor added, nor removed: each is sealed with the one before it. Whoever can write to the file
    could seal all of them anew: keep the printed hash elsewhere, and give it to --expect later.
    Exits 1 if something is wrong.
    """
    from stoma.operations import audit

    with session(context).reader() as reader:
        found = audit.verify_log(reader, expected=expect)
    out.one(verdict_view(), found, lambda: f"{_words(found)}\n")
    if found.problem:
        raise typer.Exit(TAMPERED_EXIT_CODE)


def verdict_view() -> View[Verified]:
    """Return how a verification is shown."""
    return View(
        columns=[Column("verdict", lambda found: found.problem or "ok")],
        fields={
            "ok": lambda found: not found.problem,
            "entries": lambda found: found.verdict.entries,
            "removed_up_to": lambda found: found.verdict.start.entry_id,
            "last_id": lambda found: found.verdict.head.entry_id,
            "last_hash": lambda found: found.verdict.head.hash,
            "broken_at": lambda found: found.verdict.broken_at,
            "problem": lambda found: found.problem,
        },
        name=lambda found: found.problem or "ok",
    )


def _words(found: Verified) -> str:
    verdict = found.verdict
    if found.problem:
        good = f"; good up to entry {verdict.head.entry_id}" if verdict.broken_at else ""
        return f"TAMPERED {found.problem}{good}"
    older = verdict.start.entry_id
    kept = f", entries up to {older} were removed as too old" if older else ""
    return f"ok {verdict.entries} entries{kept}\nlast {verdict.head.entry_id} {verdict.head.hash}"
