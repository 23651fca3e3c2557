"""Every table, once. Changing one takes a new schema version and a step in `migrations.py`."""

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
    text,
)

from stoma.domain.item import ItemKind, ItemStatus
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
)

RAW_ANSWERS = Table(
    "raw_answers",
    METADATA,
    Column("sha256", String, primary_key=True),
    Column("source", String, nullable=False),
    Column("url", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("media_type", String, nullable=False),
    Column("headers", JSON, nullable=False),
    Column("body", LargeBinary, nullable=False),  # zlib; empty once it was dropped
    Column("kept_bytes", Integer, nullable=False),  # of the body as it is stored
    Column("size", Integer, nullable=False),  # before compression
    Column("fetched_at", UtcDateTime, nullable=False),
    Column("run_id", Integer, nullable=False),
)
#: Answers whose body has not been dropped. In these words, so that SQLite uses the index.
KEPT_ANSWERS = RAW_ANSWERS.c.kept_bytes > literal_column("0")
# Covers what retention asks: how much is kept, and which is the oldest.
Index(
    "raw_kept",
    RAW_ANSWERS.c.fetched_at,
    RAW_ANSWERS.c.kept_bytes,
    sqlite_where=text("kept_bytes > 0"),
)

ITEMS = Table(
    "items",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("source", String, nullable=False),
    Column("kind", Word(ItemKind), nullable=False),
    Column("natural_id", String, nullable=False),
    Column("url", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("summary", Text),
    Column("version_key", String, nullable=False),
    Column("version_seq", Integer, nullable=False),
    Column("published_at", UtcDateTime),
    Column("source_updated_at", UtcDateTime),
    Column("status", Word(ItemStatus), nullable=False),
    Column("status_reason", Text),
    Column("extra", JSON, nullable=False),
    Column("content_hash", String, nullable=False),
    # Flat copies of the satellites, for the full-text index.
    Column("contributors_text", Text, nullable=False),
    Column("tags_text", Text, nullable=False),
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime, nullable=False),
    Column("first_run_id", Integer, nullable=False),
    Column("last_run_id", Integer, nullable=False),
    UniqueConstraint("source", "natural_id", name="one_item_per_thing"),
)
Index("items_published", ITEMS.c.published_at)
Index("items_seen", ITEMS.c.first_seen_at)

ITEM_VERSIONS = Table(
    "item_versions",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("item_id", ForeignKey("items.id", ondelete="CASCADE"), nullable=False),
    Column("version_key", String, nullable=False),
    Column("content_hash", String, nullable=False),
    Column("content", JSON, nullable=False),
    Column("raw_sha256", ForeignKey("raw_answers.sha256")),
    Column("run_id", Integer, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    UniqueConstraint("item_id", "version_key", "content_hash", name="versions_are_immutable"),
)
Index("versions_of_raw", ITEM_VERSIONS.c.raw_sha256)

CONTRIBUTORS = Table(
    "contributors",
    METADATA,
    Column("item_id", ForeignKey("items.id", ondelete="CASCADE"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("role", String, nullable=False),
    Column("name", Text, nullable=False),
    Column("external_id", String),
    Column("affiliations", JSON, nullable=False),
)

IDENTIFIERS = Table(
    "identifiers",
    METADATA,
    Column("item_id", ForeignKey("items.id", ondelete="CASCADE"), primary_key=True),
    Column("scheme", String, primary_key=True),
    Column("value", String, primary_key=True),
)
Index("identifiers_value", IDENTIFIERS.c.scheme, IDENTIFIERS.c.value)

TAGS = Table(
    "tags",
    METADATA,
    Column("item_id", ForeignKey("items.id", ondelete="CASCADE"), primary_key=True),
    Column("scheme", String, primary_key=True),
    Column("term", String, primary_key=True),
    Column("is_primary", Boolean, nullable=False),
)
Index("tags_term", TAGS.c.scheme, TAGS.c.term)

RELATIONS = Table(
    "relations",
    METADATA,
    Column("item_id", ForeignKey("items.id", ondelete="CASCADE"), primary_key=True),
    Column("type", String, primary_key=True),
    Column("to_natural_id", String, primary_key=True),
)

# A series: a row when the value differs from the one before it.
OBSERVATIONS = Table(
    "observations",
    METADATA,
    Column("item_id", ForeignKey("items.id", ondelete="CASCADE"), primary_key=True),
    Column("metric", String, primary_key=True),
    Column("context", String, primary_key=True),
    Column("observed_at", UtcDateTime, primary_key=True),
    Column("value", Float, nullable=False),
    Column("run_id", Integer, nullable=False),
    sqlite_with_rowid=False,
)

TASK_ITEMS = Table(
    "task_items",
    METADATA,
    Column("task_id", String, primary_key=True),
    Column("item_id", ForeignKey("items.id", ondelete="CASCADE"), primary_key=True),
    Column("first_run_id", Integer, nullable=False),
    sqlite_with_rowid=False,
)
