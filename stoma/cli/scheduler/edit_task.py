"""`stoma scheduler edit-task`."""

from dataclasses import dataclass
from typing import Annotated, Any

import typer

from stoma.cli import completion
from stoma.cli.options import bundled
from stoma.cli.scheduler.task_options import TaskOptions, read_schedule, read_settings
from stoma.cli.session import session


@dataclass(frozen=True)
class Edits(TaskOptions):
    """What can be changed in a task."""

    name: Annotated[str | None, typer.Option(help="For people.")] = None
    kind: Annotated[str | None, typer.Option("--type", help="arxiv, github, sec_edgar.")] = None
    schedule: Annotated[str | None, typer.Option(help="When it runs; see add-task.")] = None
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="One key of the config; repeatable."),
    ] = None
    unset: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY", help="Take a key out of the config; repeatable."),
    ] = None

    def fields(self) -> dict[str, Any]:
        """Return the fields of a definition that were given, by their names in `Task`."""
        schedule = None if self.schedule is None else read_schedule(self.schedule)
        named = {"name": self.name, "type": self.kind, "schedule": schedule}
        return self.given() | {name: value for name, value in named.items() if value is not None}


@bundled
def edit_task(
    context: typer.Context,
    task_id: Annotated[str, typer.Argument(autocompletion=completion.task_ids)],
    edits: Edits,
) -> None:
    """Change a task: what is given changes, all else stays.

    `--config` replaces the whole config, `--set` and `--unset` one key each.
    """
    from stoma.cli.scheduler.registered import show_edited
    from stoma.operations.editing import Change
    from stoma.operations.editing import edit_task as edit

    current = session(context)
    change = Change(
        fields=edits.fields(),
        config_set=read_settings(edits.setting),
        config_unset=edits.unset or (),
    )
    with current.app() as app:
        show_edited(edit(app, task_id, change), current.times())
