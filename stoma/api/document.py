"""What the OpenAPI document says of the API as a whole, and of every operation alike."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from stoma.api.doorman import COOKIE
from stoma.api.problems import MEDIA_TYPE, Problem
from stoma.version import __version__

ABOUT: Final[Mapping[str, Any]] = {
    "title": "stoma",
    "version": __version__,
    "summary": "Tasks that collect papers, repositories and filings: their schedules and runs.",
    "description": (
        "What the command line can do, by HTTP: the same verbs, the same fields as `--json`.\n\n"
        "Moments are ISO 8601 with an offset, lengths are seconds, `null` says that there is none. "
        "Every error is a problem detail (RFC 9457). While there is neither a user nor a token, "
        "this machine needs no credentials; from then on everything but `/healthz` and `/login` "
        "needs a bearer token, a user and password, or the login of a browser."
    ),
    "license_info": {"name": "MIT", "identifier": "MIT"},
    "openapi_tags": [
        {"name": "scheduler", "description": "The scheduler as a whole."},
        {"name": "tasks", "description": "What is to be collected, and when."},
        {"name": "runs", "description": "What became of each slot, and of what was asked for."},
        {"name": "schedules", "description": "When tasks are due."},
        {"name": "presets", "description": "Ready-made sets of tasks."},
        {"name": "items", "description": "What was collected."},
        {"name": "system", "description": "Of the web process itself."},
    ],
}

_SAID: Final[Mapping[int, str]] = {
    400: "The request can not be read.",
    401: "Nobody is known to ask.",
    403: "Who asks may not, or a page of another site asks.",
    404: "There is no such thing, or it is not yours.",
    408: "The request took too long to come.",
    409: "It collides with what is there.",
    413: "The request is too large.",
    415: "The body is not JSON.",
    421: "The server is not called so.",
    422: "A value can not be used.",
    429: "Too many in a minute, or too many streams; `Retry-After` says when again.",
    500: "stoma failed; its log says how.",
    503: "The registry can not be used now.",
}
#: What any operation behind the gate may answer.
ALWAYS: Final = (401, 403, 421, 422, 500, 503)
WITH_BODY: Final = (400, 408, 413, 415)


def errors(*statuses: int, body: bool = False) -> dict[int | str, dict[str, Any]]:
    """Return the errors that an operation documents: *statuses*, and those of all operations."""
    return _documented([*ALWAYS, *(WITH_BODY if body else ()), *statuses])


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document of the API with what FastAPI does not put into it by itself."""
    components = document.setdefault("components", {})
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    components.setdefault("schemas", {}).update({**schema.pop("$defs"), "Problem": schema})
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "`stoma tokens create`"},
        "password": {"type": "http", "scheme": "basic", "description": "`stoma users add`"},
        "login": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "POST /login"},
    }
    document["security"] = [{"token": []}, {"password": []}, {"login": []}, {}]
    document["paths"]["/healthz"]["get"]["security"] = [{}]
    return document


def _documented(statuses: Iterable[int]) -> dict[int | str, dict[str, Any]]:
    return {
        status: {
            "description": _SAID[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in sorted(set(statuses))
    }
