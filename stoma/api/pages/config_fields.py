"""What a task's type may be told, as fields of a form, and back. Pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from stoma.api.forms import Form
from stoma.collectors.base import CollectorConfig
from stoma.domain.task import Json

#: How the names of fields begin, so that they never meet those of the task itself.
PREFIX = "config."


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One key of a config, as a form asks for it."""

    name: str
    label: str
    kind: str  #: `text`, `number`, `flag`, `choice`, `list` or `json`
    value: str
    choices: tuple[str, ...] = ()
    default: str = ""

    @property
    def is_set(self) -> bool:
        """Whether it says anything but the default."""
        return self.value not in {"", self.default} or (self.kind == "flag" and bool(self.default))


def config_fields(
    kind: type[CollectorConfig], config: Mapping[str, Json], form: Form | None = None
) -> list[Field]:
    """Return a field for each key; with what a *form* said, if there was one."""
    return list(_fields(kind, config, form))


def _fields(
    kind: type[CollectorConfig], config: Mapping[str, Json], form: Form | None
) -> Iterator[Field]:
    for name, info in kind.model_fields.items():
        shape, choices = _shape(info.annotation)
        value = _text(config[name], shape) if name in config else ""
        if form is not None:
            value = form.text(PREFIX + name, "yes" if form.has(PREFIX + name) else "")
        elif shape == "flag" and name not in config:
            value = _text(_default(info), shape)
        yield Field(
            name=PREFIX + name,
            label=name.replace("_", " ").capitalize(),
            kind=shape,
            value=value,
            choices=choices,
            default=_text(_default(info), shape),
        )


def _default(info: FieldInfo) -> Any:
    return info.get_default(call_default_factory=True) if not info.is_required() else None


_KINDS: Mapping[object, str] = {str: "text", int: "number", float: "number", bool: "flag"}


def _shape(annotation: object) -> tuple[str, tuple[str, ...]]:
    """Return what asks best for a value of a type, and the values to choose from."""
    if annotation in _KINDS:
        return _KINDS[annotation], ()
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal and all(isinstance(each, str) for each in inner):
        return "choice", tuple(inner)
    if origin is list and inner == (str,):
        return "list", ()
    if origin in {Union, UnionType} and set(inner) == {str, list[str]}:
        return "list", ()
    return "json", ()


def _text(value: Any, shape: str) -> str:
    if value is None or value == [] or value == "":
        return ""
    if shape == "flag":
        return "yes" if value else ""
    if shape == "list":
        return value if isinstance(value, str) else ", ".join(map(str, value))
    if shape == "json" or isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def read_config(
    kind: type[CollectorConfig], form: Form, before: Mapping[str, Json]
) -> dict[str, Json]:
    """Return the config that a form says.

    What says the default, and was not in the config *before*, is left out; what the form does
    not ask for stays.
    """
    found = {name: value for name, value in before.items() if name not in kind.model_fields}
    for name, info in kind.model_fields.items():
        shape, _ = _shape(info.annotation)
        text = form.text(PREFIX + name)
        if shape == "flag":
            on = form.has(PREFIX + name)
            if name in before or on != bool(_default(info)):
                found[name] = on
        elif text and not (name not in before and text == _text(_default(info), shape)):
            found[name] = _value(text, shape, info, before.get(name))
    return found


def _value(text: str, shape: str, info: FieldInfo, before: Json) -> Json:
    """Return what a text means; as it is, where it can not be read: the type says what is wrong."""
    if shape == "list":
        parts = [part for part in (each.strip() for each in text.split(",")) if part]
        single = get_origin(info.annotation) is not list and len(parts) == 1
        return parts[0] if single and not isinstance(before, list) else list(parts)
    if shape == "number":
        return _number(text)
    if shape == "json":
        try:
            found: Json = json.loads(text)
        except (ValueError, RecursionError):
            return text
        return found
    return text


def _number(text: str) -> Json:
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text
