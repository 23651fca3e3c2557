"""Who may what, and whose it is: on every route, with ids and filters that mean no good."""

from typing import Any

import pytest

from stoma.domain.account import SCOPES
from tests.routes import CALLS, OWN, Call, calls
from tests.web import Site, basic

OTHER = "dag_attacker"


IDS = ["..", "../../x", "..%2f..%2fx", "%00", "a%00b", "a" * 10_000, "-1", "0", "9" * 30, "1 OR 1"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/scheduler/runs/{}/log"),
        ("GET", "/api/scheduler/runs/{}"),
        ("POST", "/api/scheduler/runs/{}/cancel"),
        ("DELETE", "/api/scheduler/tasks/{}"),
        ("GET", "/api/scheduler/presets/{}"),
        ("POST", "/api/scheduler/presets/{}"),
    ],
)
def test_a_wrong_id_is_refused_and_touches_nothing(guarded: Site, method: str, path: str) -> None:
    before = sorted(guarded.app.paths.data_dir.rglob("*"))

    answers = {
        bad: guarded.send(method, path.format(bad), headers=basic("root")).status_code
        for bad in IDS
    }

    assert set(answers.values()) <= {404, 405, 422}, answers
    assert sorted(guarded.app.paths.data_dir.rglob("*")) == before


QUOTES = ["'", '"', "' OR '1'='1", "x' UNION SELECT password FROM users--", "%", "*", '"x', "\\"]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/api/scheduler/tasks", "q"),
        ("/api/scheduler/tasks", "type"),
        ("/api/scheduler/tasks", "tag"),
        ("/api/items", "source"),
        ("/api/items", "tag"),
        ("/api/items", "author"),
        ("/api/items/search", "q"),
    ],
)
def test_a_filter_is_a_value_whatever_it_holds(guarded: Site, path: str, name: str) -> None:
    for text in QUOTES:
        answer = guarded.get(path, params={name: text}, headers=basic("root"))

        assert (answer.status_code, answer.json()) == (200, []), text


def test_a_limit_is_a_number_within_bounds(guarded: Site) -> None:
    for limit in ["0", "-1", "1e9", "9" * 30, "1;DROP TABLE runs"]:
        answer = guarded.get(
            "/api/scheduler/history", params={"limit": limit}, headers=basic("root")
        )

        assert answer.status_code == 422, limit


@pytest.mark.parametrize("scope", SCOPES)
def test_no_token_does_more_than_its_scope(guarded: Site, scope: str) -> None:
    headers = guarded.token(f"only-{scope}", scope=scope, tasks=("dag_a",))
    rank = SCOPES.index(scope)

    beyond = [call for call in CALLS if call.scope and SCOPES.index(call.scope) > rank]
    answers = {call: guarded.send(call.method, call.path, headers=headers) for call in beyond}

    assert {answer.status_code for answer in answers.values()} <= {403, 413, 415, 422}
    refused = [call for call, answer in answers.items() if answer.status_code == 422]
    assert refused == []
    assert scope != "read" or len(beyond) > 12


def test_a_run_token_runs_and_does_not_edit(guarded: Site) -> None:
    headers = guarded.token("runner", scope="run")
    task = f"/api/scheduler/tasks/{OWN}"

    ran = guarded.send("POST", f"{task}/run", headers=headers)
    edits = [
        guarded.send("PATCH", task, json={"name": "x"}, headers=headers),
        guarded.send("DELETE", task, headers=headers),
        guarded.send("PUT", f"{task}/disable", headers=headers),
        guarded.send("POST", "/api/scheduler/tasks", json={"id": "x"}, headers=headers),
        guarded.send(
            "POST",
            "/api/scheduler/tasks/bulk",
            json={"action": "delete", "task_ids": [OWN]},
            headers=headers,
        ),
    ]
    run = ran.json()["id"]
    guarded.send("POST", f"/api/scheduler/runs/{run}/cancel", headers=headers)

    assert ran.status_code == 202
    assert {answer.status_code for answer in edits} == {403}


def theirs(site: Site) -> list[Call]:
    """Return every route with the ids of somebody else's task and run."""
    (run,) = [run["id"] for run in _runs(site) if run["task_id"] == OTHER][-1:]
    return sorted(
        {call for call in calls(OTHER, run) if OTHER in call.path or f"/runs/{run}" in call.path}
    )


def _runs(site: Site) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = site.get("/api/scheduler/history", headers=basic("root")).json()
    return found


BODIES = {
    "/schedule": {"schedule": "hourly"},
    "/backfill": {"from": "2026-03-01T00:00:00Z"},
}


def test_nobody_sees_or_touches_what_is_somebody_elses(guarded: Site) -> None:
    for call in theirs(guarded):
        if not call.path.startswith("/api/"):
            continue
        body = next((b for end, b in BODIES.items() if call.path.endswith(end)), None)
        if call.method == "PATCH":
            body = {"name": "mine"}

        answer = guarded.send(call.method, call.path, json=body, headers=basic("a"))

        assert answer.status_code == 404, call
        assert "the log of" not in answer.text
    assert len(theirs(guarded)) >= 18


def test_a_token_for_one_task_reads_no_log_of_a_task_that_begins_alike(guarded: Site) -> None:
    headers = guarded.token("dag", scope="admin", tasks=("dag_a",))
    own, other = (
        next(run["id"] for run in _runs(guarded) if run["task_id"] == task) for task in (OWN, OTHER)
    )

    mine = guarded.get(f"/api/scheduler/runs/{own}", headers=headers)
    answers = [
        guarded.get(f"/api/scheduler/runs/{other}/log", headers=headers),
        guarded.get(f"/api/scheduler/tasks/{OTHER}", headers=headers),
        guarded.get("/api/scheduler/history", params={"task_id": OTHER}, headers=headers),
    ]

    assert mine.status_code == 200
    assert {answer.status_code for answer in answers} == {404}


def test_lists_hold_only_what_is_ones_own(guarded: Site) -> None:
    who = basic("a")

    for path in (
        "tasks",
        "history",
        "runs",
        "upcoming",
        "simulate?days=0.1",
        "statistics",
        "status",
    ):
        answer = guarded.get(f"/api/scheduler/{path}", headers=who)

        assert answer.status_code == 200, path
        assert OTHER not in answer.text, path
    assert OWN in guarded.get("/api/scheduler/tasks", headers=who).text
    assert guarded.get("/metrics", headers=who).status_code == 403
    assert guarded.send("POST", "/api/scheduler/presets/research", headers=who).status_code == 403


def test_an_id_that_was_somebody_elses_is_not_taken_over(guarded: Site) -> None:
    guarded.task("left_behind", owner="attacker")
    guarded.run("left_behind", log="the log of left_behind\n")
    guarded.send("DELETE", "/api/scheduler/tasks/left_behind", headers=basic("attacker"))
    new = {
        "id": "left_behind",
        "name": "x",
        "type": "arxiv",
        "schedule": "manual",
        "config": {"search_query": "x"},
    }

    taken = guarded.send("POST", "/api/scheduler/tasks", json=new, headers=basic("a"))
    given = guarded.send(
        "PATCH", f"/api/scheduler/tasks/{OWN}", json={"owner": "root"}, headers=basic("a")
    )
    made = guarded.send(
        "POST", "/api/scheduler/tasks", json=new | {"id": "my", "owner": "root"}, headers=basic("a")
    )
    guarded.send("DELETE", "/api/scheduler/tasks/my", headers=basic("a"))

    assert (taken.status_code, given.status_code) == (409, 403)
    assert (made.status_code, made.json()["owner"]) == (201, "a")
