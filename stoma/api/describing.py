"""The OpenAPI document as a page for people: what scripts/docs writes."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI

from stoma.api.document import ALWAYS, WITH_BODY, completed
from stoma.api.routes import ROUTERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What there is to say of one operation."""

    method: str
    path: str
    scope: str
    text: str
    answers: str
    parameters: str  #: a table; empty if there are none
    example: str  #: of the body; empty if it has none


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """Operations that belong together."""

    name: str
    text: str
    operations: Sequence[Operation]


def statuses() -> tuple[str, str]:
    """Return what any operation may answer, and what one with a body may."""
    return ", ".join(map(str, ALWAYS)), ", ".join(map(str, WITH_BODY))


def described() -> list[Tag]:
    """Return every operation, by what it belongs to, in the order of the document."""
    from stoma.api.document import ABOUT

    api = FastAPI(**ABOUT, openapi_url=None)
    scopes = {}
    for router in ROUTERS:
        api.include_router(router)
        for route in router.routes:
            for method in getattr(route, "methods", ()):
                scopes[method, getattr(route, "path", "")] = _scope(route)
    document = completed(api.openapi())
    found = [
        (operation["tags"][0], _operation(document, path, method.upper(), operation, scopes))
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    return [
        Tag(
            name=tag["name"],
            text=tag["description"],
            operations=[each for name, each in found if name == tag["name"]],
        )
        for tag in document["tags"]
    ]


def _scope(route: object) -> str:
    dependant = getattr(route, "dependant", None)
    calls = [each.call for each in dependant.dependencies] if dependant else []
    return next((call.scope for call in calls if hasattr(call, "scope")), "none: open to everybody")


def _operation(
    document: Mapping[str, Any],
    path: str,
    method: str,
    operation: Mapping[str, Any],
    scopes: Mapping[tuple[str, str], str],
) -> Operation:
    usual = {*map(str, ALWAYS), *map(str, WITH_BODY)}
    answers = [status for status in operation["responses"] if status not in usual]
    shown = next((known for known in scopes if known[0] == method and _same(known[1], path)), None)
    return Operation(
        method=method,
        path=path,
        scope=scopes[shown] if shown else "read",
        text=" ".join(f"{operation['summary']}. {operation.get('description', '')}".split()),
        answers=", ".join(answers),
        parameters="".join(_parameters(operation.get("parameters", ()))),
        example=_example(document, operation),
    )


def _same(known: str, path: str) -> bool:
    return known.replace(":path}", "}") == path


def _parameters(parameters: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    shown = [each for each in parameters if each["in"] != "path"]
    if shown:
        yield "| | |\n|---|---|\n"
    for each in shown:
        schema = each["schema"]
        words = [each.get("description") or schema.get("description") or ""]
        if each.get("required"):
            words.append("Required.")
        default = schema.get("default")
        if default not in (None, "", False):
            words.append(f"Default: {default}.")
        yield f"| `{each['name']}` | {' '.join(filter(None, words))} |\n"


def _example(document: Mapping[str, Any], operation: Mapping[str, Any]) -> str:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return ""
    schema = content["schema"]
    for each in (schema, *schema.get("anyOf", ())):
        name = each.get("$ref", "").rpartition("/")[2]
        found = document["components"]["schemas"].get(name, each)
        if found.get("examples"):
            text = json.dumps(found["examples"][0], indent=2, ensure_ascii=False)
            return f"```json\n{text}\n```\n"
    return ""
