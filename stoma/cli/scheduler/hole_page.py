"""What `stoma scheduler backfill --holes` shows."""

from stoma.cli.output import View
from stoma.cli.words import counted
from stoma.domain.coverage import Days
from stoma.domain.task import Json
from stoma.operations.holes import Filled
from stoma.text import safe


def hole_view(*, dry_run: bool) -> View[Filled]:
    """Return the stable fields of what is done about holes."""
    return View(
        fields={
            "task_id": lambda found: found.task_id,
            "dry_run": lambda _: dry_run,
            "holes": lambda found: [_days(each) for each in found.queued],
            "waiting": lambda found: [_days(each) for each in found.waiting],
        },
        name=lambda found: found.task_id,
    )


def _days(days: Days) -> Json:
    return {"first": days.first.isoformat(), "last": days.last.isoformat()}


def hole_text(found: Filled, *, dry_run: bool) -> str:
    """Return which days are asked for again."""
    verb = "would be asked for" if dry_run else "will be asked for"
    whole = sum(map(len, found.queued))
    lines = [f"{safe(found.task_id)}: {counted(whole, 'day')} {verb}, {_runs(found)}"]
    if not found.queued:
        lines = [f"{safe(found.task_id)}: no holes to fill"]
    lines += [f"  {each}  ({len(each)} d)" for each in found.queued]
    lines += [f"  {each}  waits already" for each in found.waiting]
    return "".join(f"{line}\n" for line in lines)


def _runs(found: Filled) -> str:
    return f"in {counted(len(found.queued), 'run')}"
