"""Pausing the scheduler as a whole: slots go by, each recorded as skipped."""

from datetime import UTC, datetime

from stoma.app import App
from stoma.domain.pause import PAUSED, Pause
from stoma.scheduler.auditing import record


def pause(app: App, *, until: datetime | None = None, reason: str = "") -> Pause:
    """Let no scheduled run start from now on; runs at work go on."""
    wanted = Pause(until.astimezone(UTC) if until else None, reason)
    with app.database.together():
        before = app.state.get(PAUSED)
        app.state.set(PAUSED, wanted.written(), now=app.clock.now())
        record(app, "pause", "scheduler", before, wanted.written())
    return wanted


def resume(app: App) -> bool:
    """End the pause; return whether there was one."""
    was = paused(app) is not None
    with app.database.together():
        before = app.state.get(PAUSED)
        app.state.set(PAUSED, None, now=app.clock.now())
        if was:
            record(app, "resume", "scheduler", before)
    return was


def paused(app: App) -> Pause | None:
    """Return the pause in force; None if there is none, or its end has come."""
    return Pause.read(app.state.get(PAUSED), app.clock.now())
