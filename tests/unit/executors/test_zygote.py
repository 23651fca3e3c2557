"""What only the zygote promises: attempts from a warm parent, and nobody left whatever they do."""

import errno
import os
import resource
import signal
from pathlib import Path

import pytest

from stoma.exceptions import PreloadError
from stoma.executors.supervision.zygote_link import COMMAND, Patience
from stoma.executors.zygote import ZygoteExecutor
from tests.unit.executors.conftest import PATIENCE, ROOT, Bench, Benches, Ears, Told

FAMILY = ("child", "session leader", "daemon", "executed")


ENTRIES = "tests.unit.executors.entries"


def zygote_of(bench: Bench) -> Told:
    """Return the zygote that is at work."""
    assert isinstance(bench.executor, ZygoteExecutor)
    assert bench.executor._zygote is not None
    return Told({"name": "zygote", "pid": bench.executor._zygote.pid})


def kill_zygote(bench: Bench) -> None:
    zygote = zygote_of(bench)
    os.kill(zygote.pid, signal.SIGKILL)
    assert zygote.dies()
    zygote.close()
    # The executor has noticed when its thread has.
    assert isinstance(bench.executor, ZygoteExecutor)
    while not (bench.executor._zygote and bench.executor._zygote.dead):
        os.sched_yield()


def test_what_has_thrown_away_every_mark_is_killed_too(zygotes: Benches, ears: Ears) -> None:
    zygotes.open("leaves_nameless_daemon").run()

    assert ears.hear().dies()


def test_what_has_only_kept_the_session_is_known_by_it(zygotes: Benches, ears: Ears) -> None:
    other = zygotes.open("stays")
    other.start(1)
    ears.hear()
    bench = zygotes.open("leaves_nameless_process", instance="other")

    bench.run(2)

    assert ears.hear().dies()


def test_what_could_be_of_a_running_attempt_stays_until_that_has_ended(
    zygotes: Benches, ears: Ears
) -> None:
    bench = zygotes.open("stays_or_leaves_nameless_daemon")
    bench.start(1)
    ears.hear()

    bench.run(2, fence=1)
    nameless = ears.hear()
    assert nameless.lives()
    bench.executor.stop(1)
    bench.end(1)

    assert nameless.dies()


def test_modules_are_imported_before_the_fork(zygotes: Benches, ears: Ears) -> None:
    zygotes.open("names_modules", preload=("colorsys",)).run()

    assert "colorsys" in ears.hear().facts["modules"]


def test_what_was_prepared_is_inherited_by_every_attempt(zygotes: Benches, ears: Ears) -> None:
    bench = zygotes.open("tells_what_was_prepared", prepare=f"{ENTRIES}:prepares")

    for run_id in (1, 2):
        assert bench.run(run_id).exit_code == 0
        heard = ears.hear()
        assert heard.facts["prepared_by"] == zygote_of(bench).pid


@pytest.mark.parametrize(
    ("prepare", "problem"),
    [
        ("fails_to_prepare", "fails_to_prepare failed: ValueError: no"),
        ("prepares_with_a_thread", "prepares_with_a_thread starts a thread"),
        ("no_such_function", "no_such_function failed: AttributeError"),
    ],
)
def test_what_can_not_be_prepared_is_refused_at_once(
    zygotes: Benches, prepare: str, problem: str
) -> None:
    with pytest.raises(PreloadError, match=problem):
        zygotes.open("nothing", prepare=f"{ENTRIES}:{prepare}")


@pytest.mark.parametrize(
    ("entry", "preload", "problem"),
    [
        ("nothing", "no_such_module", "'no_such_module' can not be imported"),
        ("nothing", "tests.unit.executors.threaded", "starts a thread when it is imported"),
        ("no_such_entry", "colorsys", "no attribute 'no_such_entry'"),
    ],
)
def test_what_can_not_be_imported_safely_is_refused_at_once(
    zygotes: Benches, entry: str, preload: str, problem: str
) -> None:
    with pytest.raises(PreloadError, match=problem) as caught:
        zygotes.open(entry, preload=(preload,))

    assert caught.value.exit_code == 78
    assert "when it is used" in caught.value.hint


def test_signals_to_the_whole_service_do_not_end_the_zygote(zygotes: Benches) -> None:
    bench = zygotes.open("nothing")

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(zygote_of(bench).pid, number)

    assert [bench.run(run_id).exit_code for run_id in (1, 2)] == [0, 0]


def test_a_zygote_that_is_killed_takes_its_attempts_along_and_is_replaced(
    zygotes: Benches, ears: Ears, caplog: pytest.LogCaptureFixture
) -> None:
    bench = zygotes.open("family_that_stays")
    bench.start()
    told = ears.hear_all(*FAMILY, "attempt")

    kill_zygote(bench)
    end = bench.end()
    bench.start(2)
    again = ears.hear_all(*FAMILY, "attempt")

    assert (end.exit_code, end.stopped, end.out_of_memory) == (-signal.SIGKILL, False, False)
    assert all(process.dies() for process in told)
    assert all(process.lives() for process in again)
    assert "so have its attempts" in caplog.text


def test_zygotes_that_die_again_and_again_are_not_replaced_for_a_while(
    zygotes: Benches,
) -> None:
    bench = zygotes.open("nothing")
    for run_id in range(1, 6):
        assert bench.run(run_id).exit_code == 0
        kill_zygote(bench)

    with pytest.raises(BlockingIOError, match="5 zygotes died within a minute"):
        bench.start(6)
    bench.skip(60)

    assert bench.run(6).exit_code == 0


def test_a_start_does_not_wait_long_for_a_new_zygote(zygotes: Benches) -> None:
    patience = Patience(ready_again=0.0)
    bench = zygotes.open("nothing", made_with={"patience": patience})
    kill_zygote(bench)

    with pytest.raises(BlockingIOError, match="is being started"):
        bench.start(1)
    patience.ready_again = PATIENCE

    assert bench.run(1).exit_code == 0


def test_a_zygote_that_does_not_answer_is_replaced(zygotes: Benches, ears: Ears) -> None:
    patience = Patience(ready_again=PATIENCE, answer=PATIENCE)
    bench = zygotes.open("stays", made_with={"patience": patience})
    bench.start(1)
    told = ears.hear()
    os.kill(zygote_of(bench).pid, signal.SIGSTOP)

    patience.answer = 0.05
    with pytest.raises(TimeoutError, match="does not answer"):
        bench.start(2)
    patience.answer = PATIENCE
    assert bench.end(1).exit_code == -signal.SIGKILL
    bench.start(2)

    assert told.dies()
    assert ears.hear().lives()


def test_an_installation_that_breaks_meanwhile_postpones_attempts(zygotes: Benches) -> None:
    fickle = zygotes.folder / "fickle.py"
    fickle.write_text("")
    path = os.pathsep.join((str(ROOT), str(zygotes.folder)))
    environment = {**zygotes.launch("nothing").environment, "PYTHONPATH": path}
    bench = zygotes.open("nothing", preload=("fickle",), environment=environment)

    fickle.write_text("raise RuntimeError('half an upgrade')")
    kill_zygote(bench)
    with pytest.raises(BlockingIOError, match="half an upgrade"):
        bench.start(1)
    fickle.write_text("whole = True")

    assert bench.run(1).exit_code == 0


def test_a_zygote_out_of_descriptors_refuses_one_attempt(zygotes: Benches) -> None:
    bench = zygotes.open("nothing")
    bench.run(1)
    zygote = zygote_of(bench).pid
    used = {int(path.name) for path in Path(f"/proc/{zygote}/fd").iterdir()}
    lowest_free = min(set(range(100)) - used)
    _, most = resource.prlimit(zygote, resource.RLIMIT_NOFILE)

    resource.prlimit(zygote, resource.RLIMIT_NOFILE, (lowest_free, most))
    with pytest.raises(OSError, match="Too many open files") as caught:
        bench.start(2)
    resource.prlimit(zygote, resource.RLIMIT_NOFILE, (most, most))

    assert caught.value.errno == errno.EMFILE
    assert list((zygotes.folder / "work").iterdir()) == []
    assert bench.run(2).exit_code == 0


def test_a_zygote_that_can_not_be_executed_is_tried_again(
    zygotes: Benches, caplog: pytest.LogCaptureFixture
) -> None:
    command = ["/no/such/python"]
    bench = zygotes.open("nothing", made_with={"command": command})
    assert "no attempt can be started at present" in caplog.text
    with pytest.raises(FileNotFoundError):
        bench.start(1)
    command[:] = COMMAND

    assert bench.run(1).exit_code == 0


def test_closing_does_not_wait_for_a_zygote_that_hangs(zygotes: Benches) -> None:
    patience = Patience()
    bench = zygotes.open("nothing", made_with={"patience": patience})
    zygote = zygote_of(bench)
    os.kill(zygote.pid, signal.SIGSTOP)
    patience.answer = 0.05

    bench.executor.__exit__(None, None, None)

    assert zygote.dies()
    zygote.close()
