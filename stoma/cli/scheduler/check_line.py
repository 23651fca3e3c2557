"""The one line of `status --check`: a word, what is wrong, and figures, as monitors read them."""

from collections.abc import Mapping

from stoma.cli.times import Times, span
from stoma.cli.words import counted
from stoma.operations.status import Health
from stoma.text import safe

#: What begins so is about single tasks: the scheduler itself works.
_OF_TASKS = ("failing:", "task files")


def check_line(health: Health, times: Times) -> str:
    """Return `STOMA OK - ... | figures`; `WARNING` if tasks fail, `CRITICAL` if nothing runs.

    The figures are the performance data of the monitoring plugins' guidelines: a value of `late`
    or `failing` above 0 is too high.
    """
    words = "; ".join(health.problems) or _fine(health, times)
    figures = " ".join(f"{name}={value}" for name, value in _figures(health).items())
    text = words.replace("|", "/")  # it begins the figures
    return f"STOMA {severity(health)} - {safe(text)} | {figures}\n"


def severity(health: Health) -> str:
    """Return how bad it is: `OK`, `WARNING` or `CRITICAL`."""
    if health.healthy:
        return "OK"
    of_tasks = all(problem.startswith(_OF_TASKS) for problem in health.problems)
    return "WARNING" if of_tasks else "CRITICAL"


def _fine(health: Health, times: Times) -> str:
    line, tasks = health.overview.scheduler, counted(health.overview.tasks, "task")
    since = f"running for {span(times.now - line.started_at)}" if line else "running"
    return f"{'paused, ' if health.pause else ''}{since}, {tasks}"


def _figures(health: Health) -> Mapping[str, str]:
    overview = health.overview
    return {
        "tasks": str(overview.tasks),
        "running": str(len(overview.running)),
        "waiting": str(overview.waiting),
        "failing": f"{len(overview.failing)};0",
        "late": f"{len(health.late)};;0",
        "items": str(overview.items),
        "database": f"{overview.database_bytes}B",
    }
