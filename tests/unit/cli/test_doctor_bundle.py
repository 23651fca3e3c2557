"""`stoma doctor`: who is outside, and everything that helps in one file."""

import socket
import stat
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from stoma.doctor import network
from stoma.doctor.examination import ground
from stoma.doctor.findings import Ground, Level
from stoma.settings import Loaded, load_settings
from tests.fakes import FakeClock
from tests.unit.cli.support import Cli, Registry

SECRET = "hunter2-and-more"


@pytest.fixture
def listener() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_accept, args=(server,), daemon=True)
        thread.start()
        yield server.getsockname()[1]


def _accept(server: socket.socket) -> None:
    while True:
        try:
            server.accept()[0].close()
        except OSError:
            return


def test_hosts_are_tried_only_if_somebody_says_so(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, listener: int
) -> None:
    for name in ("ARXIV__BASE_URL", "ARXIV__OAI_URL", "ARXIV__RSS_URL", "GITHUB__BASE_URL"):
        monkeypatch.setenv(f"STOMA_SOURCES__{name}", f"http://127.0.0.1:{listener}")
    for name in ("SEC_EDGAR__DATA_URL", "SEC_EDGAR__SEARCH_URL", "SEC_EDGAR__BASE_URL"):
        monkeypatch.setenv(f"STOMA_SOURCES__{name}", "http://127.0.0.1:1")
    monkeypatch.setenv("STOMA_SOURCES__GITHUB__TRENDING_URL", f"https://127.0.0.1:{listener}")

    quiet, tried = cli("doctor"), cli("doctor", "--online")

    assert "sources     not tried" in quiet.out
    assert "arxiv: 127.0.0.1 can be reached" in tried.out
    assert "sec_edgar: 127.0.0.1 can not be reached: " in tried.out
    assert tried.out.count("can be reached") == 4  # one speaks no TLS


def test_mail_servers_are_tried_too(cli: Cli, home: Path, listener: int) -> None:
    home.mkdir()
    channel = f'host = "127.0.0.1"\nport = {listener}\nsender = "a@b.org"\nto = ["c@d.org"]\n'
    (home / "config.toml").write_text(
        f'[notifications.channels.mail]\ntype = "smtp"\n{channel}'
        '[notifications.channels.push]\ntype = "ntfy"\nurl = "https://ntfy.example/x"\n'
    )

    quiet = cli("doctor").out

    assert "the mail server 127.0.0.1 was not tried" in quiet
    assert "channel push (ntfy)" in quiet
    assert "nothing uses them" in quiet
    loaded = load_settings(home=home, environ={})
    (mail, *_) = loaded.settings.notifications.channels.values()
    tried = network._mail("mail", mail, online(loaded))  # type: ignore[arg-type]
    assert tried.level is Level.OK


def online(loaded: Loaded) -> Ground:
    known = ground(loaded.paths, loaded, None, clock=FakeClock(), ask=lambda command: None)
    return replace(known, online=True)


def test_a_bundle_holds_what_helps_and_no_secret(
    cli: Cli, registry: Registry, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOMA_SECRET_GH", SECRET)
    monkeypatch.setenv("STOMA_SOURCES__CONTACT", "me@example.org")
    log = home / "logs" / "scheduler.log"
    (home / "config.toml").write_text(f'[logging]\nfile = "{log}"\n')
    registry.task()
    run = registry.failed(error=f"it said {SECRET} to me@example.org \x1b[31m")
    Path(run.log_path).parent.mkdir(parents=True)
    Path(run.log_path).write_text(f"INFO  {SECRET}\n")
    log.write_text("INFO  all is well\n")

    shown = cli("doctor", "--bundle", tmp_path / "b.zip")
    again = cli("doctor", "--bundle", tmp_path / "b.zip")

    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    assert set(parts) >= {
        "README.txt",
        "doctor.json",
        "settings.json",
        "metrics.txt",
        "tasks.json",
        f"runs/{run.id}.json",
        f"runs/{run.id}.log",
        "scheduler.log",
    }
    everything = "".join(parts.values())
    assert SECRET not in everything
    assert "me@example.org" not in everything
    assert "\x1b" not in everything
    assert "[GH]" in parts[f"runs/{run.id}.log"]
    assert stat.S_IMODE((tmp_path / "b.zip").stat().st_mode) == 0o600
    assert "look it through" in shown.err
    assert again.code == 6
    assert cli("doctor", "--bundle", "/nowhere/b.zip").code == 2


def test_a_bundle_is_made_of_a_broken_installation_too(
    cli: Cli, home: Path, tmp_path: Path
) -> None:
    home.mkdir()
    (home / "config.toml").write_text('timezone = "Mars"\n')
    (home / "stoma.db").write_bytes(b"no database at all" * 500)

    cli("doctor", "--bundle", tmp_path / "b.zip")

    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        assert "registry-error.txt" in archive.namelist()
        assert "settings.json" not in archive.namelist()
