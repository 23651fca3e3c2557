"""How the loading of a preset is shown."""

from collections import Counter

from stoma.cli.output import View
from stoma.cli.scheduler.applied import forecast_text
from stoma.cli.tables import Column
from stoma.cli.times import Times
from stoma.cli.words import schedule_words
from stoma.domain.merge import StepAction
from stoma.operations.presets import LoadLine, LoadReport
from stoma.records.changes import LOAD

_MARKS = {
    StepAction.ADDED: ("+", "32"),
    StepAction.CHANGED: ("~", "33"),
    StepAction.KEPT: ("=", "36"),
    StepAction.UNCHANGED: (" ", ""),
}


def load_view(times: Times, *, fires: bool = False) -> View[LoadLine]:
    """Return how the steps of a load are listed; with the *fires* that they lose and gain."""
    return View(
        columns=[
            Column(
                "mark",
                lambda line: _MARKS[line.step.action][0],
                bare=True,
                tint=lambda line: _MARKS[line.step.action][1],
            ),
            Column("task", lambda line: line.step.task.id, least=27),
            Column("action", lambda line: str(line.step.action)),
            Column("schedule", lambda line: _schedule(line, times), least=12, spare=True),
            Column("next", lambda line: _next(line, times)),
            Column(
                "fires",
                lambda line: forecast_text(line.forecast, times),
                wide=not fires,
                least=20,
            ),
            Column("fields", _fields, least=20, quiet=True),
        ],
        fields=LOAD,
        name=lambda line: line.step.task.id,
    )


def load_summary(report: LoadReport, *, dry_run: bool) -> str:
    """Return a load in a line."""
    counts = Counter(str(line.step.action) for line in report.lines)
    words = [f"{counts[str(action)]} {action}" for action in StepAction if counts[str(action)]]
    verb = "would load" if dry_run else "loaded"
    return f"{verb} preset {report.preset.name}: {', '.join(words)}"


def _schedule(line: LoadLine, times: Times) -> str:
    task = line.step.task
    spec = task.schedule if isinstance(task.schedule, str) else dict(task.schedule)
    return schedule_words(spec, task.timezone or times.timezone)


def _next(line: LoadLine, times: Times) -> str:
    if not line.step.task.enabled:
        return "disabled"
    return times.at(line.next_run_at, line.step.task.timezone)


def _fields(line: LoadLine) -> str:
    changed, kept = ", ".join(line.step.changed_fields), ", ".join(line.step.kept_fields)
    words = [f"changed: {changed}" if changed else "", f"yours kept: {kept}" if kept else ""]
    return "; ".join(filter(None, words))
