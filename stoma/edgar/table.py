"""JSON answers: read as what they must be, or refused with what they are."""

import json
from collections.abc import Mapping
from typing import Any

from stoma.exceptions import BadAnswerError
from stoma.strictxml import describe


def read_object(body: bytes) -> Mapping[str, Any]:
    """Return the JSON object in *body*.

    Raises:
        BadAnswerError: It is anything else, or not complete.
    """
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadAnswerError(f"the answer is {describe(body)}, not whole JSON") from error
    if not isinstance(found, dict):
        raise BadAnswerError("the answer is JSON, but not an object")
    return found


def part(table: Mapping[str, Any], name: str, kind: type | tuple[type, ...]) -> Any:
    """Return a part of an object that must be there and of *kind*.

    Raises:
        BadAnswerError: It is not.
    """
    found = table.get(name)
    if not isinstance(found, kind):
        raise BadAnswerError(f"the answer has no {name!r}, as it should")
    return found


def texts(value: object) -> tuple[str, ...]:
    """Return the non-empty texts of a list; nothing of anything else."""
    if not isinstance(value, list):
        return ()
    return tuple(each.strip() for each in value if isinstance(each, str) and each.strip())
