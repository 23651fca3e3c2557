"""Presets: what there is, what loading one would do, and loading it."""

from collections import Counter

from starlette.responses import Response

from stoma.api.errors import ForbiddenError
from stoma.api.pages.desk import Desk, Note, fault_of
from stoma.api.pages.format import link
from stoma.api.pages.render import done, show
from stoma.exceptions import NotFoundError, StomaError
from stoma.operations.presets import LoadReport, list_presets, load_into
from stoma.text import did_you_mean


def presets(desk: Desk) -> Response:
    """Show the presets there are."""
    found = list_presets(desk.app.paths.user_presets_dir, timezone=desk.zone)
    return show(desk, "presets.html", presets=found)


def preset(desk: Desk) -> Response:
    """Show what loading a preset would do."""
    force = desk.asked("force") == "yes"
    report = _load(desk, force=force, dry_run=True)
    return show(desk, "preset.html", report=report, force=force, summary=_summary(report))


def load(desk: Desk) -> Response:
    """Load a preset."""
    force = desk.form.text("force") == "yes"
    try:
        desk.web.count_changes(desk.who)
        report = _load(desk, force=force, dry_run=False)
    except ForbiddenError:
        raise
    except StomaError as error:
        return done(desk, link(desk.web.prefix, "/presets"), fault_of(error))
    note = Note(f"Loaded {report.preset.name}: {_summary(report)}")
    return done(desk, link(desk.web.prefix, "/tasks"), note)


def _load(desk: Desk, *, force: bool, dry_run: bool) -> LoadReport:
    """Load the preset of the path, or say what that would do.

    Raises:
        ForbiddenError: Its tasks are everybody's, and who asks does not see everybody's.
        NotFoundError: There is none of that name; a name leads to no other file.
    """
    if desk.only is not None:
        raise ForbiddenError("admin")
    name = desk.path["preset"]
    found = list_presets(desk.app.paths.user_presets_dir, timezone=desk.zone)
    names = [each.name for each in found]
    if name not in names:
        raise NotFoundError("preset", name[:100], hint=did_you_mean(name[:100], names))
    return load_into(desk.app, name, force=force, dry_run=dry_run)


def _summary(report: LoadReport) -> str:
    counts = Counter(str(line.step.action) for line in report.lines)
    return ", ".join(f"{count} {action}" for action, count in counts.items())
