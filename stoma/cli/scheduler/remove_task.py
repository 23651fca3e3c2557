"""`stoma scheduler remove-task`."""

from typing import Annotated

import typer

from stoma.cli import completion
from stoma.cli.session import session
from stoma.cli.streams import confirmed, interactive, note, say
from stoma.cli.words import counted


def remove_task(
    context: typer.Context,
    task_ids: Annotated[
        list[str], typer.Argument(metavar="TASK_ID", autocompletion=completion.task_ids)
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove tasks. Their runs and what they collected stay.

    Asks on a terminal only; a script is not asked, because nothing collected is lost.
    """
    from stoma.operations.editing import kept_of, remove_tasks

    with session(context).app() as app:
        names = ", ".join(each.task_id for each in kept_of(app, task_ids))
        if interactive() and not yes and not confirmed(f"Remove {names}?"):
            note("nothing was removed")
            raise typer.Exit(1)
        for each in remove_tasks(app, task_ids):
            kept = f"{counted(each.runs, 'run')}, {counted(each.items, 'item')}"
            say(f"removed {each.task_id}; kept: {kept}")
            for run_id in each.running:
                note(f"note: run {run_id} is still going and comes to its end")
