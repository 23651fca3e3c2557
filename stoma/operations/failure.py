"""Saying that a service has failed for good: what the unit `stoma-failure@` calls.

The scheduler, which usually tells people, may be what has failed: so everybody is told at once,
here, past the queue, and the registry is not touched.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from stoma.app import App
from stoma.clock import Clock
from stoma.domain.notice import Event, Notice
from stoma.exceptions import StomaError
from stoma.notifications.base import Parcel
from stoma.scheduler.courier import channel_of
from stoma.scheduler.heartbeat import fail_url, request
from stoma.service.standing import Ask, ask
from stoma.settings import Loaded
from stoma.text import safe

#: What the monitor of `heartbeat.url` is called.
_MONITOR = "the monitor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What was said, and to whom."""

    text: str
    told: Sequence[str]  #: `the monitor`, names of channels
    problems: Sequence[str]  #: who could not be told, and why


def report_failure(unit: str, loaded: Loaded | None, *, clock: Clock, ask: Ask = ask) -> Reported:
    """Tell the monitor outside, and the channels of `notifications.notify`, that *unit* failed.

    Args:
        unit: As the service manager names it.
        loaded: The settings; None if they can not be used, which may be why it failed.
        clock: The clock.
        ask: Asks a command of the system.
    """
    text = f"{safe(unit)} has failed: {_why(unit, ask)}"
    told, problems = [], []
    if loaded is not None:
        app = App(loaded, clock=clock)  # its registry is not opened
        for name, problem in _tell(app, _notice(unit, text, clock.now())):
            if problem:
                problems.append(f"{name}: {problem}")
            else:
                told.append(name)
    return Reported(text=text, told=told, problems=problems)


def _tell(app: App, notice: Notice) -> Iterator[tuple[str, str]]:
    """Yield everybody who is to be told, and what went wrong; nothing if they were."""
    heartbeat = app.settings.heartbeat
    if heartbeat.url.get_secret_value():
        yield _MONITOR, _tried(partial(_ping, app, notice.text))
    parcel = Parcel(id=f"stoma-failure-{notice.at:%Y%m%dT%H%M%S%f}", notice=notice)
    for name in app.settings.notifications.notify:
        yield name, _tried(partial(channel_of(app, name).deliver, parcel))


def _ping(app: App, text: str) -> None:
    wanted = app.settings.heartbeat
    url = app.secrets.resolve(wanted.url.get_secret_value())
    request(fail_url(url), text, wanted.timeout_seconds)


def _tried(tell: Callable[[], None]) -> str:
    try:
        tell()
    except StomaError as error:
        return str(error)
    return ""


def _notice(unit: str, text: str, now: datetime) -> Notice:
    look = f"journalctl -u {safe(unit)} -e"
    return Notice(
        event=Event.FAILURE,
        at=now,
        title=f"stoma: {safe(unit)} has failed and is not started again",
        text=f"{text}\n\nIt is not started again by itself. To see why: {look}\n",
        facts={"unit": safe(unit)},
    )


def _why(unit: str, ask: Ask) -> str:
    """Return what the service manager knows of the end of *unit*."""
    said = ask(["systemctl", "show", unit, "--property=Result,ExecMainStatus"]) or ""
    found = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    if not found.get("Result"):
        return "its log says why"
    status = found.get("ExecMainStatus", "")
    words = _STATUS.get(status, f"exit code {status}" if status else "")
    return ", ".join(filter(None, [found["Result"], words]))


_STATUS = {
    "78": "exit code 78: its settings or its registry can not be used",
    "75": "exit code 75: its registry could not be reached for too long",
}
