"""What all shapes share."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from stoma.domain.task import Json

#: One record, ready to be written.
Record = dict[str, Json]
#: Any JSON, as the document of the API has it.
AnyJson = Any


class Shape(BaseModel):
    """A record that the API answers with."""

    model_config = ConfigDict(extra="forbid")


class Given(BaseModel):
    """What a request brings: no unknown keys, no guessing of types."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


def iso(moment: datetime | None) -> str | None:
    """Return *moment* as JSON has it: ISO 8601 with offset."""
    return None if moment is None else moment.isoformat()
