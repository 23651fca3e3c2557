"""Secrets: which there are, where they come from, and what refers to them. Never a value."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stoma.app import secret_places
from stoma.secrets import Secrets, named_in, names_in
from stoma.settings import Loaded
from stoma.settings.section import credentials_in
from stoma.storage.read import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretLine:
    """One secret."""

    name: str
    origin: str  #: where it comes from; empty: nowhere
    problem: str  #: why it can not be used; empty if it can
    used_by: Sequence[str]  #: settings, by key, and tasks, as `task ID`


def list_secrets(loaded: Loaded, reader: Reader | None) -> list[SecretLine]:
    """Return every secret that lies ready, and every one that is referred to, by name."""
    users: dict[str, list[str]] = {}
    for name, user in _references(loaded, reader):
        users.setdefault(name, []).append(user)
    return [
        SecretLine(
            name=each.name,
            origin=each.origin,
            problem=each.problem,
            used_by=tuple(dict.fromkeys(users.get(each.name, ()))),
        )
        for each in Secrets(secret_places(loaded)).list(users)
    ]


def _references(loaded: Loaded, reader: Reader | None) -> Iterator[tuple[str, str]]:
    for key, value in credentials_in(loaded.settings):
        name = named_in(value.get_secret_value())
        if name is not None:
            yield name, key
    for task_id in reader.task_ids() if reader else ():
        detail = reader.task(task_id) if reader else None
        if detail is not None:
            config = detail.definitions[0].definition.get("config")
            yield from ((name, f"task {task_id}") for name in names_in(config))
