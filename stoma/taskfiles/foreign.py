"""Tasks as other programs write them, in our words: what maps cleanly does, the rest is named.

Known are the `scheduled_tasks` of a config.yaml (each with an `executor`) and the objects of a
task API (each with an `action`). Pure.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from stoma.tasktables import Problem
from stoma.text import did_you_mean

#: What other programs call an action -> the type of a task that does it here.
ACTIONS: Final[Mapping[str, str]] = {
    "cli": "shell",
    "shell": "shell",
    "sql": "sql",
    "ai-prompt": "ai_prompt",
    "send-email": "email",
    "webhook": "http",
    "run-code": "code",
    "generate-report": "report",
    "web-scrape": "scrape",
    "file-operation": "file",
    "chain": "chain",
}
#: Types that will come; a task of one is understood, and left out until then.
PLANNED: Final = frozenset(ACTIONS.values())

_OPERATORS: Final[Mapping[str, tuple[str, ...]]] = {
    "time": ("greater", "less"),
    "variable": ("equals", "not_equals"),
}
_TIMED: Final = ("recurring", "one-time")


@dataclass(slots=True)
class Translation:
    """A task's table in our words, and what came of the words it had."""

    table: dict[str, Any]
    places: dict[str, tuple[str, ...]] = field(default_factory=dict)  #: our key -> keys in the file
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    left_out: str = ""  #: why it can not be a task of this version

    def located(self, problem: Problem) -> Problem:
        """Return *problem*, found in our table, where it stands in the file."""
        first, *rest = problem.keys or ("",)
        keys = (*self.places.get(first, (first,)), *rest) if first else ()
        return problem._replace(keys=keys)


def translated(entry: Mapping[str, Any]) -> Translation:
    """Return a task's table in our words; one that is in them already as it is."""
    if "executor" in entry:
        return _from_executor(entry)
    if "action" in entry:
        return _from_action(entry)
    return Translation(dict(entry))


def _from_executor(entry: Mapping[str, Any]) -> Translation:
    found = Translation({key: value for key, value in entry.items() if key != "executor"})
    _put_work(found, "executor", entry["executor"])
    return found


def _from_action(entry: Mapping[str, Any]) -> Translation:
    found = Translation({})
    for key, value in entry.items():
        translate = _KEYS.get(key)
        if translate is not None:
            translate(found, value)
        else:
            found.table[key] = value
    _put_work(found, "action", entry["action"])
    return found


def _put_work(found: Translation, name: str, value: object) -> None:
    """Put what is to be done, the table *name*, into type and config."""
    kind = value.get("type") if isinstance(value, Mapping) else None
    if not isinstance(value, Mapping) or not isinstance(kind, str):
        hint = f"for example {name}: {{type: {'cli' if name == 'executor' else 'webhook'}}}"
        found.problems.append(Problem((name,), f"{name} must be a table with a type", hint))
        kind, value = "", {}
    for taken in {"type", "config"} & set(found.table):
        found.problems.append(Problem((taken,), f"{taken} and {name} are both there"))
    found.table["type"] = ACTIONS.get(kind, kind)
    found.table["config"] = {key: each for key, each in value.items() if key != "type"}
    found.places |= {"type": (name, "type"), "config": (name,)}


def _put(name: str, source: str) -> Callable[[Translation, Any], None]:
    def put(found: Translation, value: Any) -> None:
        found.table[name] = value
        found.places[name] = (source,)

    return put


def _drop(found: Translation, value: Any) -> None:
    """The key is dealt with elsewhere."""


def _put_kind(found: Translation, value: Any) -> None:
    if value == "trigger":
        found.left_out = "is started by a trigger, which is not part of this version"
    elif value not in _TIMED:
        words = ", ".join(repr(word) for word in (*_TIMED, "trigger"))
        hint = did_you_mean(str(value), (*_TIMED, "trigger"))
        found.problems.append(
            Problem(("type",), f"type is {value!r}, must be one of {words}", hint)
        )


def _put_status(found: Translation, value: Any) -> None:
    if value not in ("active", "paused"):
        found.problems.append(
            Problem(("status",), f"status is {value!r}, must be 'active' or 'paused'")
        )
    found.table["enabled"] = value == "active"


def _put_retries(found: Translation, value: Any) -> None:
    if not isinstance(value, Mapping):
        found.problems.append(Problem(("retryPolicy",), "retryPolicy must be a table"))
        return
    for key, each in value.items():
        name = {"maxRetries": "max_retries", "backoffMs": "retry_delay_seconds"}.get(key)
        if name is None:
            hint = did_you_mean(key, ("maxRetries", "backoffMs")) or "keys: maxRetries, backoffMs"
            found.problems.append(Problem(("retryPolicy", key), f"there is no key {key!r}", hint))
            continue
        is_number = isinstance(each, int | float) and not isinstance(each, bool)
        found.table[name] = each / 1000 if key == "backoffMs" and is_number else each
        found.places[name] = ("retryPolicy", key)


def _put_conditions(found: Translation, value: Any) -> None:
    _put("only_if", "conditions")(found, value)
    for number, each in enumerate(value if isinstance(value, list) else ()):
        found.problems += _misread(each, ("conditions", str(number)))


def _misread(condition: object, keys: tuple[str, ...]) -> Iterator[Problem]:
    """Yield what a condition asks for that we would take for something else."""
    if not isinstance(condition, Mapping) or "operator" not in condition:
        return
    operator, known = condition["operator"], _OPERATORS.get(str(condition.get("type")), ())
    if operator not in known:
        words = ", ".join(known) or "none"
        yield Problem(
            (*keys, "operator"),
            f"a condition of type {condition.get('type')!r} has no operator {operator!r}",
            f"operators there: {words}",
        )


def _put_notification(found: Translation, value: Any) -> None:
    if value:
        found.notes.append("notification is not acted on: nobody is notified in this version")


def _put_trigger(found: Translation, value: Any) -> None:
    found.left_out = "is started by a trigger, which is not part of this version"


_KEYS: Final[Mapping[str, Callable[[Translation, Any], None]]] = {
    "action": _drop,
    "id": _drop,
    "type": _put_kind,
    "userId": _put("owner", "userId"),
    "status": _put_status,
    "retryPolicy": _put_retries,
    "conditions": _put_conditions,
    "notification": _put_notification,
    "trigger": _put_trigger,
}
