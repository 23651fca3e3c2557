"""The schema: every setting with its type, default and meaning.

`docs/reference/settings.md` is the same table for people; a test holds the two together.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic.fields import FieldInfo

from stoma.exceptions import ScheduleError
from stoma.settings.notifications import NotificationSettings
from stoma.settings.section import Section, paths
from stoma.settings.service import HeartbeatSettings, LoggingSettings
from stoma.settings.sources import SecretsSettings, SourcesSettings

#: What a key of `[variables]` looks like: an environment variable can carry it.
VARIABLE_NAME = re.compile(r"[a-z][a-z0-9_]*")
_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)+/?")


def _time_zone(name: str) -> str:
    if name == "UTC":  # the usual case, which need not load the zones
        return name
    from stoma.schedules.zones import zone_named

    try:
        return zone_named(name).name
    except ScheduleError:
        raise ValueError("must be an IANA time zone such as 'Europe/Berlin'") from None


def time_zones() -> list[str]:
    """Return every zone that the machine knows; slow, for suggestions only."""
    from zoneinfo import available_timezones

    return sorted(available_timezones())


def _database_url(url: str) -> str:
    place = url.removeprefix("sqlite:///")
    if url and (place == url or place in {"", ":memory:"} or "?" in place):
        raise ValueError("must be sqlite:///PATH of a file; PostgreSQL comes with a later version")
    return url


def _prefix(path: str) -> str:
    if path and not _PREFIX.fullmatch(path):
        raise ValueError("must be a path such as '/stoma'")
    return path.rstrip("/")


class SchedulerSettings(Section):
    """How the scheduler runs tasks."""

    max_concurrent_tasks: int = Field(
        default=3, ge=1, description="Runs at work at the same time, at most."
    )
    check_interval_seconds: float = Field(
        default=1.0, gt=0, le=60, description="The longest pause between two looks at the registry."
    )
    drain_seconds: float = Field(
        default=30.0, ge=0, description="How long runs may finish after a stop was asked for."
    )
    default_preset: str = Field(
        default="default",
        min_length=1,
        description="The preset that `start` loads into an empty registry.",
    )
    task_files: Annotated[tuple[str, ...], BeforeValidator(paths)] = Field(
        default=(),
        description="Files of tasks (TOML, YAML or JSON), or folders of them, applied at the start "
        "and whenever they change. Relative ones start at the folder of `config.toml`.",
    )
    code_folders: Annotated[tuple[str, ...], BeforeValidator(paths)] = Field(
        default=(),
        description="Folders from which your own collectors and normalizers are taken, besides "
        "those of `config.toml`, presets and task files. Relative ones start there too.",
    )
    state_file: str = Field(
        default="",
        description="A JSON file, such as `scheduler_state.json`, that holds the state for "
        "scripts; a relative path starts beside the registry. Empty: none.",
    )


class RetentionSettings(Section):
    """What is kept of the past, and for how long. Collected items are kept for ever."""

    runs_days: int = Field(
        default=90, ge=0, description="Days that runs are kept in the history; 0: for ever."
    )
    runs_per_task: int = Field(
        default=100, ge=1, description="So many of the newest runs of a task stay, however old."
    )
    runs_most: int = Field(
        default=150_000, ge=0, description="Runs of one task that are kept at most; 0: no limit."
    )
    dead_days: int = Field(
        default=180,
        ge=0,
        description="Days that runs are kept of which every attempt failed; 0: for ever.",
    )
    logs_days: int = Field(
        default=30, ge=0, description="Days that logs of runs are kept; 0: as long as the runs."
    )
    logs_megabytes: int = Field(
        default=1000, ge=0, description="The logs of runs, all together; 0: no limit."
    )
    raw_days: int = Field(
        default=90, ge=0, description="Days that raw answers of sources are kept; 0: for ever."
    )
    raw_megabytes: int = Field(
        default=2000, ge=0, description="Raw answers, compressed, all together; 0: no limit."
    )
    backups: int = Field(
        default=10, ge=1, description="So many of the backups that stoma makes by itself are kept."
    )
    audit_days: int = Field(
        default=730, ge=0, description="Days that the audit log is kept; 0: for ever."
    )


class LimitsSettings(Section):
    """What must be left for a run to start, and how much one may use."""

    disk_free_megabytes: int = Field(
        default=100, ge=0, description="No run starts while less is free where the registry is."
    )
    load_per_core: float = Field(
        default=0.0, ge=0, description="No run starts while the load is higher; 0: no limit."
    )
    memory_megabytes: int = Field(
        default=0,
        ge=0,
        description="Memory of an attempt whose task has no limit of its own; 0: no limit.",
    )


class DatabaseSettings(Section):
    """Where the registry is."""

    url: Annotated[str, AfterValidator(_database_url)] = Field(
        default="",
        description="`sqlite:///PATH`; a relative path starts at the data directory. "
        "Empty: `stoma.db` in the data directory.",
    )


class WebSettings(Section):
    """The REST API and the dashboard."""

    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="The address that is listened on. Any but this machine's own needs a user.",
    )
    port: int = Field(default=8000, ge=0, le=65535, description="The port; 0: any free one.")
    allowed_hosts: Annotated[tuple[str, ...], BeforeValidator(paths)] = Field(
        default=(),
        description="Names under which the web is reached, besides this machine's own and `host`.",
    )
    prefix: Annotated[str, AfterValidator(_prefix)] = Field(
        default="", description="The path below which a proxy shows it: `/stoma`."
    )
    https: bool = Field(
        default=False,
        description="People come by HTTPS, through a proxy: cookies then travel only so.",
    )
    session_hours: float = Field(default=168.0, gt=0, description="The longest a login lasts.")
    idle_minutes: float = Field(
        default=720.0, gt=0, description="A login that is not used for so long is over."
    )
    task_changes_per_minute: int = Field(
        default=60,
        ge=0,
        description="New tasks and presets that one account may make; 0: no limit.",
    )
    run_starts_per_minute: int = Field(
        default=60, ge=0, description="Runs that one account may ask for; 0: no limit."
    )
    body_kilobytes: int = Field(default=1024, ge=1, description="The largest request that is read.")
    streams: int = Field(
        default=2000, ge=1, description="Logs and events that may be followed at the same time."
    )


class Settings(Section):
    """Every setting, with its default."""

    timezone: Annotated[str, AfterValidator(_time_zone)] = Field(
        default="UTC", description="The IANA time zone of tasks that name none."
    )
    scheduler: SchedulerSettings = SchedulerSettings()
    database: DatabaseSettings = DatabaseSettings()
    retention: RetentionSettings = RetentionSettings()
    limits: LimitsSettings = LimitsSettings()
    sources: SourcesSettings = SourcesSettings()
    web: WebSettings = WebSettings()
    logging: LoggingSettings = LoggingSettings()
    heartbeat: HeartbeatSettings = HeartbeatSettings()
    secrets: SecretsSettings = SecretsSettings()
    notifications: NotificationSettings = NotificationSettings()
    variables: Mapping[str, str] = Field(
        default={},
        description="Names and texts of your own, kept for the conditions of tasks that a later "
        "version brings.",
    )


@cache
def known_settings() -> Mapping[str, FieldInfo]:
    """Return the schema's keys in dotted form, in its order, each with what is known of it."""
    return dict(_leaves(Settings, ""))


def _leaves(section: type[Section], prefix: str) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in section.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            yield from _leaves(kind, f"{prefix}{name}.")
        else:
            yield prefix + name, field
