"""Tasks as code: a set of files becomes what is registered."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from stoma.app import App
from stoma.scheduler.applying import Plan, apply_files
from stoma.scheduler.forecast import Forecast

#: What the command returns when something was left out: finished with findings.
LEFT_OUT_EXIT_CODE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyLine:
    """What becomes of one task."""

    task_id: str
    action: str  #: `added`, `changed`, `kept`, `unchanged`, `removed` or `left_out`
    where: str = ""  #: `file:line`; empty for a task that is no longer in a file
    changed_fields: Sequence[str] = ()
    kept_fields: Sequence[str] = ()
    forecast: Forecast | None = None  #: None: nothing is done to it
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyReport:
    """What applying files did, or would do."""

    lines: Sequence[ApplyLine]
    notes: Sequence[str]  #: what the files say without effect

    @property
    def exit_code(self) -> int:
        """What the command returns."""
        left_out = any(line.action == "left_out" for line in self.lines)
        return LEFT_OUT_EXIT_CODE if left_out else 0


def apply(
    app: App,
    places: Sequence[Path],
    *,
    prune: bool = False,
    force: bool = False,
    dry_run: bool = False,
) -> ApplyReport:
    """Bring the tasks of files, and of folders of files, into the registry.

    All or none; doing it twice changes nothing.

    Args:
        app: The registry.
        places: Files and folders.
        prune: Remove the tasks that came from there and are no longer there.
        force: Take the files' values over the user's own edits.
        dry_run: Only say what would be done.

    Raises:
        NotFoundError: There is no such file.
        ConfigError: A file can not be used; the message names every fault.
    """
    plan = apply_files(app, places, prune=prune, force=force, dry_run=dry_run)
    return ApplyReport(lines=list(_lines(plan)), notes=plan.notes)


def _lines(plan: Plan) -> Iterator[ApplyLine]:
    for line in plan.lines:
        yield ApplyLine(
            task_id=line.step.task.id,
            action=str(line.step.action),
            where=line.where,
            changed_fields=line.step.changed_fields,
            kept_fields=line.step.kept_fields,
            forecast=line.forecast,
            note=line.note,
        )
    for task_id in plan.orphans:
        yield ApplyLine(
            task_id=task_id, action="kept", note="no longer in its file; --prune removes it"
        )
    for each in plan.left_out:
        yield ApplyLine(
            task_id=each.task_id,
            action="left_out",
            where=each.where,
            note=f"{each.reason}; left out",
        )
