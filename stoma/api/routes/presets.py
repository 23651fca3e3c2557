"""Presets: what there is, what is in them, and loading one."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from stoma.api.access import May
from stoma.api.context import TheWeb
from stoma.api.document import errors
from stoma.api.errors import ForbiddenError
from stoma.api.json import JsonResponse
from stoma.api.routes.common import listed
from stoma.api.shapes.presets import (
    LoadShape,
    PresetShape,
    PresetTaskShape,
)
from stoma.exceptions import NotFoundError
from stoma.operations.presets import list_presets, load_into, show_preset
from stoma.presets import preset_folders, preset_names
from stoma.records.base import told
from stoma.records.changes import LOAD
from stoma.records.presets import PRESET_TASK, preset_fields
from stoma.text import did_you_mean

router = APIRouter(prefix="/api/scheduler/presets", tags=["presets"])

Name = Annotated[str, Path(max_length=100, description="Its name.", examples=["research"])]


@router.get("", summary="List presets", responses=errors(), response_model=list[PresetShape])
def list_all(who: May.read, web: TheWeb) -> JsonResponse:
    """Return every preset by name, your own and the built-in ones."""
    folder = web.app.paths.user_presets_dir
    found = list_presets(folder, timezone=web.timezone)
    return listed(told(preset_fields(folder), each) for each in found)


@router.get(
    "/{preset}",
    summary="Show a preset",
    responses=errors(404),
    response_model=list[PresetTaskShape],
)
def show(preset: Name, who: May.read, web: TheWeb) -> JsonResponse:
    """Return the tasks of a preset."""
    _check(web, preset)
    found = show_preset(preset, web.app.paths.user_presets_dir, timezone=web.timezone)
    return listed(told(PRESET_TASK, task) for task in found.tasks)


@router.post(
    "/{preset}",
    summary="Load a preset",
    responses=errors(404, 409, 429),
    response_model=list[LoadShape],
)
def load(
    preset: Name,
    who: May.write,
    web: TheWeb,
    dry_run: Annotated[bool, Query(description="Only show what it would do.")] = False,
    force: Annotated[
        bool, Query(description="Take the preset's values over your own edits.")
    ] = False,
) -> JsonResponse:
    """Bring the tasks of a preset into the registry; loading twice changes nothing.

    Its tasks are everybody's: to load it, one has to see everybody's tasks.
    """
    if not who.is_admin or who.tasks is not None:
        raise ForbiddenError("admin")
    _check(web, preset)
    if not dry_run:
        web.count_changes(who)
    report = load_into(web.app, preset, force=force, dry_run=dry_run)
    return listed(told(LOAD, line) for line in report.lines)


def _check(web: TheWeb, name: str) -> None:
    """Check that there is a preset of that name: a name leads to no other file.

    Raises:
        NotFoundError: There is none.
    """
    names = preset_names(preset_folders(web.app.paths.user_presets_dir))
    if name not in names:
        raise NotFoundError("preset", name, hint=did_you_mean(name, names))
