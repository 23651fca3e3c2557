"""How tasks and runs are shown: columns for people, stable fields for scripts. Light."""

from datetime import datetime

from stoma.cli.output import View
from stoma.cli.tables import Column
from stoma.cli.times import Times, span
from stoma.cli.words import mark, said, schedule_words, tint
from stoma.operations.tasks import waits_since
from stoma.records.runs import RUN
from stoma.records.tasks import task_fields
from stoma.storage.read_rows import RunLine, TaskLine


def task_view(times: Times) -> View[TaskLine]:
    """Return how tasks are listed."""
    return View(
        columns=[
            Column("state", task_mark, bare=True, tint=lambda task: tint(task_mark(task))),
            Column("id", lambda task: task.id, least=27),
            Column("schedule", lambda task: task_schedule(task, times), least=12),
            Column("last", lambda task: last_words(task, times)),
            Column(
                "took",
                lambda task: span(task.last.duration_seconds if task.last else None),
                spare=True,
            ),
            Column("next", lambda task: next_words(task, times)),
            Column("last_10", lambda task: "".join(map(mark, task.strip))),
            Column("type", lambda task: task.type, wide=True),
            Column("priority", lambda task: task.priority, wide=True),
            Column("tags", lambda task: ",".join(task.tags), wide=True),
            Column("preset", lambda task: task.preset or "-", wide=True),
            Column("name", lambda task: task.name, wide=True),
        ],
        fields=task_fields(times.timezone),
        name=lambda task: task.id,
    )


def coming_view(times: Times) -> View[TaskLine]:
    """Return how tasks are listed that run next."""
    return View(
        columns=[
            Column("state", task_mark, bare=True, tint=lambda task: tint(task_mark(task))),
            Column("id", lambda task: task.id, least=27),
            Column("next", lambda task: next_words(task, times)),
            Column("at", lambda task: times.at(task.next_at, task.timezone)),
            Column("schedule", lambda task: task_schedule(task, times), least=12),
        ],
        fields=task_fields(times.timezone),
        name=lambda task: task.id,
    )


def task_schedule(task: TaskLine, times: Times) -> str:
    """Return the schedule of a task in a few words."""
    return schedule_words(task.schedule, task.timezone or times.timezone)


def task_mark(task: TaskLine) -> str:
    """Return the mark of a task: that of its newest run."""
    if not task.enabled:
        return "-"
    return " " if task.last is None else run_mark(task.last)


def last_words(task: TaskLine, times: Times) -> str:
    """Return how the newest run went, and when: `ok 3h ago`, `running 12s`."""
    run = task.last
    if run is None:
        return "-"
    if run.word == "running":
        return f"running {span(times.now - (run.started_at or run.created_at))}"
    return f"{run_said(run)} {times.near(run_at(run))}"


def next_words(task: TaskLine, times: Times) -> str:
    """Return when the task runs next: `in 2h`, `in 1h (try 2/3)`, `late 12m`, `disabled`."""
    if not task.enabled:
        back = times.near(task.disabled_until) if task.disabled_until else ""
        return f"disabled, back {back}" if back else "disabled"
    late_since = waits_since(task, times.now)
    waiting = task.waiting
    if waiting is not None:
        tries = f" (try {waiting.attempts + 1}/{waiting.max_attempts})" if waiting.retrying else ""
        return f"waiting{tries}" if late_since else f"{times.near(task.next_at)}{tries}"
    if late_since is not None:
        return f"late {span(times.now - late_since)}"
    return times.near(task.next_at)


def run_view(times: Times) -> View[RunLine]:
    """Return how runs are listed."""
    return View(
        columns=[
            Column("state", run_mark, bare=True, tint=lambda run: tint(run_mark(run))),
            Column("run", lambda run: str(run.id), right=True),
            Column("task", lambda run: run.task_id, least=27),
            Column("result", run_said),
            Column("when", lambda run: times.near(run_at(run))),
            Column("took", lambda run: span(run.duration_seconds), spare=True),
            Column("trigger", lambda run: run.trigger, wide=True),
            Column("tries", lambda run: f"{run.attempts}/{run.max_attempts}", wide=True),
            Column("due", lambda run: times.at(run.due_at), wide=True),
            Column("got", brought),
            Column("detail", lambda run: run.error or run.detail, least=20, quiet=True),
        ],
        fields=RUN,
        name=lambda run: str(run.id),
    )


def run_at(run: RunLine) -> datetime:
    """Return the moment a run is told by: its end, its start, its slot, or when it was decided."""
    return run.ended_at or run.started_at or run.due_to or run.due_at or run.created_at


def run_said(run: RunLine) -> str:
    """Return what became of a run, in a word or two."""
    return "failed" if run.retrying else said(run.word)


def run_mark(run: RunLine) -> str:
    """Return the mark of a run."""
    return mark("failed" if run.retrying else run.word)


def brought(run: RunLine) -> str:
    """Return what a run brought: `12 new, 3 updated`."""
    counts = {"new": run.new, "updated": run.updated}
    words = [f"{count} {name}" for name, count in counts.items() if count]
    if not words and run.unchanged:
        words = [f"{run.unchanged} unchanged"]
    return ", ".join(words) or "-"
