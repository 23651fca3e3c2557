"""Faults of the machine: files that go below a real scheduler, and a disk that is really full."""

import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stoma.app import open_app
from stoma.scheduler.placing import place
from stoma.settings import Loaded, child_environment, load_settings
from tests.makers import make_task

ROOT = Path(__file__).parents[2]
SCHEDULER = [sys.executable, "-m", "stoma.scheduler.manager"]
PATIENCE = 60.0
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    """Settings of a registry with one task, which nobody asks to run."""
    loaded = load_settings(home=tmp_path, environ={})
    with open_app(loaded) as app:
        task = make_task(schedule="manual")
        app.tasks.add(place(task, now=LONG_AGO, timezone="UTC"), now=LONG_AGO)
    return loaded


def start(loaded: Loaded) -> "subprocess.Popen[str]":
    """Start a scheduler and return it when it is at work."""
    process = subprocess.Popen(
        SCHEDULER,
        env={**os.environ, **child_environment(loaded)},
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "scheduler started" in line:
            break
    return process


@pytest.mark.parametrize("suffix", ["", "-wal"])
def test_a_registry_that_is_moved_away_stops_the_scheduler_and_is_not_made_anew(
    loaded: Loaded, suffix: str
) -> None:
    file = loaded.paths.database.with_name(f"stoma.db{suffix}")
    process = start(loaded)
    try:
        file.rename(file.with_name("elsewhere"))
        _, said = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.wait()

    assert process.returncode == 78, said
    assert f"error: {file} was moved, removed or replaced while it was in use" in said
    assert "Traceback" not in said
    assert suffix or not file.exists()  # a log beside a database that is there is SQLite's to make


FILL = """
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert, select, func

from stoma.exceptions import DiskFullError
from stoma.storage.checking import check
from stoma.storage.database import Database
from stoma.storage.tables import BUDGETS

now = datetime(2026, 1, 1, tzinfo=UTC)
path = Path(sys.argv[1]) / "stoma.db"
database = Database(path)
database.open(now=now)

def write(number):
    with database.write() as connection:
        connection.execute(insert(BUDGETS).values(source=f"{number:09}" * 500, next_at=now))

def rows():
    with database.read() as connection:
        return connection.scalar(select(func.count()).select_from(BUDGETS))

write(0)
ballast = path.with_name("ballast")
with ballast.open("wb", buffering=0) as file:
    try:
        while True:
            file.write(bytes(4096))
    except OSError:
        pass
stored = 1
try:
    while True:
        write(stored)
        stored += 1
except DiskFullError as error:
    print(error)
assert rows() == stored
ballast.unlink()
write(stored)
assert rows() == stored + 1
database.close()
assert check(path) == [], check(path)
print("all is well")
"""


def test_a_disk_that_is_really_full_costs_nothing_but_time(tmp_path: Path) -> None:
    mount = 'mount -t tmpfs -o size=1m tmpfs "$1" && exec "$2" -c "$3" "$1"'
    command = ["unshare", "-Urm", "sh", "-c"]
    try:
        subprocess.run([*command, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no user namespaces here: a small file system can not be mounted")

    done = subprocess.run(
        [*command, mount, "sh", tmp_path, sys.executable, FILL],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    assert "disk is full" in done.stdout
    assert done.stdout.endswith("all is well\n")


@pytest.mark.parametrize("first", [1, 5])
def test_a_sync_that_fails_stops_the_scheduler_and_nothing_is_called_done(
    loaded: Loaded, first: int, tmp_path: Path
) -> None:
    """From the *first* sync to disk on, the system says that it did not work."""
    calls = "fsync,fdatasync"
    command = ["strace", "-f", "-qq", "-o", str(tmp_path / "trace"), "-e", f"trace={calls}"]
    try:
        subprocess.run([*command, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("strace is missing, or may not trace here")

    done = subprocess.run(
        [*command, "-e", f"inject={calls}:error=EIO:when={first}+", *SCHEDULER],
        env={**os.environ, **child_environment(loaded)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )

    assert done.returncode == 75
    assert "stoma.db: disk I/O error" in done.stderr
    assert "scheduler stopped" not in done.stderr


#: A home of which parts may not be used, and somebody who is not root: root may do everything.
DENIED = """
import os, sys
from pathlib import Path
import arxiv
import stoma.collectors.arxiv, stoma.normalizers.arxiv
from stoma.app import open_app
from stoma.exceptions import StomaError
from stoma.scheduler.now import run_now
from stoma.scheduler.placing import place
from stoma.settings import load_settings
from stoma.storage.read import reading
from tests.makers import make_task

home = Path(sys.argv[1])
if os.getuid() == 0:
    os.chown(home, 54_321, 54_321)
    os.setresuid(54_321, 54_321, 54_321)
loaded = load_settings(home=home, environ={})
task = make_task(config={"search_query": "x", "max_results": 0}, schedule="manual")
with open_app(loaded) as app:
    app.tasks.add(place(task, now=app.clock.now(), timezone="UTC"), now=app.clock.now())
    app.paths.logs_dir.mkdir(exist_ok=True)
    app.paths.logs_dir.chmod(0)
    print("without logs:", run_now(app, "papers").outcome)

def said(name):
    try:
        with open_app(loaded) as app:
            app.runs.cancel(1, now=app.clock.now(), reason="user")
    except StomaError as error:
        print(f"{name}: {error.exit_code}: {str(error).replace(str(home), 'HOME')}")

home.chmod(0o500)
said("folder read-only")
home.chmod(0o700)
loaded.paths.database.chmod(0o400)
with reading(loaded.paths.database) as reader:
    print("file read-only:", reader.task_ids())
said("file read-only")
loaded.paths.database.chmod(0)
said("file closed")
home.chmod(0)
said("home closed")
home.chmod(0o700)
"""


def test_what_may_not_be_used_is_named_and_what_can_go_on_goes_on() -> None:
    with tempfile.TemporaryDirectory() as folder:  # outside of what root alone may enter
        done = subprocess.run(
            [sys.executable, "-c", DENIED, folder],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "without logs: empty",
        "folder read-only: 75: HOME/stoma.db: attempt to write a readonly database",
        "file read-only: ['papers']",
        "file read-only: 75: HOME/stoma.db: attempt to write a readonly database",
        "file closed: 75: HOME/stoma.db: unable to open database file",
        "home closed: 75: HOME/stoma.db: Permission denied",
    ]
