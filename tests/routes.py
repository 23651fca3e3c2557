"""Every route of the web application, to be walked."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from starlette.routing import BaseRoute, Mount

from tests.web import application

#: The task that paths name, unless a test wants another one.
OWN = "dag_a"


class Call(NamedTuple):
    """A route with one of its methods, its path filled in, and the scope it asks for."""

    method: str
    path: str
    scope: str


def calls(task: str = OWN, run: int = 1) -> Iterator[Call]:
    """Yield every route of the application, pages and streams included."""
    filled = {"task_id": task, "run_id": str(run), "preset": "research", "item_id": "1"}
    for route in walked(application().routes):
        dependant = getattr(route, "dependant", None)
        if dependant is None:
            continue
        scopes = [found for each in dependant.dependencies if (found := _scope(each.call))]
        path = re.sub(r"{(\w+)(:\w+)?}", lambda m: filled.get(m[1], "1"), route.path)  # type: ignore[attr-defined]
        if path.endswith("/simulate"):
            path += "?days=0.1"
        for method in sorted(route.methods):  # type: ignore[attr-defined]
            yield Call(method, path, scopes[0] if scopes else "")


def walked(routes: list[BaseRoute]) -> Iterator[BaseRoute]:
    for route in routes:
        inner = getattr(route, "effective_candidates", None)
        if inner is not None:
            for candidate in inner():
                yield getattr(candidate, "original_route", candidate)
        elif not isinstance(route, Mount):
            yield route


def _scope(call: object) -> str:
    return str(getattr(call, "scope", ""))


CALLS = sorted(set(calls()))
