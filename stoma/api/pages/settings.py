"""Settings in force, to be looked at: which value, and which place said so."""

from itertools import groupby

from starlette.responses import Response

from stoma.api.pages.desk import Desk
from stoma.api.pages.render import show
from stoma.operations.accounts import list_tokens, list_users
from stoma.operations.settings import Setting, list_settings


def settings(desk: Desk) -> Response:
    """Show every setting in force; secrets are not among what is shown."""
    found = groupby(list_settings(desk.web.loaded), key=_section)
    return show(
        desk,
        "settings.html",
        sections=[(name, list(group)) for name, group in found],
        file=desk.app.paths.config_file,
        registry=desk.app.paths.database,
        users=list_users(desk.app),
        tokens=list_tokens(desk.app),
    )


def _section(setting: Setting) -> str:
    name = setting.key.rpartition(".")[0]
    return name.replace("_", " ").replace(".", ": ") or "general"
