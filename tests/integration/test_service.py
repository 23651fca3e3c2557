"""The scheduler as a service: what the manager gives it, and what it tells the manager."""

import json
import signal
import threading
from pathlib import Path

from tests.monitor import Monitor
from tests.systemd import Manager, end, exec_start, service


def test_a_service_tells_its_manager_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "configuration").mkdir()
    settings = '[scheduler]\nstate_file = "scheduler_state.json"\ncheck_interval_seconds = 60\n'
    (tmp_path / "configuration" / "config.toml").write_text(settings)
    with Manager(tmp_path, abstract=True) as manager:
        environ = manager.environment(watchdog_seconds=1)
        with service(exec_start(), environ) as process:
            ready = manager.hear()
            beats = [manager.hear(), manager.hear()]
            process.send_signal(signal.SIGHUP)
            heard = manager.hear_until("RELOADING")
            again = manager.hear()
            after = manager.hear_until("WATCHDOG")[-1]
            code, said = end(process)
            last = manager.waiting[-1]

    assert (ready["READY"], "WATCHDOG" in ready) == ("1", False)
    assert ready["STATUS"].startswith("idle; next slot 20")
    assert [beat["WATCHDOG"] for beat in beats] == ["1", "1"]
    assert int(heard[-1]["MONOTONIC_USEC"]) > 0
    assert again == {"READY": "1"}
    assert after["WATCHDOG"] == "1"
    assert (last["STOPPING"], code) == ("1", 0)
    assert int(last["EXTEND_TIMEOUT_USEC"]) >= 30_000_000
    assert "scheduler stopped" in said
    # Everything is where the unit's directories say, and nowhere else.
    assert (tmp_path / "state" / "stoma.db").is_file()
    state = json.loads((tmp_path / "state" / "scheduler_state.json").read_text())
    assert len(state["tasks"]) == 6


def test_a_service_that_can_not_start_never_says_that_it_is_ready(tmp_path: Path) -> None:
    (tmp_path / "configuration").mkdir()
    (tmp_path / "configuration" / "config.toml").write_text('timezone = "Mars"\n')
    with Manager(tmp_path) as manager:
        with service(exec_start(), manager.environment()) as process:
            _, said = process.communicate(timeout=60)

        assert manager.waiting == []
    # The unit does not start it again: RestartPreventExitStatus=.
    assert process.returncode == 78
    assert "config.toml:1: timezone is 'Mars'" in said


def test_a_credential_of_the_unit_is_where_the_sign_of_life_goes(tmp_path: Path) -> None:
    settings = '[heartbeat]\nurl = { secret = "PING" }\n'
    (tmp_path / "configuration").mkdir()
    (tmp_path / "configuration" / "config.toml").write_text(settings)
    with Monitor() as monitor, Manager(tmp_path) as manager:
        thread = threading.Thread(target=monitor.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        environ = manager.environment()
        (tmp_path / "credentials" / "PING").write_text(f"{monitor.url}\n")
        with service(exec_start(), environ) as process:
            arrived = monitor.arrived.acquire(timeout=60)
            code, said = end(process)
        monitor.shutdown()
        thread.join()

    assert (arrived, code) == (True, 0), said
    assert monitor.heard[0] == ("GET", "/ping/uuid", "")
    assert "uuid" not in said
