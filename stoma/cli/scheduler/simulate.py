"""`stoma scheduler simulate`."""

from dataclasses import dataclass
from typing import Annotated

import typer

from stoma.cli.options import Bundle, bundled, seconds
from stoma.cli.output import Output, reads
from stoma.cli.pages import paragraph
from stoma.cli.session import session
from stoma.cli.streams import note, put
from stoma.text import did_you_mean

_CHARTS = ("tasks", "hours", "none")


@dataclass(frozen=True, slots=True)
class Trying(Bundle):
    """How a future is tried out."""

    durations: Annotated[
        str,
        typer.Option(
            "--durations",
            metavar="HOW",
            help="`recorded`: as long as runs took so far; `fixed`: a minute each; "
            "or a length such as 90s or 5m.",
        ),
    ] = "recorded"
    failures: Annotated[
        bool, typer.Option("--failures", help="Let attempts fail as often as they did.")
    ] = False
    seed: Annotated[int, typer.Option("--seed", help="The same seed, the same future.")] = 0


@reads
@bundled
def simulate(
    context: typer.Context,
    days: Annotated[float, typer.Option("--days", metavar="N", help="So far ahead.")] = 30,
    chart: Annotated[
        str | None,
        typer.Option(metavar="KIND", help=f"{', '.join(_CHARTS)}: a row per task, or per hour."),
    ] = None,
    *,
    trying: Trying,
    out: Output,
) -> None:
    """Try out the coming days, without changing anything.

    Shows fires, skips, runs at once, and the load on each source.

    The scheduler itself lives through them, on a clock that jumps and a copy of the registry.
    """
    from stoma.cli.progress import CollectingBar
    from stoma.cli.scheduler.forecast_page import forecast_view, head_text, tail_text, task_view
    from stoma.exceptions import UsageError
    from stoma.operations.simulate import FIXED_SECONDS, Question, forecast

    if chart not in {*_CHARTS, None}:
        raise UsageError(
            f"--chart is {chart!r}, must be one of {', '.join(_CHARTS)}",
            hint=did_you_mean(chart or "", _CHARTS),
        )
    lengths = {"recorded": None, "fixed": FIXED_SECONDS}
    how = trying.durations
    fixed = lengths[how] if how in lengths else seconds(how, "--durations")
    current = session(context)
    with CollectingBar(f"trying out {days:g} days, in %") as bar:
        question = Question(
            days=days,
            fixed=fixed,
            failures=trying.failures,
            seed=trying.seed,
            told=bar.reached,
        )
        found = forecast(current.loaded(), question, now=current.clock.now())
    times = current.times(utc=out.utc)
    if out.form == "json":
        out.one(forecast_view(), found, str)
    elif out.for_people:
        put(head_text(found, times))
        out.emit(task_view(), [each for each in found.tasks if each.fires or each.not_run])
        put(tail_text(found, times, chart))
        for text in found.notes:
            note(paragraph(f"note: {text}").rstrip())
    else:
        out.emit(task_view(), found.tasks)
