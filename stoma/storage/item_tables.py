"""The tables of what was collected: raw answers, items and what hangs on them."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    collate,
    literal_column,
    text,
)

from stoma.domain.item import ItemKind, ItemStatus
from stoma.storage.tables import METADATA
from stoma.storage.types import UtcDateTime, Word

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
# Lists, counts and statistics of one source or kind look nowhere else.
Index("items_of_source", ITEMS.c.source, ITEMS.c.kind, ITEMS.c.first_seen_at)
Index("items_of_kind", ITEMS.c.kind, ITEMS.c.first_seen_at)
Index("items_named", ITEMS.c.natural_id)

ITEM_VERSIONS = Table(
    "item_versions",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("item_id", ForeignKey("items.id", ondelete="CASCADE"), nullable=False),
    Column("version_key", String, nullable=False),
    Column("content_hash", String, nullable=False),
    Column("content", JSON, nullable=False),
    Column("raw_sha256", ForeignKey("raw_answers.sha256"), nullable=False),
    # Where those bytes came from this time, if it was not where they had come from first.
    Column("raw_url", Text),
    Column("raw_status", Integer),
    Column("run_id", Integer, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    # When the same answer was read again, if it is that which made this version.
    Column("reparsed_at", UtcDateTime),
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
    sqlite_with_rowid=False,
)

IDENTIFIERS = Table(
    "identifiers",
    METADATA,
    Column("item_id", ForeignKey("items.id", ondelete="CASCADE"), primary_key=True),
    Column("scheme", String, primary_key=True),
    Column("value", String, primary_key=True),
    sqlite_with_rowid=False,
)
Index("identifiers_value", IDENTIFIERS.c.value, IDENTIFIERS.c.scheme)

TAGS = Table(
    "tags",
    METADATA,
    Column("item_id", ForeignKey("items.id", ondelete="CASCADE"), primary_key=True),
    Column("scheme", String, primary_key=True),
    Column("term", String, primary_key=True),
    Column("is_primary", Boolean, nullable=False),
    sqlite_with_rowid=False,
)
Index("tags_term", collate(TAGS.c.term, "NOCASE"), TAGS.c.item_id)

RELATIONS = Table(
    "relations",
    METADATA,
    Column("item_id", ForeignKey("items.id", ondelete="CASCADE"), primary_key=True),
    Column("type", String, primary_key=True),
    Column("to_natural_id", String, primary_key=True),
    sqlite_with_rowid=False,
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

# Days of which a task has provably got everything; whole days of the source's own calendar.
COVERAGE = Table(
    "coverage",
    METADATA,
    Column("task_id", String, primary_key=True),
    Column("query", String, primary_key=True),  # as in `cursors`: another query, another coverage
    Column("first_day", String, primary_key=True),  # `2026-03-02`
    Column("last_day", String, primary_key=True),  # included
    Column("run_id", Integer, nullable=False),
    Column("proven_at", UtcDateTime, nullable=False),
    sqlite_with_rowid=False,
)
