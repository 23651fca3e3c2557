"""Three-way merge of task definitions: a preset's new text, the user's edits, and their origin."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from stoma.domain.task import DEFINITION_FIELDS, Task


class StepAction(StrEnum):
    """What a load does to one task."""

    ADDED = "added"  #: there was no task of that id
    CHANGED = "changed"  #: at least one field takes the preset's value
    KEPT = "kept"  #: stays as it is, because the user made or edited it
    UNCHANGED = "unchanged"  #: says already what the preset says
    REMOVED = "removed"  #: came from the same files, which no longer have it


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a load does to one task, and why.

    Fields are named as in `Task`; a key of the config is a field of its own, `config.KEY`.
    """

    action: StepAction
    task: Task  #: the definition after the step
    base: Task | None  #: to be remembered as loaded; None: the task stays the user's own
    changed_fields: tuple[str, ...] = ()  #: take the preset's value
    kept_fields: tuple[str, ...] = ()  #: keep the user's value, and the preset's differs


_ABSENT: Final = object()
_CONFIG: Final = "config."


def plan_load(
    incoming: Iterable[Task],
    current: Mapping[str, Task],
    base: Mapping[str, Task],
    *,
    force: bool = False,
) -> list[Step]:
    """Return one step per task of *incoming*, in its order.

    A field that the user edited since the last load keeps its value; every other field follows
    the preset. Keys of the config count as fields while the task's type stays the same;
    otherwise type and config go together. A task that no preset brought is kept whole.

    Args:
        incoming: What the preset says now, each id once.
        current: What is registered, by id.
        base: What the last load brought, by id; an id that is absent was made by hand.
        force: Take every incoming definition, whatever was edited.
    """
    return [_step(task, current.get(task.id), base.get(task.id), force) for task in incoming]


def plan_removal(gone: Iterable[Task]) -> list[Step]:
    """Return one step per task of *gone*, in its order: each is taken away."""
    return [Step(action=StepAction.REMOVED, task=task, base=None) for task in gone]


def _step(incoming: Task, current: Task | None, base: Task | None, force: bool) -> Step:
    if current is None:
        return Step(action=StepAction.ADDED, task=incoming, base=incoming)
    old, new = _flat(current), _flat(incoming)
    if force:
        merged = new
    elif base is None:
        merged = old
    else:
        merged = _merge(old, _flat(base), new)
    changed, kept = _differing(old, merged), _differing(merged, new)
    rest = StepAction.KEPT if kept else StepAction.UNCHANGED
    return Step(
        action=StepAction.CHANGED if changed else rest,
        task=_task(merged),
        base=incoming if force or base is not None else None,
        changed_fields=changed,
        kept_fields=kept,
    )


def _merge(old: dict[str, Any], base: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    edited = set(_differing(old, base))
    if not old["type"] == base["type"] == new["type"]:
        # The keys of one type mean nothing to another: an edit of any keeps them all.
        bound = {name for name in {*old, *base, *new} if name == "type" or _is_config(name)}
        edited |= bound if edited & bound else set()
    return {
        name: value
        for name in _names(new, old)
        if (value := (old if name in edited else new).get(name, _ABSENT)) is not _ABSENT
    }


def _flat(task: Task) -> dict[str, Any]:
    plain = {name: getattr(task, name) for name in DEFINITION_FIELDS if name != "config"}
    return plain | {_CONFIG + key: value for key, value in task.config.items()}


def _task(flat: Mapping[str, Any]) -> Task:
    config = {name.removeprefix(_CONFIG): flat[name] for name in flat if _is_config(name)}
    return Task(**{name: flat[name] for name in flat if not _is_config(name)}, config=config)


def _is_config(name: str) -> bool:
    return name.startswith(_CONFIG)


def _names(*flats: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for flat in flats for name in flat))


def _differing(left: Mapping[str, Any], right: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(
        name for name in _names(left, right) if left.get(name, _ABSENT) != right.get(name, _ABSENT)
    )
