"""The composition root: settings in, working parts out. Nothing below knows the settings."""

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from stoma.budgets import Allowance
from stoma.clock import Clock, EngineClock, SystemClock
from stoma.collectors import COLLECTORS
from stoma.collectors.base import BaseCollector
from stoma.domain.task import Task
from stoma.exceptions import NeedsConfigurationError
from stoma.github import limits
from stoma.httpclient import Gate, GatePolicy, user_agent
from stoma.normalizers import NORMALIZERS
from stoma.pipeline import Parts
from stoma.settings import Loaded, load_settings
from stoma.settings.credentials import token_in_force
from stoma.settings.schema import GithubSettings, SourceSettings
from stoma.storage.answers import AnswerCache
from stoma.storage.budgets import StoredBudgets
from stoma.storage.database import Database
from stoma.storage.instances import InstanceStore
from stoma.storage.items import ItemStore
from stoma.storage.known import KnownItems
from stoma.storage.runs import RunStore
from stoma.storage.state import StateStore
from stoma.storage.tasks import TaskStore

#: Settings of a source that concern the gate, not the collector.
_GATE_SETTINGS = {"interval_seconds", "timeout_seconds", "token_file", "cache_hours"}


class App:
    """Everything a process of ours works with, on one registry."""

    def __init__(
        self,
        loaded: Loaded,
        *,
        clock: Clock | None = None,
        roll: Callable[[], float] = random.random,
        database: Database | None = None,
    ) -> None:
        self.loaded = loaded
        self.settings = loaded.settings
        self.paths = loaded.paths
        self.clock = EngineClock(clock or SystemClock())
        self.roll = roll
        self.database = database or Database(self.paths.database)
        self.tasks = TaskStore(self.database)
        self.runs = RunStore(self.database)
        self.items = ItemStore(self.database)
        self.instances = InstanceStore(self.database)
        self.state = StateStore(self.database)
        self.budgets = StoredBudgets(
            self.database, self.allowances(), self.paths.database.parent / "locks", self.clock
        )

    @contextmanager
    def parts(self, task: Task) -> Iterator[Parts]:
        """Put together what one attempt of *task* works with, and close it afterwards.

        Raises:
            UnknownTypeError: No collector of the task's type is installed.
            NeedsConfigurationError: A setting must be given before the source may be asked.
        """
        kind = COLLECTORS.get(task.type)
        needed = self.needs(kind)
        if needed:
            raise NeedsConfigurationError(needed)
        section = getattr(self.settings.sources, kind.source)
        policy = GatePolicy(
            base_url=section.base_url,
            also=section.urls[1:],
            user_agent=user_agent(self.settings.sources.contact),
            total_seconds=section.timeout_seconds,
            limited_seconds=kind.pause_seconds,
        )
        deadline = self.clock.monotonic() + task.timeout_seconds
        with Gate(
            kind.source, policy=policy, budgets=self.budgets, clock=self.clock, deadline=deadline
        ) as gate:
            yield Parts(
                collector=kind(**_options(section)),
                normalizer=NORMALIZERS.get(kind.normalizer)(),
                gate=gate,
                items=self.items,
                known=KnownItems(self.database),
                clock=self.clock,
                cache=self._cache(kind.source),
            )

    def needs(self, kind: type[BaseCollector]) -> str:
        """Return what must be set before a source may be asked, with the command; or nothing."""
        return kind.needs(self.settings.sources.model_dump())

    def log_path(self, task_id: str, run_id: int) -> Path:
        """Return where a run's log goes."""
        return self.paths.logs_dir / "runs" / task_id / f"{run_id}.log"

    def close(self) -> None:
        """Close the registry."""
        self.database.close()

    def _cache(self, source: str) -> AnswerCache | None:
        hours = getattr(getattr(self.settings.sources, source), "cache_hours", 0)
        return AnswerCache(self.database, source, timedelta(hours=hours)) if hours else None

    def allowances(self) -> Mapping[str, Allowance]:
        """Return what each source allows."""
        sources = self.settings.sources
        each = {
            name: Allowance(timedelta(seconds=section.interval_seconds))
            for name, section in sources
            if isinstance(section, SourceSettings)
        }
        github = sources.github
        token = bool(github.token or github.token_file)
        return {**each, **limits.allowances(github.interval_seconds, token=token)}


def _options(section: SourceSettings) -> dict[str, object]:
    """Return what a collector is made with: its settings, and its credentials as they are now."""
    options: dict[str, object] = section.model_dump(exclude=_GATE_SETTINGS)
    if isinstance(section, GithubSettings):
        options["token"] = token_in_force(section.token, section.token_file)
    return options


@contextmanager
def open_app(
    loaded: Loaded | None = None, *, clock: Clock | None = None, create: bool = True
) -> Iterator[App]:
    """Open the registry that the settings name, creating or migrating it, and close it after.

    Args:
        loaded: The settings; by default those in force here.
        clock: The clock; the machine's own by default.
        create: Whether a registry that is not there may be made.

    Raises:
        SettingsError: The settings can not be used.
        RegistryError: The registry can not be used.
    """
    app = App(loaded or load_settings(), clock=clock)
    try:
        app.database.open(now=app.clock.now(), create=create)
        yield app
    finally:
        app.close()
