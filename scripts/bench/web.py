#!/usr/bin/env python3
"""How fast the web answers: beside plain FastAPI and sqlite3, and with followers on its streams.

    python scripts/bench/web.py                  the full size: 10,000 tasks, 1,000,000 runs
    python scripts/bench/web.py --tasks 500 --runs 20000 --followers 50 --seconds 3

1. list-tasks and history, requests a second and p99, one client and eight, each beside the same
   query and the same fields from a FastAPI application of twenty lines on the same file.
2. The lateness of a scheduler (slot to start) whose run is followed by nobody, and by very many.
Everything is on the loopback, in a temporary folder. Statistics, the status, the first page and a
month of the calendar are measured alone.
"""

import argparse
import asyncio
import json
import os
import re
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any

import httpx2 as httpx

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from stoma.app import App, open_app  # noqa: E402 - found above this folder
from stoma.domain.task import Task  # noqa: E402
from stoma.scheduler.placing import place  # noqa: E402
from stoma.settings import load_settings  # noqa: E402

BATCH = 50_000


def fill(app: App, tasks: int, runs: int) -> None:
    """Register tasks, and write runs of theirs."""
    now = datetime.now(UTC)
    placed = [
        place(
            Task(
                id=f"task_{n:05}",
                name=f"Task {n}",
                type="arxiv",
                schedule="daily_at_09:00",
                config={"search_query": "cat:cs.LG"},
            ),
            now=now,
            timezone="UTC",
        )
        for n in range(tasks)
    ]
    app.tasks.put(placed, now=now)
    begin = now - timedelta(days=60)
    step = timedelta(days=60) / max(runs, 1)
    connection = sqlite3.connect(app.paths.database)
    sql = (
        "INSERT INTO runs (task_id, task_version, trigger, due_at, state, outcome, priority,"
        " attempts, max_attempts, created_at, started_at, ended_at, settled, new)"
        " VALUES (?, 1, 'schedule', ?, 'done', ?, 2, 1, 4, ?, ?, ?, 1, 3)"
    )
    for first in range(0, runs, BATCH):
        rows = []
        for n in range(first, min(first + BATCH, runs)):
            at = f"{begin + n * step:%Y-%m-%d %H:%M:%S.%f}"
            outcome = "failed" if n % 17 == 0 else "succeeded"
            rows.append((f"task_{n % tasks:05}", at, outcome, at, at, at))
        connection.executemany(sql, rows)
        connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


PLAIN = """
import json, sqlite3, sys
from fastapi import FastAPI
api = FastAPI()
QUERIES = json.loads(sys.argv[2])
def rows(query, *values):
    connection = sqlite3.connect(sys.argv[1])
    connection.row_factory = sqlite3.Row
    try:
        return [dict(row) for row in connection.execute(query, values)]
    finally:
        connection.close()
@api.get("/tasks")
def tasks(limit: int = 100, offset: int = 0):
    return rows(QUERIES["tasks"], limit, offset)
@api.get("/history")
def history(limit: int = 100):
    return rows(QUERIES["history"], limit)
import uvicorn
uvicorn.run(api, port=int(sys.argv[3]), log_level="error", access_log=False)
"""
NEWEST = (
    "(SELECT max(id) FROM runs AS r WHERE r.task_id = tasks.id"
    " AND (r.state IN ('running', 'done') OR r.attempts > 0))"
)
QUERIES = {
    "tasks": f"SELECT tasks.*, runs.outcome AS last_outcome, runs.started_at AS last_started_at,"
    " runs.ended_at AS last_ended_at, runs.error AS last_error, runs.id AS last_run_id,"
    " (SELECT group_concat(word) FROM (SELECT coalesce(outcome, state) AS word FROM runs AS r"
    " WHERE r.task_id = tasks.id ORDER BY r.id DESC LIMIT 10)) AS recent"
    f" FROM tasks LEFT JOIN runs ON runs.id = {NEWEST} ORDER BY tasks.id LIMIT ? OFFSET ?",
    "history": "SELECT * FROM runs ORDER BY id DESC LIMIT ?",
}


@contextmanager
def process(*command: str, wait: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run a server until the end of the body; yield it and the line that holds *wait*."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("STOMA_")}
    env["STOMA_SOURCES__ARXIV__BASE_URL"] = "http://127.0.0.1:9"  # where nobody listens
    env["STOMA_SOURCES__ARXIV__INTERVAL_SECONDS"] = "0.001"
    found = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=env, cwd=ROOT)
    try:
        line = ""
        if wait:
            assert found.stderr is not None
            line = next(each for each in found.stderr if wait in each)
        yield found, line
    finally:
        found.send_signal(signal.SIGTERM)
        try:
            found.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            found.kill()
            found.communicate()


async def load(url: str, clients: int, seconds: float) -> tuple[float, list[float]]:
    """Ask again and again; return requests a second, and how long each took."""
    took: list[float] = []

    async def ask(client: httpx.AsyncClient, until: float) -> None:
        while time.perf_counter() < until:
            begin = time.perf_counter()
            answer = await client.get(url)
            answer.raise_for_status()
            took.append(time.perf_counter() - begin)

    async with httpx.AsyncClient(timeout=60) as client:
        for _ in range(3):
            await client.get(url)
        begin = time.perf_counter()
        await asyncio.gather(*(ask(client, begin + seconds) for _ in range(clients)))
        return len(took) / (time.perf_counter() - begin), took


def p99(took: list[float]) -> float:
    return (quantiles(took, n=100)[98] if len(took) > 1 else took[0]) * 1000


def answers(home: Path, seconds: float) -> None:
    """Measure lists, beside the plain application."""
    port = 8791
    database = home / "stoma.db"
    plain = (sys.executable, "-c", PLAIN, str(database), json.dumps(QUERIES), str(port))
    ours = (sys.executable, "-m", "stoma.api.main", "--home", str(home), "--port", "0")
    with (
        process(*ours, wait="http://") as (first, line),
        process(*plain, wait="") as (second, _),
    ):
        base = re.search(r"http://[^ ]+(?=/)", line)
        assert base
        until(lambda: httpx.get(f"http://127.0.0.1:{port}/history?limit=1").status_code == 200)
        pids = {"stoma": first.pid, "plain": second.pid}
        print(f"{'':34}{'clients':>8}{'per second':>12}{'p99 ms':>9}{'CPU ms each':>13}")
        for name, path in {
            "tasks?limit=100": "tasks?limit=100",
            "tasks?limit=1000": "tasks?limit=1000",
            "history?limit=100": "history?limit=100",
            "history?limit=1000": "history?limit=1000",
        }.items():
            for clients in (1, 8):
                for who, url in {
                    "stoma": f"{base[0]}/api/scheduler/{path}",
                    "plain": f"http://127.0.0.1:{port}/{path}",
                }.items():
                    measured(who, name, url, clients, seconds, pids[who])
        month = f"{datetime.now(UTC) - timedelta(days=31):%Y-%m}"
        for path in (
            "history?failed=true",
            "statistics",
            "statistics?hours=720",
            "status",
            "tasks?state=failing&limit=100",
            "calendar",
            "/",
            f"/calendar/{month}",
        ):
            url = base[0] + (path if path.startswith("/") else f"/api/scheduler/{path}")
            measured("stoma", path, url, 1, seconds, pids["stoma"])


def measured(who: str, name: str, url: str, clients: int, seconds: float, pid: int) -> None:
    """Measure one address, and print what came of it."""
    before = cpu(pid)
    rate, took = asyncio.run(load(url, clients, seconds))
    each = (cpu(pid) - before) * 1000 / (len(took) + 3)
    print(f"{who:6} {name:27}{clients:8}{rate:12.1f}{p99(took):9.1f}{each:13.1f}", flush=True)


def until(done: Callable[[], bool], patience: float = 30.0) -> None:
    give_up = time.monotonic() + patience
    while time.monotonic() < give_up:
        try:
            if done():
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise TimeoutError


async def follow(url: str, count: int, seconds: float) -> int:
    """Open streams, hold them for a while, and return how many lived to the end."""
    alive = 0
    opened = asyncio.Semaphore(50)

    async def one() -> None:
        nonlocal alive
        host, port = re.search(r"//([^:/]+):(\d+)", url).groups()  # type: ignore[union-attr]
        path = url.partition(port)[2]
        async with opened:
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
            await writer.drain()
            await reader.readline()
        try:
            async with asyncio.timeout(seconds):
                while await reader.read(65536):
                    pass
        except TimeoutError:
            alive += 1
        finally:
            writer.close()

    await asyncio.gather(*(one() for _ in range(count)))
    return alive


def lateness(home: Path, since: int) -> list[float]:
    """Return the milliseconds from slot to start of the runs after *since*."""
    connection = sqlite3.connect(f"file:{home / 'stoma.db'}?mode=ro", uri=True)
    rows = connection.execute(
        "SELECT (julianday(started_at) - julianday(due_at)) * 86400000 FROM runs"
        " WHERE id > ? AND due_at IS NOT NULL AND started_at IS NOT NULL",
        (since,),
    ).fetchall()
    connection.close()
    return sorted(row[0] for row in rows)


def followers(folder: Path, count: int, seconds: float) -> None:
    """Measure the lateness of a scheduler without and with followers of a log and of changes."""
    home = folder / "followed"
    with open_app(load_settings(home=home, environ={})) as app:
        now = app.clock.now()
        fields: dict[str, Any] = {"type": "arxiv", "config": {"search_query": "x"}}
        for n in range(5):
            task = Task(
                id=f"often_{n}",
                name="Often",
                schedule="interval_1s",
                max_retries=0,
                overlap="skip",  # type: ignore[arg-type]
                **fields,
            )
            app.tasks.add(place(task, now=now, timezone="UTC"), now=now)
        slow = Task(id="slow", name="Slow", schedule="manual", **fields)
        app.tasks.add(place(slow, now=now, timezone="UTC"), now=now)
        run = app.runs.add(firing(app), now=now, owner="bench", lease_until=now)
        log = app.log_path("slow", run.id)
        log.parent.mkdir(parents=True)
        log.write_text("a line\n" * 100)
        app.runs.start(run, now=now, log_path=str(log))
    ours = (sys.executable, "-m", "stoma.api.main", "--home", str(home), "--port", "0")
    loop = (sys.executable, "-m", "stoma.scheduler.manager", "--home", str(home))
    with process(*ours, wait="http://") as (server, line), process(*loop, wait="started"):
        base = re.search(r"http://[^ ]+(?=/)", line)
        assert base
        for many in (0, count):
            connection = sqlite3.connect(f"file:{home / 'stoma.db'}?mode=ro", uri=True)
            since = connection.execute("SELECT max(id) FROM runs").fetchone()[0]
            connection.close()
            before = cpu(server.pid)
            begin = time.monotonic()
            if many:
                url = f"{base[0]}/api/scheduler"
                alive = asyncio.run(
                    both(f"{url}/runs/{run.id}/log/stream", f"{url}/events", many, seconds)
                )
            else:
                alive = 0
                time.sleep(seconds)
            passed = time.monotonic() - begin
            late = lateness(home, since)
            used = 100 * (cpu(server.pid) - before) / passed
            print(
                f"{many:6} followers ({alive} to the end): {len(late)} runs, lateness"
                f" median {late[len(late) // 2]:.0f} ms, p99 {late[int(len(late) * 0.99)]:.0f} ms,"
                f" most {late[-1]:.0f} ms; web process {used:.0f} % of a core"
            )


async def both(log: str, changes: str, count: int, seconds: float) -> int:
    half = count // 2
    return sum(
        await asyncio.gather(follow(log, half, seconds), follow(changes, count - half, seconds))
    )


def firing(app: App) -> Any:
    from stoma.scheduler.asked import _asked

    return _asked(app.tasks.get("slow"))


def cpu(pid: int) -> float:
    """Return the seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--followers", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=5.0, help="for each measurement")
    options = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory(prefix="stoma-bench-") as name:
        folder = Path(name)
        home = folder / "home"
        with open_app(load_settings(home=home, environ={})) as app:
            fill(app, options.tasks, options.runs)
        print(f"{options.tasks:,} tasks, {options.runs:,} runs, load {os.getloadavg()[0]:.1f}")
        answers(home, options.seconds)
        followers(folder, options.followers, max(options.seconds * 4, 10))


if __name__ == "__main__":
    main()
