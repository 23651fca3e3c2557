"""Does a mail server that is slow, silent or gone make a run late? Lateness with and without.

    python scripts/bench/notify.py [FIRES]

One scheduler, one failing task that is due every second, and channels whose other ends do their
worst: a mail server that takes the greeting and says nothing more, one that greylists, a port that
nobody listens on, and a web server that answers after 20 seconds. Lateness is the time from a slot
to the start of its attempt. Each way runs for as many slots as FIRES says (30).
"""

import json
import os
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.receivers import http_receiver, mail_server  # noqa: E402


def settings(channels: dict[str, dict[str, object]]) -> str:
    names = json.dumps(list(channels))
    rule = f"[notifications]\nnotify = {names}\nrepeat_hours = 0\n" if channels else ""
    tables = []
    for name, values in channels.items():
        lines = "\n".join(f"{key} = {json.dumps(value)}" for key, value in values.items())
        tables.append(f"[notifications.channels.{name}]\n{lines}\n")
    return (
        '[sources.arxiv]\nbase_url = "http://127.0.0.1:9"\ninterval_seconds = 0.0\n'
        + rule
        + "\n".join(tables)
    )


def measure(channels: dict[str, dict[str, object]], fires: int) -> tuple[list[float], str]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "config.toml").write_text(settings(channels))
        stoma = [sys.executable, "-m", "stoma", "--home", str(home)]
        config = '{"search_query": "x"}'
        for number in range(3):
            add = [*stoma, "scheduler", "add-task", f"t{number}", "T", "arxiv", "interval_1s"]
            subprocess.run(
                [*add, "--retries", "0", "--config", config], check=True, stdout=subprocess.DEVNULL
            )
        env = {k: v for k, v in os.environ.items() if not k.startswith("STOMA_")}
        running = subprocess.Popen([*stoma, "scheduler", "start"], env=env, stderr=subprocess.PIPE)
        time.sleep(fires + 6)
        running.send_signal(signal.SIGTERM)
        begun = time.monotonic()
        running.communicate(timeout=120)
        ended = time.monotonic() - begun
        with sqlite3.connect(home / "stoma.db") as registry:
            rows = registry.execute(
                "SELECT due_at, started_at FROM runs WHERE \"trigger\" = 'schedule'"
                " AND started_at IS NOT NULL ORDER BY id"
            ).fetchall()
            told = dict(
                registry.execute("SELECT state, count(*) FROM outbox GROUP BY state").fetchall()
            )
    late = [
        (datetime.fromisoformat(start) - datetime.fromisoformat(due)).total_seconds()
        for due, start in rows[9:]  # the first ones wait for the start of the executor
    ]
    return late, f"{told or 'nothing queued'}, stopped in {ended:.1f} s"


def main(fires: int) -> None:
    with (
        mail_server() as grey,
        http_receiver() as slow,
        socket.create_server(("127.0.0.1", 0)) as silent,
        socket.create_server(("127.0.0.1", 0)) as gone,
    ):
        grey.replies += ["451 greylisted, try again later"] * 100_000
        slow.replies += [None] * 100_000
        mail = {
            "type": "smtp", "host": "127.0.0.1", "security": "none",
            "sender": "stoma@example.org", "to": ["you@example.org"],
        }  # fmt: skip
        nobody = gone.getsockname()[1]
        gone.close()
        bad = {
            "silent": {**mail, "port": silent.getsockname()[1]},
            "grey": {**mail, "port": grey.port},
            "gone": {**mail, "port": nobody},
            "slow": {"type": "webhook", "url": slow.url, "allow_private": ["127.0.0.0/8"]},
        }
        with mail_server() as box:
            good = {"good": {**mail, "port": box.port}}
            for name, channels in (("no channel", {}), ("one that works", good), ("all bad", bad)):
                late, said = measure(channels, fires)
                late.sort()
                middle = statistics.median(late)
                print(
                    f"{name:<16} {len(late):>4} starts  p50 {middle * 1000:6.1f} ms"
                    f"  p99 {late[int(len(late) * 0.99) - 1] * 1000:6.1f} ms"
                    f"  most {late[-1] * 1000:6.1f} ms  {said}"
                )
    assert threading.active_count() < 50


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
