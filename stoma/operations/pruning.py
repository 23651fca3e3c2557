"""Taking away what was collected and is no longer wanted."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from stoma.app import App
from stoma.domain.task import Json
from stoma.exceptions import UsageError
from stoma.operations.audited import record
from stoma.operations.items import check_filter
from stoma.storage.item_lines import ItemFilter
from stoma.storage.item_pruning import ItemPruner, Prunable
from stoma.storage.read import reading


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneRule:
    """What may go; a part that is None takes nothing away."""

    wanted: ItemFilter  #: of these items only
    unseen_since: datetime | None = None  #: items that their source last returned before then
    keep_versions: int | None = None  #: of each item that stays
    answers_before: datetime | None = None  #: bodies of raw answers that came before then


def count_prunable(app: App, rule: PruneRule) -> Prunable:
    """Return what a rule would take away.

    Raises:
        NotFoundError: The filter names a task that never was.
        UsageError: It says nothing of what may go, or nothing that can be.
    """
    _check(app, rule)
    pruner = ItemPruner(app.database)
    found = Prunable()
    if rule.unseen_since is not None:
        found = pruner.count_items(_old(rule))
    if rule.keep_versions is not None:
        found = replace(found, versions=pruner.count_versions(rule.wanted, rule.keep_versions))
    if rule.answers_before is not None:
        dropped = pruner.count_answers(rule.wanted.source, rule.answers_before)
        found = replace(found, answers=dropped.answers, answer_bytes=dropped.answer_bytes)
    return found


def prune(app: App, rule: PruneRule, *, on_step: Callable[[int], None] = lambda _: None) -> None:
    """Take away what a rule says, in small steps; what is done stays done if it is broken off.

    Args:
        app: The registry.
        rule: What may go.
        on_step: Called with how many things each step took away.

    Raises:
        NotFoundError: The filter names a task that never was.
        UsageError: It says nothing of what may go, or nothing that can be.
    """
    found = count_prunable(app, rule)
    pruner, steps = ItemPruner(app.database), []
    if rule.unseen_since is not None:
        steps.append(pruner.prune_items(_old(rule)))
    if rule.keep_versions is not None:
        steps.append(pruner.prune_versions(rule.wanted, rule.keep_versions))
    if rule.answers_before is not None:
        steps.append(pruner.prune_answers(rule.wanted.source, rule.answers_before))
    record(app, "prune", "items", after=_told(found))
    for each in steps:
        for gone in each:
            on_step(gone)


def _old(rule: PruneRule) -> ItemFilter:
    return replace(rule.wanted, unseen_since=rule.unseen_since)


def _told(found: Prunable) -> dict[str, Json]:
    return {"items": found.items, "versions": found.versions, "answers": found.answers}


def _check(app: App, rule: PruneRule) -> None:
    parts = (rule.unseen_since, rule.keep_versions, rule.answers_before)
    if all(part is None for part in parts):
        raise UsageError(
            "nothing says what may go",
            hint="--unseen-for 365d, --keep-versions 3 or --answers-older-than 30d",
        )
    beside_source = replace(rule.wanted, source=None) != ItemFilter()
    if rule.answers_before is not None and beside_source:
        raise UsageError(
            "an answer has items of many sorts: answers can be chosen by --source only",
            hint="leave out the other conditions, or --answers-older-than",
        )
    with reading(app.paths.database) as reader:
        check_filter(reader, rule.wanted)
