"""Tasks as other programs write them."""

from pathlib import Path
from typing import Any

import pytest

from stoma.domain.task import Task
from stoma.taskfiles.reading import LeftOut
from tests.unit.taskfiles.common import REPORT, SCHEDULED, Read, refusal

# The `scheduled_tasks:` of a config.yaml.


def test_the_file_of_the_reference_loads_as_it_is_written_there(read: Read) -> None:
    file = read(SCHEDULED)

    assert file.tasks == (
        Task(
            id="podcast_index_download",
            name="Podcast Index & Download",
            description="Index podcast feeds and create download tasks",
            type="shell",
            schedule={"type": "time_of_day", "hours": [0, 8, 16]},
            timeout_seconds=3600,
            config={
                "command": "python",
                "args": [
                    "-m",
                    "src.automation.task_creation_manager",
                    "--steps",
                    "index_podcast",
                    "download_podcast",
                ],
            },
        ),
    )
    assert [note.partition(": ")[2] for note in file.notes] == [
        "scheduled_tasks.state_file has no effect here: the registry keeps the state"
    ]


@pytest.mark.parametrize(
    ("schedule", "spec"),
    [
        ("{type: interval, interval_seconds: 900}", {"type": "interval", "interval_seconds": 900}),
        (
            "{type: time_of_day, hours: [08, 16], days_interval: 2}",
            {"type": "time_of_day", "hours": [8, 16], "days_interval": 2},
        ),
        (
            "{type: run_then_wait, wait_seconds: 60}",
            {"type": "run_then_wait", "wait_seconds": 60},
        ),
    ],
)
def test_its_schedules_are_ours(read: Read, schedule: str, spec: dict[str, Any]) -> None:
    text = SCHEDULED.replace(
        "\n        type: time_of_day\n        hours: [0, 8, 16]", f" {schedule}"
    )

    assert read(text).tasks[0].schedule == spec


def test_an_executor_may_be_a_collector(read: Read) -> None:
    text = SCHEDULED.replace("type: cli", "type: arxiv").replace("command:", "search_query:")

    task = read(
        text.replace(text[text.index("        args") : text.index("      timeout")], "")
    ).tasks[0]

    assert (task.type, task.config) == ("arxiv", {"search_query": "python"})


def test_switched_off_as_a_whole_no_task_is_enabled(read: Read) -> None:
    file = read("other: 1\n" + SCHEDULED.replace("enabled: true", "enabled: false", 1))

    assert not file.tasks[0].enabled
    assert [note.partition(": ")[2] for note in file.notes][1:] == [
        "other sections are not read: other",
        "scheduled_tasks.enabled is false, so no task is enabled",
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("hours: [0,", "hours: [30,", "t.yaml:10: task 'podcast_index_download': schedule {'"),
        ("timeout_", "timout_", "t.yaml:17: task 'podcast_index_download': there is no key 'tim"),
        ("        type: cli\n", "", "t.yaml:13: task 'podcast_index_download': executor must be a"),
        (
            "      timeout_seconds",
            "      type: x\n      timeout",
            "t.yaml:17: task 'podcast_index_d",
        ),
        (
            "  enabled: true\n  s",
            "  enabled: 1\n  s",
            "t.yaml:2: enabled is 1, must be true or fal",
        ),
        ("tasks:\n    p", "taks:\n    p", "t.yaml:1: there are no tasks"),
        ('"python"', "2026-03-01", ""),
        (
            '"python"',
            ".inf",
            "t.yaml:15: task 'podcast_index_download': config.command is inf, mus",
        ),
    ],
)
def test_what_is_wrong_is_named_in_the_words_of_the_file(
    read: Read, old: str, new: str, message: str
) -> None:
    text = SCHEDULED.replace(old, new, 1)

    if message:
        assert refusal(read, text)[0].startswith(message)
    else:
        assert read(text).tasks[0].config["command"] == new  # a date without quotes is a text


# The objects of a task API.


def test_a_task_of_an_api_is_read_as_far_as_it_maps(read: Read) -> None:
    file = read(REPORT, "report.json")

    assert file.tasks == (
        Task(
            id="daily_report",
            name="Daily Report",
            description="Generate daily analytics report",
            owner="user-id",
            type="ai_prompt",
            schedule={"cron": "0 9 * * *", "timezone": "America/New_York"},
            max_retries=3,
            retry_delay_seconds=90,
            only_if=(
                {"type": "time", "operator": "greater", "value": "09:00"},
                {"type": "variable", "operator": "equals", "value": "production"},
            ),
            config={"prompt": "Generate a report", "model": "claude-3-5-sonnet-20241022"},
        ),
    )
    assert "task 'daily_report': notification is not acted on" in file.notes[0]
    assert file.where("daily_report", "max_retries").endswith(":16")


def test_a_list_of_them_is_read_too_with_ids_and_states(read: Read) -> None:
    text = REPORT.replace('"userId": "user-id"', '"id": "r", "status": "paused"')
    quiet = text.replace('{"onFailure": true, "channels": ["email"]}', "null")

    file = read(f"[{quiet}]", "reports.json")

    assert [(task.id, task.enabled, task.owner) for task in file.tasks] == [("r", False, "")]
    assert file.notes == ()


@pytest.mark.parametrize("given", ['"type": "trigger"', '"trigger": {"type": "webhook"}'])
def test_a_triggered_task_is_left_out_and_named(read: Read, tmp_path: Path, given: str) -> None:
    file = read(REPORT.replace('"type": "recurring"', given), "r.json")

    reason = "is started by a trigger, which is not part of this version"
    assert file.tasks == ()
    assert file.left_out == (LeftOut("daily_report", f"{tmp_path}/r.json:1", reason),)


@pytest.mark.parametrize(
    ("old", "new", "message", "hint"),
    [
        (
            "recurring",
            "recuring",
            ":5: task 'daily_report': type is 'recuring', must be one of",
            "d",
        ),
        (
            '"maxRetries": 3',
            '"maxRetries": "3"',
            ":16: task 'daily_report': max_retries is '3'",
            "",
        ),
        ('"backoffMs": 90000', '"backoffMs": true', ":17: task 'daily_report': retry_delay_se", ""),
        (
            "backoffMs",
            "backofMs",
            ":17: task 'daily_report': there is no key 'backofMs'",
            "did you",
        ),
        (
            '"greater"',
            '"contains"',
            ":20: task 'daily_report': a condition of type 'time' has",
            "op",
        ),
        (
            '"equals"',
            '"like"',
            ":21: task 'daily_report': a condition of type 'variable' has",
            "op",
        ),
        ("0 9 * * *", "0 9 * *", ":6: task 'daily_report': schedule {'cron'", ""),
        (
            '"userId": "user-id"',
            '"userId": 3',
            ":2: task 'daily_report': owner is 3, must be a t",
            "",
        ),
        ('"userId": "user-id"', '"status": "off"', ":2: task 'daily_report': status is 'off'", ""),
        (
            '"userId": "user-id"',
            '"urgent": 1',
            ":2: task 'daily_report': there is no key 'urg",
            "k",
        ),
        (
            '"type": "ai-prompt",',
            "",
            ":10: task 'daily_report': action must be a table with a",
            "for",
        ),
    ],
)
def test_what_does_not_map_is_refused_where_it_stands(
    read: Read, old: str, new: str, message: str, hint: str
) -> None:
    said, way_out = refusal(read, REPORT.replace(old, new, 1), "r.json")

    assert said.removeprefix("r.json").startswith(message)
    assert way_out.startswith(hint)


def test_a_retry_policy_and_conditions_have_a_shape(read: Read) -> None:
    text = REPORT.replace('{\n    "maxRetries": 3,\n    "backoffMs": 90000\n  }', "3")
    text = text.replace('{"type": "time", "operator": "greater", "value": "09:00"}', '"x"')

    said, _ = refusal(read, text, "r.json")

    assert "r.json:15: task 'daily_report': retryPolicy must be a table" in said
    assert "only_if is " not in said  # one look at a time: first the words, then what they hold
