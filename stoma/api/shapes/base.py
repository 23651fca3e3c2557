"""What all shapes share."""

from typing import Any

from pydantic import BaseModel, ConfigDict

#: Any JSON, as the document of the API has it.
AnyJson = Any


class Shape(BaseModel):
    """A record that the API answers with."""

    model_config = ConfigDict(extra="forbid")


class Given(BaseModel):
    """What a request brings: no unknown keys, no guessing of types."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
