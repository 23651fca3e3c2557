"""What all sections of the settings share, and how a secret stands in one."""

import os
from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, SecretStr

from stoma.exceptions import SecretError
from stoma.secrets import check_name, named, named_in, written


class Section(BaseModel):
    """What all sections keep: fixed once loaded, no unknown keys, no guessing of types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def _reference(value: object) -> object:
    """Return a reference, `{secret = "NAME"}`, as the text that stands for it."""
    name = named(value)
    name = named_in(value) if name is None and isinstance(value, str) else name
    if name is None:
        return value
    try:
        return written(check_name(name))
    except SecretError as error:
        raise ValueError(f"{error}; {error.hint}") from None


#: A secret, or better a reference to one; `Secrets.resolve` gives what it stands for.
Credential = Annotated[SecretStr, BeforeValidator(_reference)]


def credentials_in(section: Section) -> Iterator[tuple[str, SecretStr]]:
    """Yield every secret, or reference to one, in a section, with the key it stands under."""
    for key, value in _leaves("", section):
        if value.get_secret_value():
            yield key, value


def _leaves(key: str, value: object) -> Iterator[tuple[str, SecretStr]]:
    if isinstance(value, SecretStr):
        yield key, value
    elif isinstance(value, BaseModel | Mapping):
        for name, inner in dict(value).items():
            yield from _leaves(f"{key}.{name}" if key else name, inner)


def shown(value: SecretStr) -> str:
    """Return what may be seen of a secret: the name, if it is a reference."""
    text = value.get_secret_value()
    return text if not text or named_in(text) is not None else "**********"


def paths(value: object) -> tuple[str, ...]:
    """Return file names: an array, or in an environment variable with `:` between them."""
    if isinstance(value, str):
        return tuple(name for name in value.split(os.pathsep) if name)
    if isinstance(value, list | tuple) and all(isinstance(name, str) and name for name in value):
        return tuple(value)
    raise ValueError("must be an array of texts")
