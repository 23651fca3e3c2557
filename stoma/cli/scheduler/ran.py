"""What is shown of a run that somebody waited for."""

from collections.abc import Iterator

from stoma.cli.output import Output
from stoma.cli.scheduler.views import brought, run_mark, run_said, run_view
from stoma.cli.session import Session
from stoma.cli.streams import note, tinted
from stoma.cli.times import Times, relative, span
from stoma.cli.words import tint
from stoma.operations.running import TOLD, RunReport
from stoma.operations.runs import show_run
from stoma.storage.read_rows import RunLine
from stoma.text import safe


def show_report(report: RunReport, current: Session, out: Output) -> None:
    """Print a run, and, if it did not end well, why and where to read on."""
    with current.reader() as reader:
        run = show_run(reader, report.run.id).run
    times = current.times(utc=out.utc)
    out.one(run_view(times), run, lambda: "".join(_text(run, report)))
    if out.for_people and report.exit_code:
        note(f"error: {_why(run, times)}")
        note(f"  log: stoma scheduler logs {run.id}")


def _text(run: RunLine, report: RunReport) -> Iterator[str]:
    sign = run_mark(run)
    head = f"{run.task_id}: {run_said(run)}"
    if run.duration_seconds is not None:
        head += f" in {span(run.duration_seconds)}"
    if run.new or run.updated or run.unchanged:
        head += f": {brought(run)}"
    yield f"{tinted(sign, tint(sign))} {safe(head)} (run {run.id})\n"
    yield from (f"  + {safe(title)}\n" for title in report.new_titles)
    if run.new > TOLD:
        yield f"    and {run.new - TOLD} more: stoma items list --run {run.id}\n"
    yield from (f"  ~ {safe(title)}\n" for title in report.updated_titles)
    if run.updated > TOLD:
        yield f"    and {run.updated - TOLD} more\n"


def _why(run: RunLine, times: Times) -> str:
    if run.not_before is not None:
        when = relative(run.not_before, times.now)
        return f"{run.detail or run.error}; the scheduler runs it {when}"
    kind = f"{run.error_kind}: " if run.error_kind else ""
    return f"{kind}{run.error}" if run.error else run.detail or run_said(run)
