"""The whole error tree.

Every error a user can meet is here, builds its own message (lower case, no full stop, the wrong
value in it) and carries two data: `exit_code`, which the command line returns, and `hint`, the
way out. `stoma.boundary` is the one place that turns them into text and exit codes.
"""

from collections.abc import Iterable
from datetime import datetime


class StomaError(Exception):
    """Any failure that stoma foresees."""

    exit_code = 1
    #: What to do about it: one sentence or command, or empty.
    hint = ""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        if hint:
            self.hint = hint


# --- what the user gave -----------------------------------------------------------------------


class UsageError(StomaError):
    """A value given on the command line or through the API can not be used."""

    exit_code = 2


class ScheduleError(UsageError):
    """A schedule can not be understood, or would never fire.

    Attributes:
        spec: The text or table as given, shortened.
        column: Where in a cron text the wrong part starts, counted from 1; None elsewhere.
    """

    def __init__(
        self, message: str, *, spec: object = "", column: int | None = None, hint: str = ""
    ) -> None:
        self.spec = spec
        self.column = column
        super().__init__(message, hint=hint)


class TaskConfigError(UsageError):
    """A task's config does not fit its type."""

    def __init__(self, task_id: str, key: str, problem: str, *, hint: str = "") -> None:
        self.task_id = task_id
        self.key = key
        self.problem = problem
        where = f"config.{key}" if key else "config"
        super().__init__(f"task {task_id!r}: {where}: {problem}", hint=hint)


class UnknownTypeError(UsageError):
    """No part of that name is registered in a family (collectors, normalizers, ...)."""

    def __init__(self, family: str, name: str, known: Iterable[str], *, hint: str = "") -> None:
        self.family = family
        self.name = name
        self.known = tuple(sorted(known))
        super().__init__(
            f"unknown {family} {name!r}; known: {', '.join(self.known)}",
            hint=hint,
        )


class OwnCodeError(UsageError):
    """A class of the user's own, in a file or an installed package, can not be used."""

    def __init__(self, name: str, problem: str, *, hint: str = "") -> None:
        super().__init__(f"{name!r} can not be used: {problem}", hint=hint)


class ConfigError(StomaError):
    """A file of settings or tasks can not be used as it is."""

    exit_code = 78


class SettingsError(ConfigError):
    """Settings are wrong: the message names file, line (where known) and key."""

    #: What is wrong, one by one, each with its way out; empty where it is one thing only.
    problems: tuple[tuple[str, str], ...] = ()


class SecretError(ConfigError):
    """A secret is not there, or can not be used; the message never holds it."""


class PresetError(ConfigError):
    """A preset file is wrong: the message names file, line (where known), task and key."""


class NotFoundError(StomaError):
    """Something asked for by id does not exist."""

    exit_code = 5

    def __init__(self, noun: str, name: object, *, hint: str = "") -> None:
        self.noun = noun
        self.name = name
        super().__init__(f"no {noun} {name!r}", hint=hint)


class ConflictError(StomaError):
    """The request collides with what is there: a name taken, a run in progress."""

    exit_code = 6


class TaskExistsError(ConflictError):
    """A task of that id is registered already."""

    def __init__(self, task_id: str) -> None:
        self.task_id = task_id
        super().__init__(
            f"task {task_id!r} exists already",
            hint=f"choose another id, or remove it first: stoma scheduler remove-task {task_id}",
        )


class TaskRunningError(ConflictError):
    """The task has a run in progress and may not have a second one."""

    def __init__(self, task_id: str, run_id: int, since: datetime | None) -> None:
        self.task_id = task_id
        self.run_id = run_id
        started = f" since {since:%Y-%m-%d %H:%M:%S} UTC" if since else ""
        super().__init__(
            f"task {task_id!r} is already running: run {run_id}{started}",
            hint=f"wait for it, or look: stoma scheduler logs {run_id}",
        )


class SchedulerRunningError(ConflictError):
    """Another scheduler holds this registry."""

    def __init__(self, path: str, holder: str) -> None:
        super().__init__(
            f"another scheduler ({holder}) is already running on {path}",
            hint="one scheduler per registry: use that one, or give this one its own --home",
        )


class LostClaimError(ConflictError):
    """This process no longer owns the run: its fence is stale, nothing it does may be stored."""

    def __init__(self, run_id: int, fence: int) -> None:
        self.run_id = run_id
        self.fence = fence
        super().__init__(f"run {run_id} is no longer held by this process (fence {fence} is stale)")


class PromptNeededError(UsageError):
    """A question would have to be asked, and nobody is there to answer."""

    def __init__(self, question: str, flag: str) -> None:
        super().__init__(f"{question}: no terminal to ask on", hint=f"answer it with {flag}")


# --- the registry -----------------------------------------------------------------------------


class RegistryError(StomaError):
    """The registry can not be used as it is; it is never replaced or repaired silently."""

    exit_code = 78


class NewerSchemaError(RegistryError):
    """The database was written by a newer stoma."""

    def __init__(self, path: str, found: int, known: int) -> None:
        super().__init__(
            f"{path} has schema version {found}, and this stoma knows up to {known}",
            hint="upgrade stoma, or restore a backup made before the upgrade",
        )


class OlderSchemaError(RegistryError):
    """The database has to be migrated before it can be read."""

    def __init__(self, path: str, found: int, known: int) -> None:
        super().__init__(
            f"{path} has schema version {found}, and this stoma needs {known}",
            hint="any writing command migrates it (after a backup), for example: "
            "stoma scheduler start",
        )


class DamagedRegistryError(RegistryError):
    """The file is not a database of ours, or is damaged."""

    def __init__(self, path: str, problem: str, backup: str | None = None) -> None:
        last = f"the last backup is {backup}; " if backup else ""
        super().__init__(
            f"{path} can not be used as the registry: {problem}",
            hint=f"{last}nothing was changed: move the file away to start empty, "
            "or put a good copy in its place: stoma db restore FILE",
        )


class RegistryBusyError(RegistryError):
    """Another process held the database for longer than we wait."""

    exit_code = 75
    hint = "try again, or look who holds it"

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} is locked by another process")


class RegistryUnavailableError(RegistryError):
    """The database can not be read or written: disk full, read-only, no permission."""

    exit_code = 75

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}", hint="check free space and permissions there")


class DiskFullError(RegistryUnavailableError):
    """There is no room for what should be written; nothing of it was."""


class RegistryIoError(RegistryError):
    """The disk did not do what it was told: nothing that was not confirmed may be relied on."""

    exit_code = 75

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}", hint="look at the disk, and at the system's log")


class RegistryReplacedError(RegistryError):
    """A file of the registry was moved, removed or replaced while it was in use."""

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(
            f"{path} was moved, removed or replaced while it was in use",
            hint="put the file back and check it: stoma db check",
        )


# --- attempts ---------------------------------------------------------------------------------


class PreloadError(StomaError):
    """What every attempt needs can not be imported before attempts are forked."""

    exit_code = 78
    hint = "a part may start threads when it is used, not when it is imported"

    def __init__(self, problem: str) -> None:
        super().__init__(f"no attempt can be started: {problem}")


# --- sources ----------------------------------------------------------------------------------


class CollectError(StomaError):
    """A collection did not come to its proven end.

    Attributes:
        kind: The short word stored with the attempt (`network`, `blocked`, ...).
        retryable: Whether the same request may succeed later.
        retry_after_seconds: What the source asked us to wait, or None.
    """

    kind = "error"
    retryable = True

    def __init__(
        self, message: str, *, hint: str = "", retry_after_seconds: float | None = None
    ) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(message, hint=hint)


class SourceUnreachableError(CollectError):
    """No answer: name not resolved, refused, reset, or silent for too long."""

    kind = "network"

    def __init__(self, host: str, problem: str) -> None:
        self.host = host
        super().__init__(f"no answer from {host}: {problem}")


class RateLimitedError(CollectError):
    """The source asks us to slow down (HTTP 429, or its own words)."""

    kind = "rate_limited"
    exit_code = 75


class SourceBlockedError(CollectError):
    """The source refuses us (HTTP 403, a block page): stop at once and stay away for a while."""

    kind = "blocked"


class SourceFailedError(CollectError):
    """The source has a fault of its own (HTTP 5xx)."""

    kind = "source_failed"


class RequestRefusedError(CollectError):
    """The source says the request is wrong (HTTP 4xx): the same request will fail again."""

    kind = "refused"
    retryable = False


class BadAnswerError(CollectError):
    """The answer is not what was asked for: a page instead of a feed, cut off, malformed."""

    kind = "bad_answer"


class SuspiciousEmptyError(CollectError):
    """Zero results where history says there should be some: asked again before it is believed."""

    kind = "suspicious_empty"


class NeedsConfigurationError(CollectError):
    """The source can not be asked before a setting is given (a contact address, a token)."""

    kind = "needs_configuration"
    retryable = False
    exit_code = 4


class OwnCodeFailedError(CollectError):
    """A collector or normalizer of the user's own failed, or returned what can not be used."""

    kind = "own_code"
    hint = "try it on its own: docs/how-to/write-a-collector.md"

    def __init__(self, name: str, problem: str, *, retryable: bool) -> None:
        self.retryable = retryable
        super().__init__(f"{name}: {problem}")


class DeferredError(CollectError):
    """The source's budget is spent for now: the run waits, and no attempt is consumed."""

    kind = "deferred"
    exit_code = 75

    def __init__(self, source: str, wait_seconds: float) -> None:
        self.source = source
        super().__init__(
            f"the request budget of {source} is used up for another {wait_seconds:.0f} s",
            retry_after_seconds=wait_seconds,
        )


class DeadlineError(CollectError):
    """The attempt used up its time."""

    kind = "timed_out"
    exit_code = 124
    hint = "raise the task's timeout_seconds, or ask for less at a time"

    def __init__(self, limit_seconds: float) -> None:
        super().__init__(f"stopped after its time limit of {limit_seconds:g} s")
