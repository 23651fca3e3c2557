"""What a process tells its service manager, and that nothing of it ever harms the process."""

from pathlib import Path

import pytest

from stoma.scheduler.launching import attempt_environment
from stoma.service.notify import OWN_VARIABLES, Notifier
from stoma.settings import load_settings
from tests.systemd import Manager


@pytest.mark.parametrize("abstract", [False, True])
def test_a_message_is_lines_of_names_and_values(tmp_path: Path, abstract: bool) -> None:
    with Manager(tmp_path, abstract=abstract) as manager:
        notifier = Notifier({"NOTIFY_SOCKET": manager.address})

        sent = notifier.send(READY=1, STATUS="one\nline \x00 only")

        assert sent
        assert notifier.listening
        assert manager.hear() == {"READY": "1", "STATUS": "one line \x00 only"}


@pytest.mark.parametrize("address", ["", "relative", "/nowhere/notify", "@stoma-nobody"])
def test_without_a_manager_a_message_goes_nowhere(address: str) -> None:
    assert not Notifier({"NOTIFY_SOCKET": address}).send(READY=1)
    assert not Notifier({}).listening


def test_a_manager_that_does_not_read_stops_nobody(tmp_path: Path) -> None:
    with Manager(tmp_path) as manager:
        notifier = Notifier({"NOTIFY_SOCKET": manager.address})

        taken = [notifier.send(STATUS="x" * 1000) for _ in range(2000)]

        assert taken[0]
        assert not taken[-1]


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "7"}, 60.0),
        ({"WATCHDOG_USEC": "500000"}, 0.5),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "8"}, None),
        ({"WATCHDOG_USEC": "0", "WATCHDOG_PID": "7"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_only_who_is_watched_beats(environ: dict[str, str], seconds: float | None) -> None:
    assert Notifier(environ, pid=7).watchdog_seconds == seconds


def test_what_a_service_starts_does_not_speak_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in OWN_VARIABLES:
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))

    given = attempt_environment(load_settings(home=tmp_path))

    assert OWN_VARIABLES.isdisjoint(given)
    assert given["CREDENTIALS_DIRECTORY"] == str(tmp_path)  # secrets are looked up there
