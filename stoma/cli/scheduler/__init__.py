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
        "why": "stoma.cli.scheduler.why:why",
        "simulate": "stoma.cli.scheduler.simulate:simulate",
        "history": "stoma.cli.scheduler.history:history",
        "show-run": "stoma.cli.scheduler.show_run:show_run",
        "cancel-run": "stoma.cli.scheduler.cancel_run:cancel_run",
        "retry-run": "stoma.cli.scheduler.retry_run:retry_run",
        "backfill": "stoma.cli.scheduler.backfill:backfill",
        "pause": "stoma.cli.scheduler.pause:pause",
        "resume": "stoma.cli.scheduler.resume:resume",
        "logs": "stoma.cli.scheduler.logs:logs",
        "export-state": "stoma.cli.scheduler.export_state:export_state",
    },
)
