"""The audit log as the verbs see it: say who acts, record what changed."""

from stoma.app import App
from stoma.domain.task import Json
from stoma.exceptions import NotFoundError
from stoma.operations.settings import get_setting
from stoma.scheduler.auditing import acting, current_actor, record, record_tasks
from stoma.settings import Loaded

__all__ = ["acting", "current_actor", "record", "record_setting", "record_tasks"]


def record_setting(app: App, before: Loaded, key: str) -> None:
    """Enter that a setting of the file was changed; of a secret, only what may be seen.

    Right after, not together: a file is not part of the registry's transactions.
    """
    values = _value(before, key), _value(app.loaded, key)
    record(app, "set-setting", key, *values)


def _value(loaded: Loaded, key: str) -> Json:
    try:
        return get_setting(loaded, key).value
    except NotFoundError:  # a variable of the user's that is not there, before or now
        return None
