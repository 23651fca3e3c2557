"""What is shown of a task that was just added, changed or enabled."""

from stoma.cli.forms import dumps
from stoma.cli.scheduler.fires import fires_text
from stoma.cli.streams import note, say
from stoma.cli.times import Times
from stoma.operations.editing import Edited, Registered


def show_registered(verb: str, found: Registered, times: Times) -> None:
    """Say what became of a task, and when it runs."""
    say(f"{verb} {found.task.id}")
    say(fires_text(found.outlook, times))
    for text in found.notes:
        note(f"note: {text}")


def show_edited(found: Edited, times: Times) -> None:
    """Say what was changed in a task, and when it runs."""
    if not found.changes:
        say(f"unchanged {found.task.id}")
        return
    say(f"changed {found.task.id} (version {found.task.version})")
    for name, before, after in found.changes:
        say(f"  {name}: {_shown(before)} -> {_shown(after)}")
    say(fires_text(found.outlook, times))
    for text in found.notes:
        note(f"note: {text}")


def _shown(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, str):
        return value or "''"
    return dumps(list(value) if isinstance(value, tuple) else value, None)
