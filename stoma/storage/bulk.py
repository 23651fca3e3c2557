"""Many rows into one table by one statement, past what SQLAlchemy does for each of them.

Values are still made by the types of the columns. What is spared is the statement's own handling
of every row, and in SQLite what comes after every statement: where a trigger feeds a full-text
index, that is a segment of the index, written out and merged.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Table
from sqlalchemy.types import TypeEngine

from stoma.storage.types import UtcDateTime, Word

Processor = Callable[[Any], Any]

#: SQLite takes 32,766 values in one statement (SQLITE_MAX_VARIABLE_NUMBER).
_MOST_VALUES = 30_000
_MOST_ROWS = 500


def insert_rows(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    known_stays: bool = False,
    known_gets: Sequence[str] = (),
) -> None:
    """Insert *rows*, which all have the same columns.

    Args:
        connection: In a transaction that writes.
        table: Where they go.
        rows: By names of columns; what is left out gets the table's default.
        known_stays: A row that is there already, by any key, is left as it is.
        known_gets: A row that is there already, by any key, gets these columns.
    """
    if not rows:
        return
    names = tuple(rows[0])
    processors = _processors(table, names, connection.dialect)
    tail = " ON CONFLICT DO NOTHING" if known_stays else ""
    if known_gets:
        pairs = ", ".join(f"{name} = excluded.{name}" for name in known_gets)
        tail = f" ON CONFLICT DO UPDATE SET {pairs}"
    head = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES "  # noqa: S608 - names of columns
    marks = f"({', '.join('?' * len(names))})"
    for portion in _portions(rows, len(names)):
        values = tuple(
            value if made is None else made(value)
            for row in portion
            for made, value in zip(processors, row.values(), strict=True)
        )
        connection.exec_driver_sql(head + ", ".join([marks] * len(portion)) + tail, values)


def _portions(
    rows: Sequence[Mapping[str, Any]], columns: int
) -> Iterator[Sequence[Mapping[str, Any]]]:
    size = min(_MOST_ROWS, _MOST_VALUES // columns)
    return (rows[start : start + size] for start in range(0, len(rows), size))


@lru_cache(maxsize=64)
def _processors(
    table: Table, names: tuple[str, ...], dialect: Dialect
) -> tuple[Processor | None, ...]:
    return tuple(_processor(table.c[name].type, dialect) for name in names)


def _processor(kind: TypeEngine[Any], dialect: Dialect) -> Processor | None:
    made = kind.dialect_impl(dialect).bind_processor(dialect)
    # A page has few moments and words, each in many rows.
    return lru_cache(maxsize=256)(made) if made and isinstance(kind, UtcDateTime | Word) else made
