"""Every table, once; those of items are in `item_tables.py`.

Changing one takes a new schema version and a step in `migrations.py`.
"""

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from stoma.domain.notice import NoticeState
from stoma.domain.run import Outcome, RunState, Trigger
from stoma.domain.task import CatchUp, OnInterrupt, Overlap, TaskPriority
from stoma.storage.types import UtcDateTime, Word

METADATA = MetaData()

TASKS = Table(
    "tasks",
    METADATA,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("type", String, nullable=False),
    Column("schedule", JSON, nullable=False),
    Column("config", JSON, nullable=False),
    Column("description", Text, nullable=False),
    Column("timezone", String),
    Column("priority", Word(TaskPriority), nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("owner", String, nullable=False),
    Column("tags", JSON, nullable=False),
    Column("timeout_seconds", Float, nullable=False),
    Column("max_retries", Integer, nullable=False),
    Column("retry_delay_seconds", Float, nullable=False),
    Column("catch_up", Word(CatchUp), nullable=False),
    Column("max_catch_up", Integer, nullable=False),
    Column("misfire_grace_seconds", Float),
    Column("overlap", Word(Overlap), nullable=False),
    Column("jitter_seconds", Float, nullable=False),
    Column("on_interrupt", Word(OnInterrupt), nullable=False),
    Column("retry_on", JSON, nullable=False),
    Column("no_retry_on", JSON, nullable=False),
    Column("after", JSON, nullable=False),
    Column("only_if", JSON, nullable=False),
    Column("concurrency_key", String, nullable=False),
    Column("max_running", Integer),
    Column("memory_limit_mb", Integer),
    Column("notify", JSON, nullable=False, server_default="[]"),
    # What became of the definition. `base` is the definition as last loaded from a preset:
    # what differs from it is the user's own edit.
    Column("version", Integer, nullable=False),
    Column("preset", String),
    Column("base", JSON),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("next_slot_at", UtcDateTime),  # what the loop looks for
    Column("next_run_at", UtcDateTime),  # what people look for: the next slot no filter skips
    Column("watermark_at", UtcDateTime),
    Column("disabled_until", UtcDateTime),
    Column("disabled_reason", String, nullable=False, server_default=""),
)
Index("tasks_due", TASKS.c.next_slot_at, sqlite_where=text("enabled"))

# Who runs after whom, taken out of `tasks.after` so that an end finds its followers at once.
UPSTREAMS = Table(
    "upstreams",
    METADATA,
    Column("task_id", ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True),
    Column("upstream_id", String, primary_key=True),
)
Index("upstreams_of", UPSTREAMS.c.upstream_id)

TASK_VERSIONS = Table(
    "task_versions",
    METADATA,
    Column("task_id", String, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("definition", JSON, nullable=False),
    Column("saved_at", UtcDateTime, nullable=False),
)

# No foreign key to tasks: the ledger outlives a task, so that an id used again never repeats
# a slot, and history is not lost with a definition.
RUNS = Table(
    "runs",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("task_id", String, nullable=False),
    Column("task_version", Integer, nullable=False),
    Column("trigger", Word(Trigger), nullable=False),
    Column("due_at", UtcDateTime),
    Column("due_to", UtcDateTime),
    Column("slots", Integer, nullable=False, server_default="1"),
    Column("state", Word(RunState), nullable=False),
    Column("outcome", Word(Outcome)),
    Column("reason", String, nullable=False, server_default=""),
    Column("detail", Text, nullable=False, server_default=""),
    Column("priority", Integer, nullable=False),
    Column("not_before", UtcDateTime),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("max_attempts", Integer, nullable=False),
    Column("fence", Integer, nullable=False, server_default="0"),
    Column("owner", String),
    Column("lease_until", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("error_kind", String, nullable=False, server_default=""),
    Column("error", Text, nullable=False, server_default=""),
    Column("new", Integer, nullable=False, server_default="0"),
    Column("updated", Integer, nullable=False, server_default="0"),
    Column("unchanged", Integer, nullable=False, server_default="0"),
    Column("requests", Integer, nullable=False, server_default="0"),
    Column("pages", Integer, nullable=False, server_default="0"),
    Column("checkpoint", JSON, nullable=False, server_default="{}"),
    Column("log_path", String, nullable=False, server_default=""),
    Column("peak_memory_bytes", Integer),
    Column("cpu_seconds", Float),
    Column("parent_run_id", Integer),
    Column("params", JSON, nullable=False, server_default="{}"),
    # Somebody asked for its end; whoever holds it obeys.
    Column("cancel_requested", Boolean, nullable=False, server_default="0"),
    # What follows from its end (tasks after it, a chained schedule) has been seen to.
    Column("settled", Boolean, nullable=False, server_default="0"),
    UniqueConstraint("task_id", "due_at", name="one_run_per_slot"),
    UniqueConstraint("task_id", "parent_run_id", name="one_run_per_parent"),
    CheckConstraint("(state = 'done') = (outcome IS NOT NULL)", name="outcome_when_done"),
    CheckConstraint("(state IN ('queued', 'running')) = (owner IS NOT NULL)", name="held_by_one"),
    CheckConstraint("slots = 1 OR (due_to IS NOT NULL AND due_to > due_at)", name="range_is_one"),
    sqlite_autoincrement=True,
)
Index("runs_of_task", RUNS.c.task_id, RUNS.c.id)
# Whole, not partial: SQLite uses a partial index only for its own words, never for a bound value.
Index("runs_by_state", RUNS.c.state, RUNS.c.priority, RUNS.c.id)
# The few rows that stand for several slots: calendars look for those that touch a day.
Index("runs_stretches", RUNS.c.due_at, sqlite_where=text("slots > 1"))
Index("runs_unsettled", RUNS.c.id, sqlite_where=text("state = 'done' AND NOT settled"))

ATTEMPTS = Table(
    "attempts",
    METADATA,
    Column("run_id", Integer, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("fence", Integer, nullable=False),
    Column("owner", String, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("outcome", Word(Outcome)),
    Column("error_kind", String, nullable=False, server_default=""),
    Column("error", Text, nullable=False, server_default=""),
    Column("pid", Integer),
    Column("exit_code", Integer),
    Column("peak_memory_bytes", Integer),
    Column("cpu_seconds", Float),
    Column("log_path", String, nullable=False, server_default=""),
)

INSTANCES = Table(
    "instances",
    METADATA,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("host", String, nullable=False),
    Column("boot_id", String, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("pid_started", String, nullable=False),
    Column("version", String, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("heartbeat_at", UtcDateTime, nullable=False),
    Column("stopped_at", UtcDateTime),
)

# What an instance used, sampled with its heartbeat: the newest day of it.
SAMPLES = Table(
    "samples",
    METADATA,
    Column("instance_id", String, primary_key=True),
    Column("at", UtcDateTime, primary_key=True),
    Column("cpu_seconds", Float, nullable=False),
    Column("cpu_percent", Float),
    Column("memory_bytes", Integer),
    Column("open_files", Integer),
    Column("load", Float),
    Column("cores", Integer, nullable=False),
    Column("disk_free_bytes", Integer),
    Column("blocked", String, nullable=False, server_default=""),
    sqlite_with_rowid=False,
)

# What holds for the scheduler as a whole: `paused`, ...
STATE = Table(
    "state",
    METADATA,
    Column("key", String, primary_key=True),
    Column("value", JSON, nullable=False),
    Column("set_at", UtcDateTime, nullable=False),
)

# Who may use the web. Passwords and tokens are there as what they are checked against only.
USERS = Table(
    "users",
    METADATA,
    Column("name", String, primary_key=True),
    Column("scope", String, nullable=False),
    Column("password", String, nullable=False),  # scrypt, with its salt and cost
    Column("created_at", UtcDateTime, nullable=False),
    Column("password_changed_at", UtcDateTime, nullable=False),
)

TOKENS = Table(
    "tokens",
    METADATA,
    Column("name", String, primary_key=True),
    Column("sha256", String, nullable=False, unique=True),
    Column("owner", ForeignKey("users.name", ondelete="CASCADE")),
    Column("scope", String, nullable=False),
    Column("tasks", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("last_used_at", UtcDateTime),
)

WEB_SESSIONS = Table(
    "web_sessions",
    METADATA,
    Column("sha256", String, primary_key=True),
    Column("user", ForeignKey("users.name", ondelete="CASCADE"), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)
Index("sessions_of_user", WEB_SESSIONS.c.user)

# What is to be told by which channel: written with the cause, delivered afterwards.
OUTBOX = Table(
    "outbox",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("key", String, nullable=False),  # of the cause: told by a channel once
    Column("channel", String, nullable=False),
    Column("notice", JSON, nullable=False),
    Column("state", Word(NoticeState), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("not_before", UtcDateTime, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("sent_at", UtcDateTime),
    Column("error", Text, nullable=False, server_default=""),
    UniqueConstraint("channel", "key", name="told_once"),
    sqlite_autoincrement=True,
)
Index("outbox_waiting", OUTBOX.c.state, OUTBOX.c.channel, OUTBOX.c.not_before)

# What is wrong with a task and was or will be told; gone when it is well again.
TROUBLES = Table(
    "troubles",
    METADATA,
    Column("task_id", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("since", UtcDateTime, nullable=False),
    Column("count", Integer, nullable=False),
    Column("told_at", UtcDateTime),
)

# Who changed what. Append-only (see `audit.py`): each entry is sealed with the one before it.
AUDIT = Table(
    "audit",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String, nullable=False),
    Column("origin", String, nullable=False),
    Column("action", String, nullable=False),
    Column("subject", String, nullable=False),
    # JSON as text: SQLite would make a number of a column whose type says JSON.
    Column("before", Text),
    Column("after", Text),
    Column("hash", String, nullable=False),
)
Index("audit_of_subject", AUDIT.c.subject, AUDIT.c.id)

# The ends of that chain: `start`, the last entry that was removed as too old, and `head`.
AUDIT_MARKS = Table(
    "audit_marks",
    METADATA,
    Column("name", String, primary_key=True),
    Column("entry_id", Integer, nullable=False),
    Column("hash", String, nullable=False),
)

CURSORS = Table(
    "cursors",
    METADATA,
    Column("task_id", String, primary_key=True),
    Column("query", String, primary_key=True),  # hash of type and config: another query, another
    Column("cursor", JSON, nullable=False),
    Column("items", Integer, nullable=False),  # how many the last proven collection returned
    Column("run_id", Integer, nullable=False),
    Column("proven_at", UtcDateTime, nullable=False),
)

BUDGETS = Table(
    "budgets",
    METADATA,
    Column("source", String, primary_key=True),
    Column("next_at", UtcDateTime, nullable=False),
    # What it is about, so that whoever only looks can say what is left.
    Column("interval_seconds", Float),
    Column("burst", Integer),
    Column("held_until", UtcDateTime),  # the source asked for a pause, or keeps us out
    # What the source itself counts, as it last said.
    Column("rate_limit", Integer),
    Column("remaining", Integer),
    Column("reset_at", UtcDateTime),
)
