"""Items as Parquet, for analysis: columns with types, written a portion at a time."""

import io
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from stoma.exceptions import UsageError
from stoma.export.tables import json_object
from stoma.storage.item_lines import ItemRecord

_AT_ONCE = 5000
_TEXTS = ("id", "source", "kind", "title", "summary", "url", "version", "status", "status_reason")
_MOMENTS = ("published_at", "source_updated_at", "first_seen_at", "last_seen_at")


def parquet(records: Iterable[ItemRecord]) -> Iterator[bytes]:
    """Yield a file in pieces; what is nested in `extra` stands there as JSON.

    Raises:
        UsageError: The library that writes it is not installed.
    """
    try:
        import pyarrow
        from pyarrow.parquet import ParquetWriter
    except ImportError as error:
        raise UsageError(
            "parquet needs a library that is not installed",
            hint="pip install 'stoma[parquet]', or another --format",
        ) from error
    schema = _schema(pyarrow)
    sink, left = io.BytesIO(), iter(records)
    with ParquetWriter(sink, schema, compression="zstd") as writer:
        while some := [_row(record) for record in islice(left, _AT_ONCE)]:
            writer.write_table(pyarrow.Table.from_pylist(some, schema=schema))
            yield _taken(sink)
    yield _taken(sink)


def _taken(sink: io.BytesIO) -> bytes:
    """Return what was written since; the writer keeps count of its place itself."""
    piece = sink.getvalue()
    sink.seek(0)
    sink.truncate()
    return piece


def _schema(pyarrow: Any) -> Any:
    text, moment = pyarrow.string(), pyarrow.timestamp("us", tz="UTC")

    def things(*names: str, **more: Any) -> Any:
        return pyarrow.list_(pyarrow.struct({**dict.fromkeys(names, text), **more}))

    return pyarrow.schema(
        {
            "number": pyarrow.int64(),
            **dict.fromkeys(_TEXTS, text),
            **dict.fromkeys(_MOMENTS, moment),
            "contributors": things("name", "role", "external_id", affiliations=pyarrow.list_(text)),
            "identifiers": things("scheme", "value"),
            "tags": things("scheme", "term", primary=pyarrow.bool_()),
            "relations": things("type", "to"),
            "extra": text,
        }
    )


def _row(record: ItemRecord) -> dict[str, Any]:
    moments = {name: getattr(record.line, name) for name in _MOMENTS}
    extra = json.dumps(record.extra, ensure_ascii=False)
    return {**json_object(record), **moments, "extra": extra}
