"""Whether a task's conditions hold now: the facts they ask about, gathered."""

from zoneinfo import ZoneInfo

from stoma.app import App
from stoma.domain.condition import Facts, unmet
from stoma.domain.task import Task
from stoma.settings import environment


def unmet_condition(app: App, task: Task) -> str:
    """Return why the first condition of *task* that does not hold does not; empty if all hold."""
    if not task.only_if:
        return ""
    zone = ZoneInfo(task.timezone or app.settings.timezone)
    facts = Facts(
        local_time=app.clock.now().astimezone(zone),
        variables=app.settings.variables,
        environment=environment(),
        newest_run=app.runs.newest_done,
    )
    return next(filter(None, (unmet(condition, facts) for condition in task.only_if)), "")
