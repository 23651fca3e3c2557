"""What the tests of applying share."""

from typing import Any

from stoma.app import App
from stoma.domain.task import Task
from stoma.scheduler.applying import Plan
from stoma.scheduler.placing import place
from tests.makers import make_task

FILE = """\
[tasks.first]
name = "First"
type = "arxiv"
schedule = "daily_at_06:00"
config = { search_query = "testing" }

[tasks.second]
name = "Second"
type = "arxiv"
schedule = "interval_2h"
after = ["first"]
config = { search_query = "testing", max_results = 5 }
"""
SHELL = """
[tasks.copy]
name = "Copy"
type = "shell"
schedule = "daily"
"""
#: A task that needs nothing but its file.
SMALL = '[tasks.{0}]\nname = "{0}"\ntype = "arxiv"\nschedule = "daily"\nconfig.search_query = "x"\n'


def by_hand(app: App, task_id: str, /, **fields: Any) -> None:
    task = make_task(task_id, **fields)
    app.tasks.add(place(task, now=app.clock.now(), timezone="UTC"), now=app.clock.now())


def edit(app: App, task: Task) -> None:
    """Let the user edit a task that a file brought."""
    stored, now = app.tasks.get(task.id), app.clock.now()
    base = app.tasks.bases()[task.id]
    app.tasks.put([place(task, now=now, timezone="UTC", preset=stored.preset, base=base)], now=now)


def actions(plan: Plan) -> dict[str, str]:
    return {line.step.task.id: str(line.step.action) for line in plan.lines}


def definitions(app: App) -> dict[str, tuple[Task, int, object]]:
    """Return everything about the tasks that applying may change."""
    return {
        task.id: (task.definition, task.version, (task.preset, task.next_slot_at, task.updated_at))
        for task in app.tasks.all()
    }
