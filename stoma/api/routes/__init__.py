"""The endpoints of the API, a file per noun."""

from collections.abc import Sequence
from typing import Final

from fastapi import APIRouter

from stoma.api.routes import (
    asking,
    items,
    presets,
    runs,
    scheduler,
    schedules,
    system,
    tasks,
)

ROUTERS: Final[Sequence[APIRouter]] = (
    scheduler.router,
    tasks.router,
    asking.router,
    runs.router,
    schedules.router,
    presets.router,
    items.router,
    system.router,
)
