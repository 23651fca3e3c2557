"""After a good run: does its task still bring what it usually brings? Kept for people to see."""

import logging

from stoma.app import App
from stoma.domain.run import Run
from stoma.domain.task import Json
from stoma.domain.volume import Limits, warnings
from stoma.exceptions import RegistryError
from stoma.storage.read_sources import UNUSUAL

_log = logging.getLogger(__name__)

#: So many good runs are looked at: a month of one that runs every two hours.
_MOST = 400


def note_volume(app: App, run: Run) -> None:
    """Write down what is unusual about the task of *run*, which has come to a good end.

    Trouble with that is no trouble of the run.
    """
    try:
        found = warnings(app.runs.volumes(run, limit=_MOST), limits_of(app))
        for text in found.values():
            _log.warning("unusual: %s", text)
        key = f"{UNUSUAL}{run.task_id}"
        before = app.state.get(key)
        since = before if isinstance(before, dict) else {}
        now = app.clock.now()
        facts: dict[str, Json] = {
            word: {"text": text, "since": _since(since.get(word)) or now.isoformat()}
            for word, text in found.items()
        }
        if (facts or None) != before:
            app.state.set(key, facts or None, now=now)
    except RegistryError as error:
        _log.warning("whether the run is usual could not be looked at: %s", error)


def limits_of(app: App) -> Limits:
    """Return what is unusual, as the settings say it."""
    wanted = app.settings.notifications
    return Limits(wanted.volume_drop_percent, wanted.silence_factor)


def _since(fact: Json) -> Json:
    return fact.get("since") if isinstance(fact, dict) else None
