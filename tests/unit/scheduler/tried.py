"""Registries to simulate the future of, and how."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from stoma.clock import VirtualClock
from stoma.scheduler.placing import place
from stoma.scheduler.simulation import Fate, Simulated, Wish, simulate
from stoma.settings import load_settings
from tests.makers import make_task
from tests.registries import opened_app
from tests.world import START

DAY = timedelta(days=1)
DONE_SOON = Fate(seconds=1)


def registry(home: Path, **tasks: Any) -> None:
    """Create a registry with tasks in *home*."""
    with opened_app(load_settings(home=home, environ={}), clock=VirtualClock(START)) as app:
        for task_id, fields in tasks.items():
            task = make_task(task_id, **fields)
            app.tasks.add(place(task, now=START, timezone="UTC"), now=START)


def looked(home: Path, days: float, fate: Fate = DONE_SOON, **wish: Any) -> Simulated:
    loaded = load_settings(home=home, environ={})
    begin = wish.pop("begin", START)
    return simulate(
        loaded,
        Wish(
            source=loaded.paths.database,
            begin=begin,
            end=begin + days * DAY,
            fate=wish.pop("fates", lambda run: fate),
            **wish,
        ),
    )
