"""Conditions of a task: what must hold at the moment a run is to start. Pure.

A condition is a table with a `type`. The shorthand of neighbouring systems, `operator` and
`value`, reads as well.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time

from stoma.domain.run import Run
from stoma.domain.task import Condition
from stoma.exceptions import UsageError


@dataclass(frozen=True, slots=True)
class Facts:
    """What conditions may ask about."""

    local_time: datetime  #: now, in the task's zone
    variables: Mapping[str, str]  #: the settings `variables`
    environment: Mapping[str, str]
    newest_run: Callable[[str], Run | None]  #: the newest run of a task that is over


def check_condition(condition: Condition) -> None:
    """Refuse a condition that can not be understood.

    Raises:
        UsageError: It names the wrong part.
    """
    kind = condition.get("type")
    allowed = _KEYS.get(str(kind))
    if allowed is None:
        raise UsageError(
            f"only_if has a condition of type {kind!r}", hint=f"types: {', '.join(_KEYS)}"
        )
    unknown = sorted(set(condition) - {"type", *allowed})
    missing = [key for key in _NEEDED[str(kind)] if key not in condition]
    if unknown or missing:
        problem = f"has no {unknown[0]!r}" if unknown else f"needs {missing[0]!r}"
        raise UsageError(
            f"only_if: a {kind} condition {problem}", hint=f"keys: {', '.join(allowed)}"
        )
    if kind == "time":
        for bound in _bounds(condition):
            _clock(bound)
    if not isinstance(condition.get("at_least", 0), int):
        raise UsageError("only_if: at_least must be a whole number")


def unmet(condition: Condition, facts: Facts) -> str:
    """Return why *condition* does not hold, in words; empty if it does."""
    return _CHECKS[str(condition["type"])](condition, facts)


def _time(condition: Condition, facts: Facts) -> str:
    start, end = (_clock(bound) for bound in _bounds(condition))
    now = facts.local_time.time()
    inside = start <= now < end if start <= end else now >= start or now < end
    if inside or start == end:
        return ""
    return f"it is {now:%H:%M}, not between {start:%H:%M} and {end:%H:%M}"


def _bounds(condition: Condition) -> tuple[str, str]:
    """Return the half-open window of a time condition, as `HH:MM` texts."""
    value = str(condition.get("value", "00:00"))
    operator = condition.get("operator")
    after = value if operator == "greater" else "00:00"
    before = value if operator == "less" else "00:00"
    return str(condition.get("after", after)), str(condition.get("before", before))


def _clock(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise UsageError(f"only_if: {text!r} is no time of day such as '09:00'") from None


def _variable(condition: Condition, facts: Facts) -> str:
    name = str(condition.get("name", "environment"))
    return _compare(f"variable {name}", facts.variables.get(name, ""), condition)


def _environment(condition: Condition, facts: Facts) -> str:
    name = str(condition["name"])
    return _compare(f"environment variable {name}", facts.environment.get(name, ""), condition)


def _compare(what: str, actual: str, condition: Condition) -> str:
    operator = str(condition.get("operator", "equals"))
    wanted = str(condition.get("equals", condition.get("value", "")))
    if (actual == wanted) == (operator == "equals"):
        return ""
    return f"{what} is {actual!r}, must {'not ' * (operator != 'equals')}be {wanted!r}"


def _last_status(condition: Condition, facts: Facts) -> str:
    task_id, wanted = str(condition["task"]), str(condition["is"])
    run = facts.newest_run(task_id)
    actual = str(run.outcome) if run else "none yet"
    if actual == wanted:
        return ""
    return f"the newest run of {task_id} is {actual}, must be {wanted}"


def _items(condition: Condition, facts: Facts) -> str:
    task_id, least = str(condition["task"]), condition.get("at_least", 1)
    run = facts.newest_run(task_id)
    found = run.counts.new + run.counts.updated if run else 0
    if isinstance(least, int) and found >= least:
        return ""
    return f"the newest run of {task_id} brought {found} new or updated items, at least {least}"


_CHECKS: Mapping[str, Callable[[Condition, Facts], str]] = {
    "time": _time,
    "variable": _variable,
    "environment": _environment,
    "last_status": _last_status,
    "items": _items,
}
_KEYS: Mapping[str, tuple[str, ...]] = {
    "time": ("after", "before", "operator", "value"),
    "variable": ("name", "equals", "operator", "value"),
    "environment": ("name", "equals", "operator", "value"),
    "last_status": ("task", "is"),
    "items": ("task", "at_least"),
}
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "time": (),
    "variable": (),
    "environment": ("name",),
    "last_status": ("task", "is"),
    "items": ("task",),
}
