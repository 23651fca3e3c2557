"""What all records share."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar

from stoma.domain.task import Json

T = TypeVar("T")
U = TypeVar("U")

#: The fields of one kind of value, in order: the name of each, and how it is told.
Fields = Mapping[str, Callable[[T], Json]]
#: One value told: every field of it.
Record = dict[str, Json]


def told(fields: Fields[T], value: T) -> Record:
    """Return every field of *value*."""
    return {name: tell(value) for name, tell in fields.items()}


def of(get: Callable[[U], T], fields: Fields[T]) -> Fields[U]:
    """Return the fields of a part as fields of the whole; *get* finds the part in it."""

    def field(tell: Callable[[T], Json]) -> Callable[[U], Json]:
        return lambda whole: tell(get(whole))

    return {name: field(tell) for name, tell in fields.items()}


def iso(moment: datetime | None) -> str | None:
    """Return *moment* as JSON has it: ISO 8601 with offset."""
    return None if moment is None else moment.isoformat()
