"""What the endpoints answer."""

from datetime import timedelta

import pytest

from stoma.storage.read_audit import AuditFilter
from tests.web import Site

TASKS = "/api/scheduler/tasks"
NEW = {
    "id": "ml",
    "name": "Daily ML papers",
    "type": "arxiv",
    "schedule": "daily_at_09:00",
    "config": {"search_query": "cat:cs.LG", "max_results": 50},
    "priority": "high",
}


def test_a_task_is_made_shown_changed_and_removed(web: Site) -> None:
    made = web.send("POST", TASKS, json=NEW)
    changed = web.send("PATCH", f"{TASKS}/ml", json={"priority": "low", "timezone": None})
    moved = web.send("PUT", f"{TASKS}/ml/schedule", json={"schedule": "hourly"})
    removed = web.send("DELETE", f"{TASKS}/ml")

    assert made.status_code == 201
    assert made.headers["Location"] == f"{TASKS}/ml"
    assert made.json()["next_run_at"] == "2026-03-03T09:00:00+00:00"
    assert changed.json()["priority"] == "low"
    assert changed.json()["definition"]["config"] == NEW["config"]
    assert moved.json()["next_run_at"] == "2026-03-02T13:00:00+00:00"
    assert moved.json()["version"] == 3
    assert removed.json() == {"task_id": "ml", "runs": 0, "items": 0, "running": []}
    assert web.get(f"{TASKS}/ml").status_code == 404


def test_a_task_that_exists_is_not_made_again(web: Site) -> None:
    web.send("POST", TASKS, json=NEW)

    again = web.send("POST", TASKS, json=NEW)

    assert again.status_code == 409
    assert again.headers["Content-Type"] == "application/problem+json"
    assert again.json()["detail"] == "task 'ml' exists already"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"schedule": "sometimes"}, "sometimes"),
        ({"type": "ftp"}, "ftp"),
        ({"config": {"max_results": "many"}}, "max_results"),
        ({"config": {"surprise": 1}}, "surprise"),
        ({"timezone": "Mars/Base"}, "Mars/Base"),
        ({"id": "../x"}, "../x"),
        ({"name": ""}, "name"),
        ({"priority": "urgent"}, "priority"),
        ({"timeout_seconds": "3600"}, "timeout_seconds"),
        ({"timeout_seconds": -1}, "timeout_seconds"),
        ({"timeout_seconds": 1e300}, "timeout_seconds"),
        ({"max_retries": 10**30}, "max_retries"),
        ({"surprise": 1}, "surprise"),
        ({"only_if": [{"type": "moon"}]}, "moon"),
        ({"after": ["nobody"]}, "nobody"),
    ],
)
def test_what_can_not_be_used_is_named(web: Site, wrong: dict[str, object], said: str) -> None:
    refused = web.send("POST", TASKS, json=NEW | wrong)

    assert refused.status_code == 422
    assert said in refused.text
    assert web.get(TASKS).json() == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"id": "other"}, "stays"), ({"surprise": 1}, "surprise"), ({"name": None}, "name")],
)
def test_a_change_that_can_not_be_made_is_named(
    web: Site, wrong: dict[str, object], said: str
) -> None:
    web.task("ml")

    refused = web.send("PATCH", f"{TASKS}/ml", json=wrong)

    assert (refused.status_code, said in refused.text) == (422, True)


def test_a_task_is_disabled_for_a_while_and_enabled(web: Site) -> None:
    web.task("ml")
    until = (web.clock.now() + timedelta(days=1)).isoformat()

    off = web.send("PUT", f"{TASKS}/ml/disable", json={"reason": "moved", "until": until})
    on = web.send("PUT", f"{TASKS}/ml/enable")
    paused = web.send("PUT", f"{TASKS}/ml/pause")
    resumed = web.send("PUT", f"{TASKS}/ml/resume")

    assert (off.json()["disabled_reason"], off.json()["disabled_until"]) == ("moved", until)
    assert [each.json()["enabled"] for each in (off, on, paused, resumed)] == [
        False,
        True,
        False,
        True,
    ]


def test_tasks_are_listed_in_pages(web: Site) -> None:
    for name in "abcde":
        web.task(name, tags=("odd",) if name in "ace" else ())

    first = web.get(TASKS, params={"limit": 2})
    second = web.get(first.headers["Link"].split(">")[0].lstrip("<"))
    odd = web.get(TASKS, params={"tag": "odd", "q": "PAPERS"})

    assert [task["id"] for task in first.json()] == ["a", "b"]
    assert first.headers["X-Total-Count"] == "5"
    assert [task["id"] for task in second.json()] == ["c", "d"]
    assert [task["id"] for task in odd.json()] == ["a", "c", "e"]
    assert "Link" not in odd.headers


def test_a_run_that_is_asked_for_waits_for_the_scheduler_at_work(web: Site) -> None:
    web.task("ml")

    asked = web.send("POST", f"{TASKS}/ml/run")
    again = web.send("POST", f"{TASKS}/ml/run")
    run = web.get(asked.headers["Location"]).json()

    assert (asked.status_code, asked.json()["executed_by"]) == (202, "scheduler")
    assert (run["trigger"], run["state"], run["max_attempts"]) == ("manual", "pending", 4)
    assert (again.status_code, again.json()["detail"]) == (
        409,
        "task 'ml' is about to run: run 1 waits to start",
    )


def test_a_run_is_cancelled_and_runs_again(web: Site) -> None:
    web.task("ml")
    web.send("POST", f"{TASKS}/ml/run")

    ended = web.send("POST", "/api/scheduler/runs/1/cancel")
    too_late = web.send("POST", "/api/scheduler/runs/1/cancel")
    again = web.send("POST", "/api/scheduler/runs/1/retry")

    assert (ended.json()["outcome"], ended.json()["text"]) == (
        "cancelled",
        "it had not started, and will not",
    )
    assert too_late.status_code == 409
    assert (again.status_code, again.json()["state"]) == (202, "pending")


def test_many_tasks_are_changed_at_once_each_with_its_own_end(web: Site) -> None:
    for name in ("a", "b"):
        web.task(name)

    off = web.send("POST", f"{TASKS}/bulk", json={"action": "disable", "task_ids": ["a", "x"]})
    ran = web.send("POST", f"{TASKS}/bulk", json={"action": "run", "task_ids": ["a", "b", "a"]})
    gone = web.send("POST", f"{TASKS}/bulk", json={"action": "delete", "task_ids": ["a"]})
    on = web.send("POST", f"{TASKS}/bulk", json={"action": "enable", "task_ids": ["b"]})

    assert [(line["task_id"], line["ok"], line["status"]) for line in off.json()] == [
        ("a", True, 200),
        ("x", False, 404),
    ]
    assert [(line["status"], line["run_id"]) for line in ran.json()] == [(202, 1), (202, 2)]
    assert gone.json()[0]["detail"] == "removed"
    assert on.json()[0]["ok"]


def test_many_runs_are_cancelled_and_retried_at_once(web: Site) -> None:
    web.task("ml")
    web.send("POST", f"{TASKS}/ml/run")
    bulk = "/api/scheduler/runs/bulk"

    ended = web.send("POST", bulk, json={"action": "cancel", "run_ids": [1, 99]})
    again = web.send("POST", bulk, json={"action": "retry", "run_ids": [1]})

    assert [(line["run_id"], line["status"]) for line in ended.json()] == [(1, 200), (99, 404)]
    assert again.json() == [
        {"run_id": 1, "ok": True, "status": 202, "detail": "it waits to run again"}
    ]


def test_the_history_is_filtered_and_goes_on(web: Site) -> None:
    web.task("ml")
    web.task("other")
    runs = [web.run("ml"), web.run("other"), web.run("ml")]
    history = "/api/scheduler/history"

    newest = web.get(history, params={"limit": 2})
    older = web.get(newest.headers["Link"].split(">")[0].lstrip("<"))
    own = web.get(f"{TASKS}/ml/runs").json()
    ended = web.get("/api/scheduler/runs", params={"word": ["succeeded", "empty"]}).json()
    none = web.get(history, params={"failed": True, "trigger": "schedule"}).json()
    later = web.get(history, params={"since": "2030-01-01T00:00:00Z"}).json()

    assert [run["id"] for run in newest.json()] == runs[:0:-1]
    assert [run["id"] for run in older.json()] == runs[:1]
    assert [run["id"] for run in own] == [runs[2], runs[0]]
    assert len(ended) == 3
    assert (none, later) == ([], [])
    assert web.get(history, params={"task_id": "nope"}).status_code == 404


def test_a_log_is_given_whole_or_its_end(web: Site) -> None:
    web.task("ml")
    run = web.run("ml", log="one\ntwo\x1b[31m\nthree\n")

    whole = web.get(f"/api/scheduler/runs/{run}/log")
    tail = web.get(f"/api/scheduler/runs/{run}/log", params={"tail": 1})

    assert whole.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert whole.text == "one\ntwo\\x1b[31m\nthree\n"
    assert tail.text == "three\n"


def test_slots_to_come_are_told(web: Site) -> None:
    web.task("ml", schedule="daily_at_09:00", timezone="Europe/Berlin")
    web.task("hours", schedule="hourly")
    scheduler = "/api/scheduler"

    own = web.get(f"{TASKS}/ml/upcoming", params={"count": 1}).json()
    every = web.get(f"{scheduler}/upcoming", params={"hours": 24, "limit": 100}).json()
    tried = web.get(f"{scheduler}/preview", params={"schedule": '{"type":"daily","at":"09:00"}'})
    days = web.get(f"{scheduler}/calendar", params={"month": "2026-03"}).json()

    assert (own[0]["at"], own[0]["local_at"]) == (
        "2026-03-03T08:00:00+00:00",
        "2026-03-03T09:00:00+01:00",
    )
    assert [fire["at"] for fire in every] == sorted(fire["at"] for fire in every)
    assert [fire["task_id"] for fire in every].count("hours") == 24
    assert tried.status_code in {200, 422}
    assert (days[0]["fires"], days[1]["fires"], days[2]["fires"]) == (0, 11, 25)


def test_a_schedule_that_is_no_json_is_refused(web: Site) -> None:
    refused = web.get("/api/scheduler/preview", params={"schedule": "{nope"})

    assert refused.status_code == 422


def test_what_was_and_what_will_be_between_two_moments(web: Site) -> None:
    web.task("hours", schedule="hourly")
    web.run("hours")
    path = "/api/scheduler/calendar/range"

    day = web.get(path, params={"from": "2026-03-02T00:00:00Z", "to": "2026-03-03T00:00:00Z"})
    part = web.get(
        path, params={"from": "2026-03-02T00:00:00Z", "to": "2026-03-03T00:00:00Z", "limit": 2}
    )
    back = web.get(path, params={"from": "2026-03-03T00:00:00Z", "to": "2026-03-02T00:00:00Z"})

    assert (len(day.json()["runs"]), len(day.json()["fires"])) == (1, 12)
    assert day.json()["complete"]
    assert (len(part.json()["fires"]), part.json()["complete"]) == (2, False)
    assert back.status_code == 422


def test_statistics_count(web: Site) -> None:
    web.task("ml")
    web.task("other", enabled=False)
    web.run("ml")

    found = web.get("/api/scheduler/statistics").json()

    assert found["tasks"] == {
        "total": 2,
        "enabled": 1,
        "disabled": 1,
        "running": 0,
        "failing": 0,
    }
    assert (found["words"], found["success_rate"]) == ({"succeeded": 1}, 1.0)
    assert found["by_task"][0]["lengths"]["runs"] == 1
    assert found["due_soon"] == 1


def test_a_preset_is_shown_tried_and_loaded(web: Site) -> None:
    path = "/api/scheduler/presets"

    names = [each["name"] for each in web.get(path).json()]
    shown = web.get(f"{path}/research").json()
    tried = web.send("POST", f"{path}/research", params={"dry_run": True}).json()
    before = web.get(TASKS).json()
    loaded = web.send("POST", f"{path}/research").json()
    again = web.send("POST", f"{path}/research").json()

    assert {"default", "research", "business", "development"} <= set(names)
    assert {each["task_id"] for each in tried} == {task["id"] for task in shown}
    assert before == []
    assert {each["action"] for each in loaded} == {"added"}
    assert {each["action"] for each in again} == {"unchanged"}
    assert web.get(f"{path}/nope").status_code == 404
    assert web.send("POST", f"{path}/..%2F..%2Fetc%2Fpasswd").status_code == 404


def test_nothing_starts_while_it_is_paused(web: Site) -> None:
    paused = web.send("POST", "/api/scheduler/pause", json={"reason": "moving"})
    status = web.get("/api/scheduler/status").json()
    resumed = [web.send("POST", "/api/scheduler/resume").json()["resumed"] for _ in range(2)]

    assert paused.json() == {"until": None, "reason": "moving"}
    assert status["paused"] == {"until": None, "reason": "moving"}
    assert resumed == [True, False]


def test_a_task_says_why_and_what_would_fill_its_gaps(web: Site) -> None:
    web.task("ml", schedule="hourly")

    why = web.get(f"{TASKS}/ml/why", params={"at": "2026-03-02T11:00:00Z"})
    filled = web.send(
        "POST", f"{TASKS}/ml/backfill", json={"from": "2026-03-01T00:00:00Z", "dry_run": True}
    )
    done = web.send("POST", f"{TASKS}/ml/backfill", json={"from": "2026-03-02T09:30:00Z"})

    assert why.json()["task_id"] == "ml"
    assert len(filled.json()["slots"]) == 36
    assert len(done.json()["slots"]) == 2
    assert len(web.get("/api/scheduler/history").json()) == 2


def test_the_coming_days_are_tried_out(web: Site) -> None:
    web.task("ml", schedule="hourly")

    found = web.get("/api/scheduler/simulate", params={"days": 0.2, "seconds": 60}).json()

    assert (found["fires"], found["tasks"][0]["task_id"]) == (4, "ml")


def test_settings_name_their_origin_and_no_secret(web: Site) -> None:
    found = {each["key"]: each for each in web.get("/api/scheduler/settings").json()}

    assert found["web.port"]["value"] == 8000
    assert found["sources.github.token"]["value"] in {"", "**********"}


def test_the_web_process_answers_and_counts(web: Site) -> None:
    assert web.get("/healthz").json() == {"ok": True}
    assert "stoma_tasks" in web.get("/metrics").text
    assert web.get("/api/me").json()["credential"] == "loopback"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nope", 404), ("DELETE", "/api/scheduler/status", 405), ("GET", f"{TASKS}/x", 404)],
)
def test_every_error_is_a_problem(web: Site, method: str, path: str, status: int) -> None:
    refused = web.send(method, path)

    assert refused.status_code == status
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.json()["status"] == status


def test_changes_are_limited_per_account(web: Site) -> None:
    web.task("ml")
    starts = [
        web.send("POST", f"{TASKS}/bulk", json={"action": "run", "task_ids": ["ml"] * 3})
        for _ in range(70)
    ]
    refused = starts[-1]
    web.clock.advance(timedelta(minutes=1))
    after = web.send("POST", f"{TASKS}/bulk", json={"action": "run", "task_ids": ["ml"]})

    assert [each.status_code for each in starts].count(200) == 60
    assert (refused.status_code, refused.json()["detail"]) == (429, "too many runs")
    assert int(refused.headers["Retry-After"]) >= 1
    assert after.status_code == 200


def test_who_changed_something_is_in_the_audit_log(web: Site) -> None:
    web.task("ml")
    web.send("PUT", f"{TASKS}/ml/disable")
    ada = web.user("ada", "admin")
    token = web.token("ci", owner="ada", scope="write")
    web.send("PUT", f"{TASKS}/ml/enable", headers=ada)
    web.send("PUT", f"{TASKS}/ml/disable", headers=token)

    with web.web.reader() as reader:
        assert reader is not None
        entries = reader.audit.newest(AuditFilter(), limit=20)

    by = {(entry.draft.actor.name, entry.draft.action) for entry in entries}
    assert {
        ("loopback", "disable-task"),
        ("ada", "enable-task"),
        ("ada (token ci)", "disable-task"),
    } <= by
