"""`stoma scheduler`: tasks, runs and the loop."""

from stoma.cli.lazy import group

GROUP = group(
    "scheduler",
    "Tasks, their schedules and runs, and the loop that starts them.",
    {
        "start": "stoma.cli.scheduler.start:start",
        "status": "stoma.cli.scheduler.status:status",
        "list-tasks": "stoma.cli.scheduler.list_tasks:list_tasks",
        "show-task": "stoma.cli.scheduler.show_task:show_task",
        "run-task": "stoma.cli.scheduler.run_task:run_task",
        "add-task": "stoma.cli.scheduler.add_task:add_task",
        "edit-task": "stoma.cli.scheduler.edit_task:edit_task",
        "enable-task": "stoma.cli.scheduler.enable_task:enable_task",
        "disable-task": "stoma.cli.scheduler.disable_task:disable_task",
        "remove-task": "stoma.cli.scheduler.remove_task:remove_task",
        "load-preset": "stoma.cli.scheduler.load_preset:load_preset",
        "apply": "stoma.cli.scheduler.apply:apply",
        "next": "stoma.cli.scheduler.next_fires:next_fires",
        "calendar": "stoma.cli.scheduler.calendar:calendar",
        "history": "stoma.cli.scheduler.history:history",
        "show-run": "stoma.cli.scheduler.show_run:show_run",
        "logs": "stoma.cli.scheduler.logs:logs",
    },
)
