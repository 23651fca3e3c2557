"""The schema: every setting with its type, default and meaning.

`docs/reference/settings.md` is the same table for people; a test holds the two together.
"""

import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic.fields import FieldInfo

from stoma.exceptions import ScheduleError

#: What a key of `[variables]` looks like: an environment variable can carry it.
VARIABLE_NAME = re.compile(r"[a-z][a-z0-9_]*")
_E_MAIL = re.compile(r"[^\s@]+@[^\s@]+")
_BASE_URL = re.compile(r"https?://[^\s/?#]+(/[^\s?#]*)?")
_TOKEN = re.compile(r"[!-~]*")


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


def _contact(address: str) -> str:
    if address and not _E_MAIL.fullmatch(address):
        raise ValueError("must be an e-mail address such as 'you@example.org'")
    return address


def _base_url(url: str) -> str:
    if not _BASE_URL.fullmatch(url):
        raise ValueError("must be a web address such as 'https://export.arxiv.org'")
    return url.rstrip("/")


def _token(token: SecretStr) -> SecretStr:
    if not _TOKEN.fullmatch(token.get_secret_value()):
        raise ValueError("must be a token such as 'ghp_...', without blanks")
    return token


def _credential_file(path: str) -> str:
    if path and not path.startswith(("/", "~")):
        raise ValueError("must be the whole path of a file, from '/' or '~'")
    return path


def _paths(value: object) -> tuple[str, ...]:
    """Return file names: an array, or in an environment variable with `:` between them."""
    if isinstance(value, str):
        return tuple(name for name in value.split(os.pathsep) if name)
    if isinstance(value, list | tuple) and all(isinstance(name, str) and name for name in value):
        return tuple(value)
    raise ValueError("must be an array of texts")


class Section(BaseModel):
    """What all sections keep: fixed once loaded, no unknown keys, no guessing of types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


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
    task_files: Annotated[tuple[str, ...], BeforeValidator(_paths)] = Field(
        default=(),
        description="Files of tasks (TOML, YAML or JSON), or folders of them, applied at the start "
        "and whenever they change. Relative ones start at the folder of `config.toml`.",
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


class SourceSettings(Section):
    """What every source has. Further addresses of its own are keys that end in `_url`."""

    base_url: Annotated[str, AfterValidator(_base_url)]
    interval_seconds: float = Field(ge=0)
    timeout_seconds: float = Field(default=60.0, gt=0, description="How long one request may take.")

    @property
    def urls(self) -> tuple[str, ...]:
        """Every address that requests to the source may go to, the main one first."""
        return tuple(value for name, value in self if name.endswith("_url"))


class ArxivSettings(SourceSettings):
    """How arXiv is asked."""

    base_url: Annotated[str, AfterValidator(_base_url)] = Field(
        default="https://export.arxiv.org", description="The host, or a mirror of it."
    )
    interval_seconds: float = Field(
        default=3.0, ge=0, description="Least time between two requests; arXiv asks for 3 seconds."
    )
    page_size: int = Field(
        default=100, ge=1, le=2000, description="Results asked for at a time; arXiv allows 2000."
    )
    oai_url: Annotated[str, AfterValidator(_base_url)] = Field(
        default="https://oaipmh.arxiv.org/oai", description="The OAI-PMH interface, for harvests."
    )
    rss_url: Annotated[str, AfterValidator(_base_url)] = Field(
        default="https://rss.arxiv.org/rss", description="The daily lists of what is announced."
    )
    cache_hours: float = Field(
        default=0.0,
        ge=0,
        le=24,
        description="How long a search that is asked again is answered from what is kept. "
        "0: never.",
    )


class SecEdgarSettings(SourceSettings):
    """How SEC EDGAR is asked."""

    base_url: Annotated[str, AfterValidator(_base_url)] = Field(
        default="https://www.sec.gov",
        description="The host of the lists of filings, the indexes and the filings themselves.",
    )
    interval_seconds: float = Field(
        default=0.112,
        ge=0,
        description="Least time between two requests, to all three hosts together; "
        "the SEC allows 10 a second.",
    )
    data_url: Annotated[str, AfterValidator(_base_url)] = Field(
        default="https://data.sec.gov", description="The host of each company's own list."
    )
    search_url: Annotated[str, AfterValidator(_base_url)] = Field(
        default="https://efts.sec.gov", description="The host of the full-text search."
    )
    page_size: int = Field(
        default=100,
        ge=10,
        le=100,
        description="Entries of the list of latest filings asked for at a time.",
    )


class GithubSettings(SourceSettings):
    """How GitHub is asked."""

    base_url: Annotated[str, AfterValidator(_base_url)] = Field(
        default="https://api.github.com",
        description="The host of the API; of your own server, `https://HOST/api/v3`.",
    )
    interval_seconds: float = Field(
        default=1.0,
        ge=0,
        description="Least time between two requests; GitHub's limits make it longer for "
        "searches, and without a token.",
    )
    trending_url: Annotated[str, AfterValidator(_base_url)] = Field(
        default="https://github.com/trending", description="The page of trending repositories."
    )
    token: Annotated[SecretStr, AfterValidator(_token)] = Field(
        default=SecretStr(""),
        description="A token of yours, for higher limits; never shown. "
        "The variable `GITHUB_TOKEN` counts where nothing here is set.",
    )
    token_file: Annotated[str, AfterValidator(_credential_file)] = Field(
        default="", description="A file that holds the token, read when GitHub is asked."
    )


class SourcesSettings(Section):
    """How the sources are asked."""

    contact: Annotated[str, AfterValidator(_contact)] = Field(
        default="",
        description="An e-mail address for the User-Agent, so that a source can reach you.",
    )
    arxiv: ArxivSettings = ArxivSettings()
    github: GithubSettings = GithubSettings()
    sec_edgar: SecEdgarSettings = SecEdgarSettings()


class LoggingSettings(Section):
    """What is logged, and how."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="The least severe kind of line that is written."
    )
    format: Literal["plain", "json"] = Field(
        default="plain", description="`plain` lines for people, `json` lines for programs."
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
    logging: LoggingSettings = LoggingSettings()
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
