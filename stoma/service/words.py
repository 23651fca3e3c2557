"""What is said of an installation, by the script and by the command."""

from collections.abc import Sequence

from stoma.service.steps import Change
from stoma.service.units import Target

_DONE = {"create": "created", "update": "updated", "remove": "removed", "run": "ran"}


def told(done: Sequence[Change], *, dry: bool) -> list[str]:
    """Return a line for each change; one that says so if there is none."""
    if not done:
        return ["nothing to change"]
    if dry:
        return [f"would {change.verb} {change.subject}" for change in done]
    return [f"{_DONE[change.verb]} {change.subject}" for change in done]


def what_next(target: Target, done: Sequence[Change], *, web: bool) -> str:
    """Return what whoever installed the service will want to do now."""
    if target.staged:
        return ""
    if target.user_units:
        return _USER
    changed = any(change.subject.endswith(".service") for change in done)
    fresh = any(change.verb == "create" and change.subject.endswith(".service") for change in done)
    lines = [_FRESH] if fresh or not changed else [_AGAIN]
    if web:
        lines.append(
            "  sudo systemctl start stoma-web                      # http://localhost:8000\n"
        )
    return "".join([*lines, _ALWAYS])


_FRESH = """\
next:
  sudoedit /etc/stoma/config.toml                     # settings, if you want any
  sudo systemctl start stoma-scheduler
"""
_AGAIN = """\
next:
  sudo systemctl restart stoma-scheduler              # the unit has changed
"""
_ALWAYS = """\
  sudo systemctl status stoma-scheduler
  sudo journalctl -u stoma-scheduler -f
  sudo stoma-service scheduler list-tasks             # any command, on the service's registry
"""
_USER = """\
next:
  systemctl --user start stoma-scheduler
  systemctl --user status stoma-scheduler
  journalctl --user -u stoma-scheduler -f
It ends when you log out, unless you say: loginctl enable-linger
"""
