"""Pausing the scheduler as a whole: slots go by, each recorded as skipped."""

from dataclasses import dataclass
from datetime import datetime

from stoma.app import App
from stoma.domain.task import Json

_KEY = "paused"


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause in force."""

    until: datetime | None  #: None: until it is resumed
    reason: str

    def __str__(self) -> str:
        until = f" until {self.until:%Y-%m-%d %H:%M:%S} UTC" if self.until else ""
        return f"the scheduler is paused{until}{f': {self.reason}' if self.reason else ''}"


def pause(app: App, *, until: datetime | None = None, reason: str = "") -> Pause:
    """Let no scheduled run start from now on; runs at work go on."""
    value: dict[str, Json] = {"until": until.isoformat() if until else None, "reason": reason}
    app.state.set(_KEY, value, now=app.clock.now())
    return Pause(until, reason)


def resume(app: App) -> bool:
    """End the pause; return whether there was one."""
    was = paused(app) is not None
    app.state.set(_KEY, None, now=app.clock.now())
    return was


def paused(app: App) -> Pause | None:
    """Return the pause in force; None if there is none, or its end has come."""
    value = app.state.get(_KEY)
    if not isinstance(value, dict):
        return None
    until = datetime.fromisoformat(str(value["until"])) if value["until"] else None
    if until is not None and until <= app.clock.now():
        return None
    return Pause(until, str(value["reason"]))
