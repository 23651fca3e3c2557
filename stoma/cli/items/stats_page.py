"""Counts of items, as a page and as one record."""

from collections.abc import Sequence

from stoma.cli.output import View
from stoma.cli.pages import facts, heading
from stoma.cli.tables import Column, table
from stoma.cli.times import size
from stoma.cli.words import counted
from stoma.domain.task import Json
from stoma.storage.item_lines import DayLine, Group, ItemStats

_WIDEST_BAR = 30


def stats_view() -> View[ItemStats]:
    """Return the stable fields of the counts."""
    return View(
        fields={
            "items": lambda found: found.items,
            "versions": lambda found: found.versions,
            "observations": lambda found: found.observations,
            "sources": lambda found: _groups(found.sources),
            "kinds": lambda found: _groups(found.kinds),
            "statuses": lambda found: _groups(found.statuses),
            "tasks": lambda found: _groups(found.tasks),
            "days": lambda found: [
                {"day": each.day, "new": each.new, "changed": each.changed} for each in found.days
            ],
            "answers": lambda found: found.answers,
            "answers_kept": lambda found: found.answers_kept,
            "answer_bytes": lambda found: found.answer_bytes,
            "text_bytes": lambda found: found.text_bytes,
        },
        name=lambda found: str(found.items),
    )


def _groups(groups: Sequence[Group]) -> Json:
    return {each.name: each.items for each in groups}


def stats_text(found: ItemStats) -> str:
    """Return the counts as a page."""
    kept = f"{counted(found.answers_kept, 'raw answer')} kept, {size(found.answer_bytes)}"
    lines = [
        facts(
            [
                ("items", f"{found.items:,}"),
                ("versions", f"{found.versions:,}, {size(found.text_bytes)} of text"),
                ("observations", f"{found.observations:,}"),
                ("answers", f"{kept} of {found.answers:,}" if found.answers else ""),
            ]
        )
    ]
    groups = {
        "source": found.sources,
        "kind": found.kinds,
        "status": found.statuses,
        "task": found.tasks,
    }
    for name, each in groups.items():
        if each:
            lines += ["\n", _table(name, each)]
    if found.days:
        lines += ["\n", heading("what the days brought (UTC)"), _days(found.days)]
    return "".join(lines)


def _table(name: str, groups: Sequence[Group]) -> str:
    columns: list[Column[Group]] = [
        Column(name, lambda group: group.name, least=12),
        Column("items", lambda group: f"{group.items:,}", right=True),
    ]
    return table(columns, groups, headers=True)


def _days(days: Sequence[DayLine]) -> str:
    most = max(day.new + day.changed for day in days)

    def bar(day: DayLine) -> str:
        new, both = (round(_WIDEST_BAR * n / most) for n in (day.new, day.new + day.changed))
        return "█" * new + "░" * (both - new)

    columns: list[Column[DayLine]] = [
        Column("day", lambda day: day.day),
        Column("new", lambda day: f"{day.new:,}", right=True),
        Column("changed", lambda day: f"{day.changed:,}", right=True),
        Column("bar", bar, bare=True, spare=True),
    ]
    return table(columns, days, headers=True)
