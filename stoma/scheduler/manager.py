"""The scheduler as a program sees it: register tasks, run one now, run the loop.

`python -m stoma.scheduler.manager --log-level DEBUG` starts the loop with more to read.
"""

import argparse
import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace as changed
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from stoma import logs
from stoma.app import App
from stoma.boundary import exit_codes
from stoma.clock import Clock
from stoma.domain.audit import Actor
from stoma.domain.run import Run
from stoma.domain.task import StoredTask, Task
from stoma.exceptions import TaskExistsError
from stoma.executors.base import Executor
from stoma.pipeline import Progress
from stoma.processes import this_process, user_name
from stoma.scheduler.auditing import acting, record_tasks
from stoma.scheduler.closing import close_changed
from stoma.scheduler.courier import Courier
from stoma.scheduler.housekeeping import Housekeeper
from stoma.scheduler.launching import at_work, attempt_executor
from stoma.scheduler.loading import load
from stoma.scheduler.lock import only_scheduler
from stoma.scheduler.loop import Loop
from stoma.scheduler.now import run_now
from stoma.scheduler.placing import place
from stoma.scheduler.pulse import Pulse
from stoma.scheduler.recovery import recover
from stoma.scheduler.signalling import Wishes, by_signals
from stoma.scheduler.stepping import go_on
from stoma.scheduler.watching import TaskFiles
from stoma.service.notify import Notifier
from stoma.settings import Loaded, environment, load_settings
from stoma.settings.log_setup import begin_log
from stoma.version import __version__

_log = logging.getLogger(__name__)


class Scheduler:
    """The scheduler of one registry.

    Use it in a `with`, or call `close()`.

    Args:
        home: One folder for settings, registry and logs; None: as the settings say.
        config: Settings of the `scheduler` section, such as `{"max_concurrent_tasks": 5}`.
        clock: The clock; the machine's own by default.

    Raises:
        SettingsError: The settings can not be used.
        RegistryError: The registry can not be used.
    """

    def __init__(
        self,
        home: str | Path | None = None,
        *,
        config: Mapping[str, object] | None = None,
        clock: Clock | None = None,
        loaded: Loaded | None = None,
    ) -> None:
        overrides = {f"scheduler.{key}": value for key, value in (config or {}).items()}
        self.app = App(
            loaded or load_settings(home=Path(home) if home else None, overrides=overrides),
            clock=clock,
        )
        self.app.database.open(now=self.app.clock.now())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the registry."""
        self.app.close()

    def add_task(self, task: Task, *, replace: bool = False) -> StoredTask:
        """Register *task*. Registering the same definition again changes nothing.

        Args:
            task: The definition, for example from `create_custom_task`.
            replace: Let it take the place of a different task of the same id.

        Raises:
            TaskExistsError: Another definition has that id.
            UsageError: The type, config or schedule can not be used.
        """
        app = self.app
        placed = place(task, now=app.clock.now(), timezone=app.settings.timezone, own=app.own)
        known = app.tasks.find(task.id)
        if known is not None and known.definition != task and not replace:
            raise TaskExistsError(task.id)
        with app.database.together():
            close_changed(app, [task])
            app.tasks.put([placed], now=app.clock.now())
            record_tasks(app, "add-task", [(known.definition if known else None, task)])
            return app.tasks.get(task.id)

    def get_task(self, task_id: str) -> StoredTask:
        """Return a task; its `status` tells how its newest run went.

        Raises:
            NotFoundError: There is none.
        """
        return self.app.tasks.get(task_id)

    def list_tasks(self) -> list[StoredTask]:
        """Return every task, by id."""
        return self.app.tasks.all()

    async def run_task_now(
        self, task_id: str, *, on_page: Callable[[Progress], None] = lambda _: None
    ) -> Run:
        """Run one task now, in this process, and return the run when it has ended.

        A failure of the work is not raised: look at `status` and `error` of what is returned.

        Raises:
            NotFoundError: There is no such task.
            TaskRunningError: It is running already.
        """
        return await asyncio.to_thread(run_now, self.app, task_id, on_page=on_page)

    def start(
        self,
        *,
        preset: str | None = None,
        until: datetime | None = None,
        once: bool = False,
        executor: Executor | None = None,
    ) -> None:
        """Run the loop until SIGTERM or SIGINT, then let what runs come to its end.

        An empty registry gets the default preset first.

        Args:
            preset: Load this preset first.
            until: Stop at this moment.
            once: Stop when everything that is due has run.
            executor: Where attempts run; by default each in a process of its own.

        Raises:
            SchedulerRunningError: Another scheduler holds this registry.
            PresetError: The preset can not be used.
            ConfigError: A task file of the settings can not be used.
            PreloadError: What every attempt needs can not be imported.
        """
        app, actor = self.app, Actor(user_name(), "scheduler")
        # Code of the user's own runs in attempts, and never in the process that starts them.
        app.own = changed(app.own, runs=False)
        lock = only_scheduler(app.paths.lock_file, app.paths.database)
        wishes = Wishes()
        with by_signals(wishes), lock, acting(actor):
            app.database.check()
            go_on(app)
            recover(app)
            files = TaskFiles(app)
            files.start()
            self._load(preset)
            instance = this_process("scheduler")
            attempts = nullcontext(executor) if executor else attempt_executor(app, instance)
            pulse = Pulse(app, Notifier(environment()))
            with pulse, at_work(app, instance), Courier(app), attempts as running:
                loop = Loop(app, running, instance, files, Housekeeper(app), wishes)
                loop.pulse = pulse
                self._say_what_comes()
                pulse.ready()
                loop.run(until=until, once=once)
            _log.info("scheduler stopped")

    def _load(self, preset: str | None) -> None:
        app = self.app
        if preset is None:
            if app.tasks.count():
                return
            preset = app.settings.scheduler.default_preset
            _log.info("the registry %s is empty: loading preset %r", app.paths.database, preset)
        loading = load(app, preset)
        for step in loading.steps:
            _log.info("preset %s: task %s %s", preset, step.task.id, step.action)

    def _say_what_comes(self) -> None:
        tasks = self.app.tasks
        _log.info(
            "stoma %s scheduler started: %d tasks, at most %d at once, registry %s",
            __version__,
            tasks.count(),
            self.app.settings.scheduler.max_concurrent_tasks,
            self.app.paths.database,
        )
        if (coming := tasks.next_run()) is not None:
            task_id, at = coming
            _log.info("next: task %s at %s UTC", task_id, f"{at:%Y-%m-%d %H:%M:%S}")


def main(arguments: list[str] | None = None) -> None:
    """Run the loop in the foreground."""
    parser = argparse.ArgumentParser(
        prog="python -m stoma.scheduler.manager", description="Run the scheduler."
    )
    parser.add_argument("--log-level", choices=logs.LEVELS, default=None, type=str.upper)
    parser.add_argument("--preset", help="load this preset first")
    parser.add_argument("--home", type=Path, help="one folder for settings, registry and logs")
    options = parser.parse_args(arguments)
    with exit_codes():
        loaded = load_settings(home=options.home, overrides={"logging.level": options.log_level})
        begin_log(loaded.settings.logging, file=True)
        with Scheduler(loaded=loaded) as scheduler:
            scheduler.start(preset=options.preset)


if __name__ == "__main__":
    main()
