"""Task files of a scheduler: at its start, when they change, and when it is told to read them."""

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from stoma import Scheduler
from stoma.app import App
from stoma.exceptions import ConfigError, RegistryError, SettingsError
from stoma.executors.base import AttemptSpec
from stoma.processes import this_process
from stoma.scheduler.loop import Loop
from stoma.scheduler.watching import TaskFiles
from stoma.settings import Loaded, child_environment, load_settings
from stoma.taskfiles import TROUBLE
from tests.executors import ScriptedExecutor
from tests.fakes import FakeClock
from tests.registries import opened_app

SECOND = timedelta(seconds=1)
TEXT = """\
tasks:
  a:
    name: A
    type: arxiv
    schedule: interval_1m
    config: {search_query: testing}
"""
SHELL = "  b: {name: B, type: shell, schedule: daily}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tasks.yaml"
    path.write_text(TEXT)
    return path


def loaded(home: Path, *names: str) -> Loaded:
    return load_settings(home=home, environ={"STOMA_SCHEDULER__TASK_FILES": os.pathsep.join(names)})


@pytest.fixture
def app(tmp_path: Path, clock: FakeClock) -> Iterator[App]:
    """An app whose settings name a file beside them."""
    with opened_app(loaded(tmp_path, "tasks.yaml"), clock=clock) as app:
        yield app


@pytest.fixture
def files(app: App, file: Path) -> TaskFiles:
    files = TaskFiles(app)
    files.start()
    return files


@pytest.fixture
def looks(files: TaskFiles, clock: FakeClock) -> Callable[[int], int]:
    """Return a function that looks so often, a second apart, and counts what was read."""

    def look(times: int) -> int:
        found = 0
        for _ in range(times):
            clock.advance(SECOND)
            found += files.look()
        return found

    return look


def names(app: App) -> dict[str, str]:
    return {task.id: task.name for task in app.tasks.all()}


# At the start.


def test_the_files_are_applied_at_the_start(app: App, files: TaskFiles) -> None:
    assert names(app) == {"a": "A"}
    assert app.state.get(TROUBLE) is None


def test_a_broken_file_is_no_start(app: App, file: Path) -> None:
    file.write_text(TEXT.replace("1m", "1x"))

    with pytest.raises(ConfigError) as caught:
        TaskFiles(app).start()

    assert caught.value.exit_code == 78
    assert app.tasks.all() == []
    assert app.state.get(TROUBLE) == {"error": str(caught.value), "hint": caught.value.hint}


def test_a_file_that_is_not_there_is_no_start(app: App) -> None:
    with pytest.raises(ConfigError, match="no task file") as caught:
        TaskFiles(app).start()

    assert caught.value.exit_code == 78


def test_a_scheduler_without_files_forgets_their_trouble(tmp_path: Path, clock: FakeClock) -> None:
    with opened_app(loaded(tmp_path), clock=clock) as app:
        app.state.set(TROUBLE, {"error": "x", "hint": ""}, now=clock.now())

        TaskFiles(app).start()

        assert app.state.get(TROUBLE) is None
        assert not TaskFiles(app).look()


def test_a_home_that_is_the_users_own_is_known(tmp_path: Path, clock: FakeClock) -> None:
    settings = loaded(tmp_path, "~/tasks.yaml", "/etc/tasks", "beside.toml")
    with opened_app(settings, clock=clock) as app:
        places = TaskFiles(app).places

    assert places == [Path.home() / "tasks.yaml", Path("/etc/tasks"), tmp_path / "beside.toml"]


def test_the_files_are_an_array_or_a_variable_with_colons(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[scheduler]\ntask_files = ["a.toml", "b"]\n')

    settings = load_settings(home=tmp_path, environ={})
    child = load_settings(environ=child_environment(settings, {}))

    assert settings.settings.scheduler.task_files == ("a.toml", "b")
    assert child.settings == settings.settings


@pytest.mark.parametrize("value", ["3", "[3]", '[""]', '{ a = "b" }'])
def test_anything_else_is_refused(tmp_path: Path, value: str) -> None:
    (tmp_path / "config.toml").write_text(f"[scheduler]\ntask_files = {value}\n")

    with pytest.raises(SettingsError, match=r"config.toml:2: scheduler.task_files is .*, must be"):
        load_settings(home=tmp_path, environ={})


# While it runs.


def test_a_change_is_applied_when_two_looks_find_the_same(
    app: App, file: Path, looks: Callable[[int], int]
) -> None:
    file.write_text(TEXT.replace("name: A", "name: Half"))
    first = looks(1)
    file.write_text(TEXT.replace("name: A", "name: Changed"))
    second = looks(1)
    half = names(app)
    third = looks(1)

    assert (first, second, third) == (0, 0, 1)
    assert half == {"a": "A"}
    assert names(app) == {"a": "Changed"}
    assert looks(3) == 0


def test_the_files_are_looked_at_once_a_second_at_most(
    files: TaskFiles, file: Path, clock: FakeClock
) -> None:
    file.write_text(TEXT + SHELL)
    clock.advance(SECOND)

    assert [files.look() for _ in range(5)] == [False] * 5
    clock.advance(SECOND)
    assert files.look()


def test_a_broken_file_leaves_what_was_in_force_and_is_said_once(
    app: App, file: Path, looks: Callable[[int], int], caplog: pytest.LogCaptureFixture
) -> None:
    file.write_text("tasks: [")

    assert looks(5) == 1

    errors = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert errors == [
        "task files can not be used; what was in force stays in force: "
        f"{file}:1: not valid YAML: did not find expected node content (is the file complete?)"
    ]
    assert names(app) == {"a": "A"}
    assert app.state.get(TROUBLE) == {
        "error": f"{file}:1: not valid YAML: did not find expected node content",
        "hint": "is the file complete?",
    }


def test_a_file_that_is_put_right_is_applied_and_the_trouble_over(
    app: App, file: Path, looks: Callable[[int], int]
) -> None:
    file.write_text("tasks: [")
    looks(3)
    file.write_text(TEXT.replace("name: A", "name: Right"))

    assert looks(2) == 1
    assert names(app) == {"a": "Right"}
    assert app.state.get(TROUBLE) is None


def test_a_file_that_goes_changes_nothing_but_is_said(
    app: App, file: Path, looks: Callable[[int], int]
) -> None:
    file.unlink()

    assert looks(4) == 1
    assert names(app) == {"a": "A"}
    assert app.state.get(TROUBLE) is not None


def test_a_file_put_in_place_of_another_is_noticed(
    app: App, file: Path, looks: Callable[[int], int], tmp_path: Path
) -> None:
    before = file.stat()
    other = tmp_path / "other.yaml"
    other.write_text(TEXT.replace("name: A", "name: B"))
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.rename(file)

    assert looks(2) == 1
    assert names(app) == {"a": "B"}


def test_a_task_that_a_file_no_longer_has_stays_and_is_named(
    app: App, file: Path, looks: Callable[[int], int], caplog: pytest.LogCaptureFixture
) -> None:
    file.write_text(TEXT.replace("  a:", "  c:") + SHELL)

    looks(2)

    assert set(names(app)) == {"a", "c"}
    assert "task a is no longer in its file and stays" in caplog.text
    assert f"{file}:7: task b needs the shell action, which is not part of this" in caplog.text


def test_a_new_file_in_a_folder_is_noticed(tmp_path: Path, clock: FakeClock) -> None:
    folder = tmp_path / "tasks"
    folder.mkdir()
    (folder / "a.yaml").write_text(TEXT)
    with opened_app(loaded(tmp_path, "tasks"), clock=clock) as app:
        files = TaskFiles(app)
        files.start()
        (folder / "b.yaml").write_text(TEXT.replace("  a:", "  b:"))
        for _ in range(2):
            clock.advance(SECOND)
            files.look()

        assert set(names(app)) == {"a", "b"}

        for name in ("a.yaml", "b.yaml"):
            (folder / name).unlink()
        for _ in range(2):
            clock.advance(SECOND)
            files.look()
        assert "no task files there" in str(app.state.get(TROUBLE))


def test_trouble_with_the_registry_is_not_the_files_fault(
    app: App, files: TaskFiles, file: Path, clock: FakeClock
) -> None:
    app.close()
    app.paths.database.write_bytes(b"not a database" * 1000)

    with pytest.raises(RegistryError):
        files.reload()
    with pytest.raises(RegistryError):
        TaskFiles(app).start()


def test_asked_to_read_again_without_files_it_says_so(
    tmp_path: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with opened_app(loaded(tmp_path), clock=clock) as app:
        TaskFiles(app).reload()

    assert "no task files to read again" in caplog.text


def test_what_a_file_says_in_vain_is_logged(
    file: Path, looks: Callable[[int], int], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    file.write_text("scheduled_tasks:\n  state_file: x\n  " + TEXT.replace("\n", "\n  "))

    looks(2)

    assert "scheduled_tasks.state_file has no effect here" in caplog.text


# In the loop.


def test_the_loop_reads_changed_files_and_starts_what_they_brought(
    app: App, file: Path, clock: FakeClock
) -> None:
    executor = ScriptedExecutor()
    loop = Loop(app, executor, this_process("scheduler"))
    for _ in range(3):
        clock.advance(SECOND)
        loop.tick()

    clock.advance(timedelta(minutes=1))
    loop.tick()

    assert names(app) == {"a": "A"}
    assert [app.runs.get(run_id).task_id for run_id in executor.run_ids] == ["a"]


def test_told_to_read_again_the_loop_does_so_at_once(app: App, file: Path) -> None:
    loop = Loop(app, ScriptedExecutor(), this_process("scheduler"))

    loop.reload.set()
    loop.tick()

    assert names(app) == {"a": "A"}
    assert not loop.reload.is_set()


class Hup(ScriptedExecutor):
    """Sends this process a SIGHUP when the first attempt starts, and ends the loop after it."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file

    def start(self, spec: AttemptSpec, wake: threading.Event) -> None:
        super().start(spec, wake)
        self._file.write_text(TEXT.replace("name: A", "name: Again"))
        os.kill(os.getpid(), signal.SIGHUP)


def test_sighup_has_the_files_read_again(tmp_path: Path, file: Path, clock: FakeClock) -> None:
    before = signal.getsignal(signal.SIGHUP)
    with Scheduler(loaded=loaded(tmp_path, "tasks.yaml"), clock=clock) as scheduler:
        scheduler.start(until=clock.now() + timedelta(seconds=62), executor=Hup(file))

        assert scheduler.get_task("a").name == "Again"
    assert signal.getsignal(signal.SIGHUP) is before


def test_with_task_files_no_default_preset_is_loaded(
    tmp_path: Path, file: Path, clock: FakeClock
) -> None:
    with Scheduler(loaded=loaded(tmp_path, "tasks.yaml"), clock=clock) as scheduler:
        scheduler.start(until=clock.now(), executor=ScriptedExecutor())

        assert [task.id for task in scheduler.list_tasks()] == ["a"]
