"""What notices say."""

from datetime import timedelta
from typing import Any

import pytest

from stoma.domain.notice import Event, Notice, Trouble, notice_from_json, notice_to_json
from stoma.domain.run import Counts, Outcome, Run, RunState, Trigger
from stoma.notifications.digest import Bad, Coming, Digest, Group, Thing, notice_of
from stoma.notifications.rules import Told
from stoma.notifications.words import Missed, bundle, of_missed, of_run
from tests.fakes import START
from tests.makers import make_task

HOUR = timedelta(hours=1)
TASK = make_task("papers", name="New <papers>")


def ended(**fields: Any) -> Run:
    usual: dict[str, Any] = {
        "id": 7,
        "task_id": "papers",
        "task_version": 1,
        "trigger": Trigger.SCHEDULE,
        "state": RunState.DONE,
        "outcome": Outcome.DEAD,
        "created_at": START,
        "started_at": START - timedelta(seconds=90),
        "ended_at": START,
        "attempts": 4,
        "max_attempts": 4,
        "error": "no answer\nfrom <b>there</b>\x1b[2J",
    }
    return Run(**(usual | fields))


def test_a_dead_run_says_what_happened_and_what_to_do() -> None:
    trouble = Trouble(since=START - 3 * HOUR, count=3, told_at=START)
    notice = of_run(
        TASK, ended(), Told(event=Event.DEAD, trouble=trouble), next_run_at=START + HOUR
    )

    assert notice.title == "stoma: papers failed for good: no answer from <b>there</b>\\x1b[2J"
    assert notice.text == (
        "papers failed for good\n"
        "\n"
        "no answer from <b>there</b>\\x1b[2J\n"
        "\n"
        "task      papers (New <papers>)\n"
        "run       7, dead\n"
        "ended     Mon 2026-03-02 12:00:00 UTC\n"
        "took      90.0 s\n"
        "attempts  4 of 4\n"
        "in a row  3, since Mon 2026-03-02 09:00:00 UTC\n"
        "next run  Mon 2026-03-02 13:00:00 UTC\n"
        "\n"
        "  stoma scheduler show-run 7\n"
        "  stoma scheduler logs 7\n"
        "  stoma scheduler retry-run 7\n"
    )
    assert "<b>there" not in notice.html
    assert "New &lt;papers&gt;" in notice.html
    assert notice.facts["failures_in_a_row"] == 3
    assert notice_from_json(notice_to_json(notice)) == notice


def test_a_success_says_what_it_brought() -> None:
    run = ended(
        outcome=Outcome.SUCCEEDED, error="", max_attempts=1, counts=Counts(new=3, updated=1)
    )
    notice = of_run(TASK, run, Told(event=Event.SUCCESS), next_run_at=None)

    assert notice.title == "stoma: papers succeeded"
    assert "brought  3 new, 1 updated, 0 unchanged" in notice.text


def test_a_long_error_does_not_make_a_long_title() -> None:
    notice = of_run(TASK, ended(error="x" * 500), Told(event=Event.FAILURE), next_run_at=None)

    assert len(notice.title) == 120
    assert notice.title.endswith("...")


@pytest.mark.parametrize(("slots", "words"), [(1, "one run"), (1200, "1,200 runs")])
def test_missed_slots_come_with_the_command_that_fills_them(slots: int, words: str) -> None:
    missed = Missed(first=START, last=START + HOUR, slots=slots, detail="")
    notice = of_missed(TASK, missed, next_run_at=START + 2 * HOUR)

    assert notice.title == "stoma: papers missed"
    assert words in notice.text
    assert "--from 2026-03-02T12:00:00Z --to 2026-03-02T13:00:01Z" in notice.text


def test_a_bundle_says_how_many_there_are() -> None:
    notices = [
        Notice(event=Event.FAILURE, at=START, title=f"stoma: t{n} failed", text="", task_id=f"t{n}")
        for n in range(50)
    ]

    found = bundle(notices)

    assert found.title == "stoma: 50 notices, the first: t0 failed"
    assert "... and 10 more: stoma scheduler status" in found.text
    assert len(found.facts["task_ids"]) == 50  # type: ignore[arg-type]


def test_a_digest_groups_what_came_and_says_what_comes() -> None:
    thing = Thing(
        title="On <Testing>",
        url="https://example.org/?a=1&b=2",
        people=["Ada", "Ben", "Cleo", "Dan", "Eve"],
        summary="We test. " * 60,
        at=START - HOUR,
    )
    digest = Digest(
        since=START - 24 * HOUR,
        until=START,
        timezone="Europe/Berlin",
        groups=[
            Group(
                task_id="papers",
                name="New <papers>",
                count=3,
                things=[thing, Thing(title="", url="x:y")],
            )
        ],
        bad=[Bad(task_id="a", name="A", count=2, run_id=9, what="no answer", well_again=True)],
        coming=[Coming(task_id="papers", name="New <papers>", at=START + HOUR)],
        runs=1,
        missed=1,
        alive=False,
    )

    notice = notice_of(digest)

    assert notice.title == "stoma: 3 new items, Mon 2 Mar"  # the failing one is well again
    assert notice.text.startswith(
        "3 new items from 1 run, 1 slot missed; no scheduler is running\n"
    )
    assert "Sun 1 Mar 13:00 to Mon 2 Mar 13:00 Europe/Berlin" in notice.text
    assert "A: 2 times, last: no answer; it is well again" in notice.text
    assert "Ada, Ben, Cleo, Dan and 1 more, 2 Mar" in notice.text
    assert "(no title)" in notice.text
    assert "... and 1 more: stoma items list --task papers" in notice.text
    assert "Mon 14:00  New <papers>" in notice.text
    assert '<a href="https://example.org/?a=1&amp;b=2"' in notice.html
    assert "On &lt;Testing&gt;" in notice.html
    assert "x:y" not in notice.html
    assert notice.html.count("We test.") < 30
