"""What loading a preset and applying task files do, and the fires that are lost and gained."""

from collections.abc import Callable
from typing import TypeVar

from stoma.domain.task import Json
from stoma.operations.apply import ApplyLine
from stoma.operations.presets import LoadLine
from stoma.records.base import Fields, iso
from stoma.scheduler.forecast import Forecast

T = TypeVar("T")

_FIRES: Fields[Forecast] = {
    "fires_lost": lambda found: found.lost.count,
    "fires_gained": lambda found: found.gained.count,
    "first_lost": lambda found: [iso(each) for each in found.lost.first],
    "first_gained": lambda found: [iso(each) for each in found.gained.first],
    "compared_until": lambda found: iso(found.until),
}


def _fires(get: Callable[[T], Forecast | None]) -> Fields[T]:
    """Return the fields of a forecast; all of them null where nothing is done."""

    def field(tell: Callable[[Forecast], Json]) -> Callable[[T], Json]:
        return lambda line: None if (found := get(line)) is None else tell(found)

    return {name: field(tell) for name, tell in _FIRES.items()}


LOAD: Fields[LoadLine] = {
    "task_id": lambda line: line.step.task.id,
    "action": lambda line: str(line.step.action),
    "changed_fields": lambda line: list(line.step.changed_fields),
    "kept_fields": lambda line: list(line.step.kept_fields),
    "next_run_at": lambda line: iso(line.next_run_at),
    **_fires(lambda line: line.forecast),
}

APPLY: Fields[ApplyLine] = {
    "task_id": lambda line: line.task_id,
    "action": lambda line: line.action,
    "changed_fields": lambda line: list(line.changed_fields),
    "kept_fields": lambda line: list(line.kept_fields),
    **_fires(lambda line: line.forecast),
    "where": lambda line: line.where,
    "note": lambda line: line.note,
}
