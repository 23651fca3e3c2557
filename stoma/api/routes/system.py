"""The web process itself: whether it lives, who asks, and the document of the API."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import PlainTextResponse, Response

from stoma.api.access import May, Scope
from stoma.api.context import TheWeb
from stoma.api.document import errors
from stoma.api.errors import ForbiddenError
from stoma.api.json import JsonResponse
from stoma.operations.metrics import MEDIA_TYPE, metrics_text

router = APIRouter(tags=["system"])

_TEXT = {"content": {"text/plain": {"schema": {"type": "string"}}}}


class Alive(BaseModel):
    """That the web process answers."""

    ok: bool = Field(description="Always true: it answers.", examples=[True])


class Me(BaseModel):
    """Who asks."""

    name: str = Field(description="The user; empty for a token of none, and for this machine.")
    scopes: list[Scope] = Field(description="What they may.")
    is_admin: bool = Field(description="Whether they see and touch everybody's tasks.")
    tasks: list[str] | None = Field(description="Only these tasks; null: no such limit.")
    credential: str = Field(description="What they showed.", examples=["password", "token ci"])


@router.get("/healthz", summary="Whether the web process answers", response_model=Alive)
def healthz(web: TheWeb) -> JsonResponse:
    """Answer, without a look at anything. Open to everybody."""
    return JsonResponse({"ok": True})


@router.get("/api/me", summary="Who asks, and what they may", responses=errors(), response_model=Me)
def me(who: May.read) -> JsonResponse:
    """Say whom the server takes you for."""
    return JsonResponse(
        {
            "name": who.name,
            "scopes": sorted(who.scopes),
            "is_admin": who.is_admin,
            "tasks": None if who.tasks is None else sorted(who.tasks),
            "credential": who.credential,
        }
    )


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    responses=errors() | {200: {"description": "Text format 0.0.4.", **_TEXT}},
    response_class=PlainTextResponse,
)
def metrics(who: May.read, web: TheWeb) -> Response:
    """Return the figures of the registry. They name every task: one has to see them all."""
    if not who.is_admin or who.tasks is not None:
        raise ForbiddenError("admin")
    return Response(metrics_text(web.app), media_type=MEDIA_TYPE)


@router.get("/openapi.json", include_in_schema=False)
def openapi(request: Request, who: May.read) -> JsonResponse:
    """Return the document of the API."""
    document: dict[str, Any] = request.app.openapi()
    return JsonResponse(document)
