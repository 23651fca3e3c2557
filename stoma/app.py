"""The composition root: settings in, working parts out. Nothing below knows the settings."""

import inspect
import os
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from stoma import redaction
from stoma.budgets import Allowance
from stoma.clock import Clock, EngineClock, SystemClock
from stoma.collectors import COLLECTORS
from stoma.collectors.base import BaseCollector, normalizer_named
from stoma.domain.task import Json, Task
from stoma.exceptions import NeedsConfigurationError
from stoma.github import limits
from stoma.guards import GuardedCollector, check_collector, guarded
from stoma.httpclient import Gate, GatePolicy, user_agent
from stoma.normalizers import NORMALIZERS
from stoma.normalizers.base import BaseNormalizer
from stoma.owncode import OwnCode
from stoma.pipeline import Parts
from stoma.secrets import Places, Secrets, named_in
from stoma.settings import Loaded, load_settings
from stoma.settings.credentials import token_in_force
from stoma.settings.section import credentials_in
from stoma.settings.sources import GithubSettings, SourceSettings
from stoma.storage.accounts import AccountStore
from stoma.storage.answers import AnswerCache
from stoma.storage.audit import AuditStore
from stoma.storage.budgets import StoredBudgets
from stoma.storage.database import Database
from stoma.storage.instances import InstanceStore
from stoma.storage.items import ItemStore
from stoma.storage.known import KnownItems
from stoma.storage.outbox import OutboxStore
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
        self.own = OwnCode(code_folders(loaded))
        self.database = database or Database(self.paths.database)
        self.tasks = TaskStore(self.database)
        self.runs = RunStore(self.database)
        self.items = ItemStore(self.database)
        self.instances = InstanceStore(self.database)
        self.state = StateStore(self.database)
        self.audit = AuditStore(self.database)
        self.outbox = OutboxStore(self.database)
        self.secrets = Secrets(secret_places(loaded))
        self.secrets.learn()
        for key, value in credentials_in(self.settings):
            if named_in(value.get_secret_value()) is None:
                redaction.learn(key, value.get_secret_value())
        self.accounts = AccountStore(self.database)
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
        kind = self.collector(task.type)
        needed = self.needs(kind)
        if needed:
            raise NeedsConfigurationError(needed)
        section = getattr(self.settings.sources, kind.source, None)
        if section is None:
            policy, options = self._policy(kind, task), {}
            self.budgets.allow(kind.source, Allowance(timedelta(seconds=kind.interval_seconds)))
        else:
            policy, options = self._policy_of(section, kind), _options(section, self.secrets)
        deadline = self.clock.monotonic() + task.timeout_seconds
        with Gate(
            kind.source, policy=policy, budgets=self.budgets, clock=self.clock, deadline=deadline
        ) as gate:
            yield Parts(
                collector=_made(task.type, kind, options),
                normalizer=self._normalizer(task, kind),
                gate=gate,
                items=self.items,
                known=KnownItems(self.database),
                clock=self.clock,
                cache=self._cache(kind.source),
                config=resolved_config(self.secrets, task),
            )

    def collector(self, name: str) -> type[BaseCollector]:
        """Return the collector called *name*; one of the user's own is loaded, and checked.

        Raises:
            UnknownTypeError: No collector of that name is installed.
            OwnCodeError: It is the user's own, and can not be used.
        """
        kind = COLLECTORS.get(name, self.own)
        if name not in COLLECTORS.table:
            check_collector(name, kind)
        return kind

    def needs(self, kind: type[BaseCollector]) -> str:
        """Return what must be set before a source may be asked, with the command; or nothing."""
        return kind.needs(self.settings.sources.model_dump())

    def _policy_of(self, section: SourceSettings, kind: type[BaseCollector]) -> GatePolicy:
        return GatePolicy(
            base_url=section.base_url,
            also=section.urls[1:],
            user_agent=user_agent(self.settings.sources.contact),
            total_seconds=section.timeout_seconds,
            limited_seconds=kind.pause_seconds,
        )

    def _policy(self, kind: type[BaseCollector], task: Task) -> GatePolicy:
        """Return what the gate of a source without settings lets through: it says so itself."""
        base_url, *also = kind.addresses(resolved_config(self.secrets, task))
        return GatePolicy(
            base_url=base_url,
            also=tuple(also),
            user_agent=user_agent(self.settings.sources.contact),
            limited_seconds=kind.pause_seconds,
        )

    def _normalizer(self, task: Task, kind: type[BaseCollector]) -> BaseNormalizer:
        name = normalizer_named(task.id, task.config) or kind.normalizer
        normalizer = NORMALIZERS.get(name, self.own)()
        return normalizer if name in NORMALIZERS.table else guarded(name, normalizer, kind)

    def normalizer_of(self, task: Task) -> BaseNormalizer:
        """Return what reads the answers of *task*.

        Raises:
            OwnCodeError: It is the user's own, and can not be used.
        """
        return self._normalizer(task, self.collector(task.type))

    def log_path(self, task_id: str, run_id: int) -> Path:
        """Return where a run's log goes."""
        return self.paths.logs_dir / "runs" / task_id / f"{run_id}.log"

    def close(self) -> None:
        """Close the registry."""
        self.database.close()

    def _cache(self, source: str) -> AnswerCache | None:
        section = getattr(self.settings.sources, source, None)
        hours = getattr(section, "cache_hours", 0)
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


def code_folders(loaded: Loaded) -> tuple[Path, ...]:
    """Return the folders that code of the user's own is taken from, the nearest first.

    They are those of `config.toml`, presets and task files, and those that the settings name.
    """
    beside = loaded.paths.config_file.parent
    scheduler = loaded.settings.scheduler
    files = [beside / Path(name).expanduser() for name in scheduler.task_files]
    named = [beside / Path(name).expanduser() for name in scheduler.code_folders]
    places = [beside, loaded.paths.user_presets_dir, *named]
    places += [file if file.is_dir() else file.parent for file in files]
    return tuple(dict.fromkeys(Path(os.path.normpath(place.absolute())) for place in places))


def _made(name: str, kind: type[BaseCollector], options: Mapping[str, object]) -> BaseCollector:
    """Return a collector, made with the settings of its source that it takes."""
    if name in COLLECTORS.table:
        return kind(**options)
    taken = inspect.signature(kind).parameters if options else {}
    return GuardedCollector(name, kind(**{k: v for k, v in options.items() if k in taken}))


def resolved_config(secrets: Secrets, task: Task) -> Mapping[str, Json]:
    """Return the config of *task* with the secrets it refers to.

    Raises:
        SecretError: One is not there.
    """
    return {key: secrets.resolved(value) for key, value in task.config.items()}


def secret_places(loaded: Loaded) -> Places:
    """Return where secrets are looked up."""
    wanted = loaded.settings.secrets
    return Places(
        environ=loaded.secret_environ,
        folder=Path(wanted.folder).expanduser() if wanted.folder else None,
        command=wanted.command,
        timeout_seconds=wanted.timeout_seconds,
    )


def _options(section: SourceSettings, secrets: Secrets) -> dict[str, object]:
    """Return what a collector is made with: its settings, and its credentials as they are now."""
    options: dict[str, object] = section.model_dump(exclude=_GATE_SETTINGS)
    if isinstance(section, GithubSettings):
        options["token"] = token_in_force(section.token, section.token_file, secrets)
    return options


@contextmanager
def open_app(
    loaded: Loaded | None = None,
    *,
    clock: Clock | None = None,
    create: bool = True,
    database: Database | None = None,
) -> Iterator[App]:
    """Open the registry that the settings name, creating or migrating it, and close it after.

    Args:
        loaded: The settings; by default those in force here.
        clock: The clock; the machine's own by default.
        create: Whether a registry that is not there may be made.
        database: The registry they name, if it is at hand.

    Raises:
        SettingsError: The settings can not be used.
        RegistryError: The registry can not be used.
    """
    app = App(loaded or load_settings(), clock=clock, database=database)
    try:
        app.database.open(now=app.clock.now(), create=create)
        yield app
    finally:
        app.close()
