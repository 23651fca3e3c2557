"""Which page is at which address, and what somebody needs to be let in."""

from collections.abc import Mapping

from fastapi import APIRouter

from stoma.api.access import Scope
from stoma.api.pages import (
    calendar,
    choices,
    items,
    login,
    presets,
    runs,
    settings,
    task,
    task_form,
    tasks,
    timeline,
)
from stoma.api.pages.desk import View, page
from stoma.api.pages.errors import PageRoute
from stoma.api.pages.overview import overview

router = APIRouter(include_in_schema=False, route_class=PageRoute)

_GET: Mapping[str, tuple[Scope, View]] = {
    "/": ("read", overview),
    "/tasks": ("read", tasks.tasks),
    "/tasks/new": ("write", task_form.new_task),
    "/tasks/{task_id}": ("read", task.task),
    "/tasks/{task_id}/why": ("read", task.why_not),
    "/tasks/{task_id}/edit": ("write", task_form.edit_form),
    "/tasks/{task_id}/backfill": ("run", task.backfill_form),
    "/preview": ("read", task_form.preview),
    "/runs": ("read", runs.runs),
    "/runs/{run_id}": ("read", runs.run),
    "/calendar": ("read", calendar.calendar),
    "/calendar/{when}": ("read", calendar.month_or_day),
    "/timeline": ("read", timeline.timeline),
    "/items": ("read", items.items),
    "/items/{item_id}": ("read", items.item),
    "/presets": ("read", presets.presets),
    "/presets/{preset}": ("write", presets.preset),
    "/settings": ("admin", settings.settings),
}
_POST: Mapping[str, tuple[Scope, View]] = {
    "/theme": ("read", choices.theme),
    "/pause": ("admin", choices.pause),
    "/resume": ("admin", choices.resume),
    "/tasks/new": ("write", task_form.add),
    "/tasks/bulk": ("run", tasks.bulk),
    "/tasks/{task_id}/run": ("run", task.run_now),
    "/tasks/{task_id}/enable": ("write", task.enable),
    "/tasks/{task_id}/disable": ("write", task.disable),
    "/tasks/{task_id}/edit": ("write", task_form.edit),
    "/tasks/{task_id}/remove": ("write", task.remove),
    "/tasks/{task_id}/backfill": ("run", task.fill),
    "/runs/{run_id}/cancel": ("run", runs.cancel),
    "/runs/{run_id}/retry": ("run", runs.retry),
    "/presets/{preset}": ("write", presets.load),
}

for _path, (_scope, _view) in _GET.items():
    router.add_api_route(_path, page(_scope, _view), methods=["GET", "HEAD"])
for _path, (_scope, _view) in _POST.items():
    router.add_api_route(_path, page(_scope, _view), methods=["POST"])
router.add_api_route("/runs/{run_id}/follow", runs.follow, methods=["GET"])
router.add_api_route("/login", login.login, methods=["GET", "HEAD"])
