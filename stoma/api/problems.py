"""Every error of the web as problem details (RFC 9457), from one place."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from stoma.api.errors import WebError
from stoma.api.json import JsonResponse
from stoma.exceptions import (
    CollectError,
    ConfigError,
    ConflictError,
    NotFoundError,
    RegistryError,
    StomaError,
    UsageError,
)
from stoma.text import safe

MEDIA_TYPE = "application/problem+json"


class Fault(BaseModel):
    """One value that can not be used."""

    where: str = Field(description="Its place: `body.schedule`, `query.limit`.")
    detail: str = Field(description="What is wrong with it.")


class Problem(BaseModel):
    """Why a request was refused (RFC 9457)."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "about:blank",
                "title": "Not Found",
                "status": 404,
                "detail": "no task 'paper'",
                "hint": "did you mean: papers ?",
            }
        }
    )

    type: str = Field(default="about:blank", description="Always `about:blank`.")
    title: str = Field(description="The status in words.")
    status: int = Field(description="The status.")
    detail: str = Field(description="What is wrong, with the value that is.")
    hint: str = Field(default="", description="The way out; may be empty.")
    faults: list[Fault] = Field(default=[], description="For 422: each value that is wrong.")


class ProblemResponse(JsonResponse):
    """An answer that says what went wrong."""

    media_type = MEDIA_TYPE


def problem(
    status: int,
    detail: str,
    *,
    hint: str = "",
    headers: Mapping[str, str] | None = None,
    faults: list[dict[str, str]] | None = None,
) -> ProblemResponse:
    """Return problem details as an answer."""
    content: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": safe(detail),
    }
    if hint:
        content["hint"] = safe(hint)
    if faults:
        content["faults"] = faults
    return ProblemResponse(content, status, headers=dict(headers or {}))


def status_of(error: StomaError) -> int:
    """Return the status that an error of ours is answered with."""
    if isinstance(error, WebError):
        return error.status
    return next(status for kind, status in _STATUS.items() if isinstance(error, kind))


_STATUS: Mapping[type[StomaError], int] = {
    NotFoundError: 404,
    ConflictError: 409,
    UsageError: 422,
    ConfigError: 422,
    RegistryError: 503,
    CollectError: 503,
    StomaError: 500,
}


def answer(error: StomaError) -> ProblemResponse:
    """Return the answer for an error of ours."""
    status = status_of(error)
    headers = dict(error.headers) if isinstance(error, WebError) else {}
    if status == 503:
        headers["Retry-After"] = "5"
    return problem(status, str(error), hint=error.hint, headers=headers)


def install(app: FastAPI) -> None:
    """Let *app* answer every error as problem details."""

    @app.exception_handler(StomaError)
    def ours(request: Request, error: StomaError) -> Response:
        return answer(error)

    @app.exception_handler(HTTPException)
    def http(request: Request, error: HTTPException) -> Response:
        detail = str(error.detail)
        if error.status_code == 404:
            detail = f"nothing is at {request.url.path}"
        elif error.status_code == 405:
            detail = f"{request.url.path} does not take {request.method}"
        return problem(error.status_code, detail, headers=error.headers)

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> Response:
        faults = [
            {"where": safe(".".join(map(str, each["loc"]))), "detail": safe(each["msg"])}
            for each in error.errors()
        ]
        first = f"{faults[0]['where']}: {faults[0]['detail']}" if faults else "can not be used"
        return problem(422, first, faults=faults)
