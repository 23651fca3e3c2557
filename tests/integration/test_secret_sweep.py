"""A secret in every place a secret may be put, and none of them in anything that is written.

Everything that could tell is used: commands in every form, a collector that prints what it was
given and fails with it, receivers that send it back, logs, exports, copies. Then every output and
every file is searched for every form of every secret.
"""

import json
import os
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from stoma import redaction
from stoma.api.app import create_app
from stoma.app import open_app
from stoma.executors.base import AttemptSpec
from stoma.processes import this_process
from stoma.redaction import forms
from stoma.scheduler.courier import Courier
from stoma.scheduler.launching import attempt_executor
from stoma.scheduler.placing import place
from stoma.scheduler.settling import settle
from stoma.settings import load_settings
from tests.fakes import FakeClock
from tests.makers import make_firing, make_task
from tests.receivers import Hook, http_receiver
from tests.unit.cli.support import Cli

SECRETS = {
    "CREDENTIAL": "cre&dential/one+two three",
    "VARIABLE": 'vari"able <two> \\ ü',
    "FILED": "filed-away-0123456789",
    "ASKED": "asked-of-a-command-42",
    "PLAIN_TOKEN": "ghp_plainInTheSettings",
    "PLAIN_HOOK": "whsec_cGxhaW4gaW4gdGhlIHNldHRpbmdz",
    "PLAIN_PASSWORD": "password-in-the-settings",
    "PATH_TOKEN": "in-the-path-of-an-address",
}
#: A collector that tells everybody what it was given, and fails with it.
LEAKY = """
import base64, json, logging, sys, urllib.parse
from stoma.collectors.base import BaseCollector, CollectorConfig
from stoma.domain.item import ItemKind
from stoma.exceptions import BadAnswerError

class LeakyConfig(CollectorConfig):
    keys: list[str]
    fails: bool = True

class Leaky(BaseCollector):
    source, kind, normalizer, config = "leaky", ItemKind.OTHER, "arxiv", LeakyConfig
    base_url = "http://127.0.0.1:9"
    def collect(self, request, gate):
        for key in LeakyConfig.read(request.task_id, request.config).keys:
            forms = [key, repr(key), json.dumps(key), key.encode().hex(),
                     urllib.parse.quote(key, safe=""), urllib.parse.quote_plus(key)]
            forms += [base64.b64encode(b"x" * n + key.encode() + b"yy").decode() for n in range(3)]
            logging.getLogger("stoma.leaky").warning("given %s", forms)
        words = " ".join(request.config["keys"])
        kind = BadAnswerError if request.config.get("fails", True) else ValueError
        raise kind("it said " + words)
"""
REFERENCES = [{"secret": name} for name in ("CREDENTIAL", "VARIABLE", "FILED", "ASKED")]


@pytest.fixture
def hook() -> Iterator[Hook]:
    with http_receiver() as receiver:
        yield receiver


@pytest.fixture
def home(tmp_path: Path, hook: Hook, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home whose settings know every secret, and places outside of it that hold them."""
    home, kept = tmp_path / "home", tmp_path / "kept"
    for folder in (home, kept, kept / "credentials", kept / "files"):
        folder.mkdir()
    for path, name in (("credentials", "CREDENTIAL"), ("files", "FILED"), (".", "ASKED")):
        (kept / path / name).write_text(SECRETS[name])
        (kept / path / name).chmod(0o600)
    for name in [name for name in os.environ if name.startswith(("STOMA_", "GITHUB_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("STOMA_HOME", str(home))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(kept / "credentials"))
    monkeypatch.setenv("STOMA_SECRET_VARIABLE", SECRETS["VARIABLE"])
    monkeypatch.setenv("STOMA_SOURCES__GITHUB__TOKEN", SECRETS["PLAIN_TOKEN"])
    monkeypatch.setenv("STOMA_NOTIFICATIONS__CHANNELS", json.dumps(channels(hook)))
    (home / "leaky.py").write_text(LEAKY)
    (home / "config.toml").write_text(
        f"""
        [secrets]
        folder = "{kept / "files"}"
        command = ["cat", "{kept}/{{name}}"]
        [notifications]
        notify = ["hook", "ref", "mail"]
        """
    )
    redaction.forget()
    yield home
    redaction.forget()


def channels(hook: Hook) -> dict[str, object]:
    """Channels whose secrets stand in the settings as they are, and ones that name them."""
    here = ["127.0.0.0/8"]
    base = hook.url.removesuffix("/hook")
    return {
        "hook": {
            "type": "webhook",
            "url": f"{base}/{SECRETS['PATH_TOKEN']}",
            "secret": SECRETS["PLAIN_HOOK"],
            "allow_private": here,
        },
        "ref": {"type": "ntfy", "url": hook.url, "token": REFERENCES[3], "allow_private": here},
        "mail": {
            "type": "smtp",
            "host": "127.0.0.1",
            "port": 9,
            "security": "none",
            "sender": "stoma@example.org",
            "to": ["you@example.org"],
            "username": "stoma",
            "password": SECRETS["PLAIN_PASSWORD"],
        },
    }


def found_in(text: bytes) -> list[str]:
    """Return which secrets, in which form, are in *text*."""
    return [
        f"{name} as {form}"
        for name, secret in SECRETS.items()
        for form in forms(secret)
        if form.encode() in text
    ]


def test_no_secret_is_in_anything_that_is_written(
    home: Path, hook: Hook, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    cli = Cli(capsys, FakeClock())
    hook.replies += [400, 400, 400, 400]
    said: dict[str, bytes] = {}

    def call(*arguments: str) -> int:
        redaction.forget()  # a command is a process of its own
        result = cli(*arguments)
        said[" ".join(arguments)] = (result.out + result.err).encode()
        return result.code

    config = json.dumps({"keys": REFERENCES})
    added = call("scheduler", "add-task", "leaky", "L", "leaky.py:Leaky", "hourly",
                 "--config", config)  # fmt: skip
    bug = json.dumps({"keys": REFERENCES, "fails": False})
    call("scheduler", "add-task", "bug", "B", "leaky.py:Leaky", "hourly", "--config", bug)
    ran = call("scheduler", "run-task", "leaky")
    call("scheduler", "run-task", "bug")
    for command in (
        "config show --origin", "config show --json", "config validate", "secrets list --json",
        "secrets list", "notify test", "notify list --json", "notify digest --preview",
        "scheduler show-task leaky --json", "scheduler show-run 1 --json", "scheduler logs 1",
        "scheduler show-run 2", "scheduler logs 2", "scheduler history -o csv",
        "scheduler status --json", "audit list --json", "audit export", "presets export mine",
        "items list --json", f"db backup {home / 'copy.db'}", "doctor", "metrics",
        f"doctor --bundle {home / 'bundle.tar.gz'}", "scheduler export-state",
    ):  # fmt: skip
        call(*command.split())
    with open_app(load_settings(), clock=FakeClock()) as app:
        settle(app)
        Courier(app).round()
        reported = (app.runs.get(1).error, app.runs.get(2).error)
    call("notify", "list")

    said |= pages()

    assert (added, ran) == (0, 1)
    assert b"it said [CREDENTIAL]" in said["/runs/1"]
    assert all("[CREDENTIAL] [VARIABLE] [FILED] [ASKED]" in error for error in reported)
    assert b"[VARIABLE]" in said["scheduler logs 1"]
    assert len(hook.got) >= 4  # it was told, with what it must have
    leaks = {place: found for place, text in said.items() if (found := found_in(text))}
    own = {home / "config.toml", home / "leaky.py"}
    for path in sorted(home.rglob("*")):
        if path.is_file() and path not in own:
            leaks |= {str(path): found} if (found := found_in(unpacked(path))) else {}
    leaks |= {got.path: found for got in hook.got if (found := found_in(got.body))}
    assert leaks == {}


def pages() -> dict[str, bytes]:
    """Return what the web says of the settings, the tasks and their runs."""
    redaction.forget()
    asked = ["/", "/tasks", "/runs", "/items", "/settings", "/timeline", "/metrics"]
    for name in ("leaky", "bug"):
        asked += [f"/tasks/{name}", f"/tasks/{name}/edit", f"/tasks/{name}/why"]
        asked += [f"/api/scheduler/tasks/{name}", f"/api/scheduler/tasks/{name}/runs"]
    for number in (1, 2):
        asked += [f"/runs/{number}", f"/api/scheduler/runs/{number}"]
        asked += [f"/api/scheduler/runs/{number}/log"]
    asked += [f"/api/scheduler/{name}" for name in ("status", "settings", "history", "statistics")]
    web = create_app(load_settings(), clock=FakeClock())
    here: Any = {"base_url": "http://127.0.0.1:8000", "client": ("127.0.0.1", 50000)}
    with TestClient(web, **here) as browser:
        answers = {path: browser.get(path) for path in asked}
    wrong = {path: each.status_code for path, each in answers.items() if each.status_code != 200}
    assert wrong == {}
    return {path: each.content for path, each in answers.items()}


def unpacked(path: Path) -> bytes:
    """Return what is in a file, and in the files of an archive."""
    content = path.read_bytes()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return content + b"".join(map(archive.read, archive.namelist()))
    if tarfile.is_tarfile(path):
        with tarfile.open(path) as packed:
            files = filter(None, map(packed.extractfile, packed.getmembers()))
            return content + b"".join(file.read() for file in files)
    return content


def test_a_child_of_the_scheduler_has_its_secrets_and_its_log_does_not(home: Path) -> None:
    wake = threading.Event()
    with open_app(load_settings()) as app:
        now = app.clock.now()
        task = make_task("leaky", type="leaky.py:Leaky", config={"keys": REFERENCES})
        app.tasks.add(place(task, now=now, timezone="UTC", own=app.own), now=now)
        firing = make_firing(task_id="leaky", max_attempts=1)
        run = app.runs.add(firing, now=now, owner="x", lease_until=now + timedelta(hours=1))
        log = app.log_path("leaky", run.id)
        run = app.runs.start(run, now=now, log_path=str(log))
        spec = AttemptSpec(run_id=run.id, fence=run.fence, timeout_seconds=60, log_path=log)
        with attempt_executor(app, this_process("scheduler")) as executor:
            executor.start(spec, wake)
            while not (ended := executor.ended()):
                wake.wait(60)
                wake.clear()
        error = app.runs.get(run.id).error

    assert ended[0].exit_code == 0
    assert error == "it said [CREDENTIAL] [VARIABLE] [FILED] [ASKED]"
    assert b"[CREDENTIAL]" in log.read_bytes()
    assert found_in(log.read_bytes()) == []
