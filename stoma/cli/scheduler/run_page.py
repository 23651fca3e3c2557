"""How one run is shown."""

from datetime import timedelta

from stoma.cli.output import View
from stoma.cli.pages import facts, heading
from stoma.cli.scheduler.views import run_mark, run_said
from stoma.cli.streams import tinted
from stoma.cli.tables import Column, table
from stoma.cli.times import Times, size, span
from stoma.cli.words import mark, said, tint
from stoma.operations.runs import RunDetail
from stoma.records.runs import RUN_DETAIL, window_of
from stoma.storage.read_rows import AttemptLine, RunLine
from stoma.text import safe


def run_detail_view() -> View[RunDetail]:
    """Return the stable fields of one run: those of a list, and its attempts."""
    return View(
        fields=RUN_DETAIL,
        name=lambda found: str(found.run.id),
    )


def run_text(found: RunDetail, times: Times) -> str:
    """Return a run as a page."""
    run = found.run
    sign = run_mark(run)
    head = f"{tinted(sign, tint(sign))} run {run.id} of {safe(run.task_id)}: {run_said(run)}\n\n"
    page = facts(
        [
            ("started by", run.trigger),
            ("slot", _slot(run, times)),
            ("stands for", _stands_for(found, times)),
            ("decided", times.full(run.created_at)),
            ("started", times.full(run.started_at) if run.started_at else ""),
            ("ended", times.full(run.ended_at) if run.ended_at else ""),
            ("took", span(run.duration_seconds) if run.duration_seconds is not None else ""),
            ("not before", times.full(run.not_before) if run.not_before else ""),
            ("came", _came(run)),
            ("used", _used(run)),
            ("reason", ": ".join(filter(None, (run.reason, run.detail)))),
            ("error", ": ".join(filter(None, (run.error_kind, run.error)))),
            ("log", run.log_path),
        ]
    )
    if not found.attempts:
        return head + page
    rows = table(_attempts(times), found.attempts, headers=False)
    return f"{head}{page}\n{heading(f'attempts ({run.attempts} of {run.max_attempts})')}{rows}"


def _stands_for(found: RunDetail, times: Times) -> str:
    window = window_of(found)
    return f"{times.at(window.start)} to {times.at(window.end)}" if window else ""


def _slot(run: RunLine, times: Times) -> str:
    if run.due_at is None:
        return ""
    if run.due_to is None:
        return times.full(run.due_at)
    return f"{run.slots} slots, {times.at(run.due_at)} to {times.at(run.due_to)}"


def _came(run: RunLine) -> str:
    if run.started_at is None:
        return ""
    return (
        f"{run.new} new, {run.updated} updated, {run.unchanged} unchanged"
        f" in {run.requests} request{'' if run.requests == 1 else 's'}"
    )


def _used(run: RunLine) -> str:
    words = []
    if run.cpu_seconds is not None:
        words.append(f"{run.cpu_seconds:.1f} s of CPU")
    if run.peak_memory_bytes is not None:
        words.append(f"{size(run.peak_memory_bytes)} of memory at its peak")
    return ", ".join(words)


def _attempts(times: Times) -> list[Column[AttemptLine]]:
    return [
        Column("state", lambda each: mark(_word(each)), tint=lambda each: tint(mark(_word(each)))),
        Column("number", lambda each: str(each.number), right=True),
        Column("result", lambda each: said(_word(each))),
        Column("started", lambda each: times.at(each.started_at)),
        Column("took", lambda each: span(_took(each))),
        Column("used", _used_at_most),
        Column("error", lambda each: each.error, least=20),
    ]


def _used_at_most(attempt: AttemptLine) -> str:
    cpu, memory = attempt.cpu_seconds, attempt.peak_memory_bytes
    words = ["" if cpu is None else f"{cpu:.1f} s CPU", "" if memory is None else size(memory)]
    return ", ".join(filter(None, words)) or "-"


def _took(attempt: AttemptLine) -> timedelta | None:
    return None if attempt.ended_at is None else attempt.ended_at - attempt.started_at


def _word(attempt: AttemptLine) -> str:
    if attempt.outcome is not None:
        return str(attempt.outcome)
    return "running" if attempt.ended_at is None else "cancelled"
