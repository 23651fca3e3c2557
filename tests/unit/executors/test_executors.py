"""The promise of an executor, kept by every one that gives attempts processes of their own."""

import os
import signal
import threading
from functools import partial
from pathlib import Path
from resource import RUSAGE_SELF, getrusage

import pytest

from stoma.executors.base import OUT_OF_MEMORY, AttemptSpec
from stoma.executors.supervision.watch import Process
from stoma.executors.zygote import ZygoteExecutor
from tests.unit.executors.conftest import PATIENCE, Benches, Ears

MEGABYTE = 1_000_000
FAMILY = ("child", "session leader", "daemon", "executed")


@pytest.mark.parametrize(
    ("entry", "fence", "code"),
    [
        ("nothing", 0, 0),
        ("exits", 0, 0),
        ("exits", 7, 7),
        ("exits", 255, 255),
        ("exits_without_code", 0, 0),
        ("exits_with_words", 0, 1),
        ("raises", 0, 1),
        ("dies_of_signal", signal.SIGKILL, -9),
        ("dies_of_signal", signal.SIGTERM, -15),
        ("dies_of_signal", signal.SIGSEGV, -11),
    ],
)
def test_an_attempt_ends_with_its_exit_code_or_its_signal(
    benches: Benches, entry: str, fence: int, code: int
) -> None:
    end = benches.open(entry).run(fence=fence)

    assert end.exit_code == code
    assert (end.timed_out, end.stopped, end.out_of_memory) == (False, False, False)


@pytest.mark.parametrize(
    ("entry", "last"),
    [("exits_with_words", "it is too late"), ("raises", "ValueError: no such thing")],
)
def test_what_ended_an_attempt_is_in_its_log(benches: Benches, entry: str, last: str) -> None:
    bench = benches.open(entry)

    bench.run()

    assert bench.log()[-1] == last


def test_what_an_attempt_used_is_recorded(benches: Benches) -> None:
    end = benches.open("works").run()

    assert 0.15 < end.cpu_seconds < 2.0
    # Linux counts what a process was before it became another one: for the executor that starts
    # programs, that is this process (getrusage(2)).
    before = getrusage(RUSAGE_SELF).ru_maxrss * 1024 if benches.kind == "subprocess" else 0
    assert 50 * MEGABYTE < end.peak_memory_bytes < before + 150 * MEGABYTE


def test_a_time_limit_kills_the_whole_tree(benches: Benches, ears: Ears) -> None:
    bench = benches.open("family_that_stays")
    bench.start(timeout_seconds=3600)
    told = ears.hear_all(*FAMILY, "attempt")

    bench.skip(3600)
    end = bench.end()

    assert (end.exit_code, end.timed_out, end.stopped) == (-signal.SIGKILL, True, False)
    assert all(process.dies() for process in told)


def test_a_stop_kills_the_whole_tree(benches: Benches, ears: Ears) -> None:
    bench = benches.open("family_that_stays")
    bench.start()
    told = ears.hear_all(*FAMILY, "attempt")

    bench.executor.stop(1)
    end = bench.end()

    assert (end.exit_code, end.timed_out, end.stopped) == (-signal.SIGKILL, False, True)
    assert all(process.dies() for process in told)


def test_one_that_obeys_is_asked_and_not_killed(benches: Benches, ears: Ears) -> None:
    bench = benches.open("stays", grace_seconds=PATIENCE)
    bench.start()
    ears.hear()

    bench.executor.stop(1)
    bench.executor.stop(1)

    assert bench.end().exit_code == -signal.SIGTERM


def test_what_an_attempt_leaves_behind_is_killed(benches: Benches, ears: Ears) -> None:
    bench = benches.open("family_that_is_left")

    end = bench.run()

    assert (end.exit_code, end.stopped) == (0, False)
    assert all(process.dies() for process in ears.hear_all(*FAMILY))


def test_another_attempt_and_what_it_started_are_left_alone(benches: Benches, ears: Ears) -> None:
    bench = benches.open("family_that_stays")
    bench.start(1)
    first = ears.hear_all(*FAMILY, "attempt")
    bench.start(2)
    second = ears.hear_all(*FAMILY, "attempt")

    bench.executor.stop(1)
    bench.end(1)

    assert all(process.dies() for process in first)
    assert all(process.lives() for process in second)


def test_to_stop_what_does_not_run_does_nothing(benches: Benches) -> None:
    bench = benches.open("nothing")

    bench.executor.stop(99)

    assert bench.run().exit_code == 0
    assert bench.executor.ended() == []


def test_closing_kills_what_still_runs(benches: Benches, ears: Ears) -> None:
    bench = benches.open("family_that_stays")
    bench.start()
    told = ears.hear_all(*FAMILY, "attempt")

    bench.executor.__exit__(None, None, None)

    assert bench.end().stopped
    assert all(process.dies() for process in told)


# --- output ---------------------------------------------------------------------------------------


def test_much_output_is_capped_and_head_and_tail_are_kept(benches: Benches) -> None:
    bench = benches.open("prints_lines")

    assert bench.run().exit_code == 0

    lines = bench.log()
    size = bench.log_path().stat().st_size
    (gap,) = [number for number, line in enumerate(lines) if line.startswith("... ")]
    kept = [int(line[:6]) for line in lines if not line.startswith("... ")]
    assert 9_900_000 < size <= 10_000_100
    assert lines[gap].endswith(" bytes left out ...")
    assert 12_500_000 - size <= int(lines[gap].split()[1]) <= 12_600_000 - size + 100
    assert kept[:gap] == list(range(gap))
    assert kept[gap:] == list(range(100_000 - len(kept[gap:]), 100_000))


def test_a_line_without_end_is_capped_too(benches: Benches) -> None:
    bench = benches.open("prints_a_line_without_end")

    assert bench.run().exit_code == 0

    assert bench.log_path().stat().st_size <= 10_000_100
    assert {set(line) == {"y"} for line in bench.log() if not line.startswith("... ")} == {True}


def test_what_a_terminal_would_obey_is_escaped(benches: Benches) -> None:
    bench = benches.open("prints_oddities")

    bench.run()

    assert bench.log() == ["red \\x1b[31m", "\ufffd\ufffd café \\u202e", "to stderr:", "no newline"]


def test_threads_and_exit_handlers_are_waited_for(benches: Benches) -> None:
    bench = benches.open("prints_at_exit")

    assert bench.run().exit_code == 0

    assert bench.log() == ["from a thread", "at exit"]


def test_an_attempt_that_closes_its_output_still_runs(benches: Benches, ears: Ears) -> None:
    bench = benches.open("closes_its_output", grace_seconds=PATIENCE)
    bench.start()
    told = ears.hear()

    assert told.lives()
    bench.executor.stop(1)

    assert bench.end().exit_code == -signal.SIGTERM


def test_an_attempt_ends_though_somebody_keeps_its_pipe_open(benches: Benches, ears: Ears) -> None:
    bench = benches.open("stays")
    bench.start()
    told = ears.hear()
    # Nobody that could be found and killed: this process itself.
    pipe = os.open(f"/proc/{told.pid}/fd/1", os.O_WRONLY)
    try:
        bench.executor.stop(1)
        end = bench.end()
    finally:
        os.close(pipe)

    assert end.exit_code == -signal.SIGTERM


def test_a_log_that_can_not_be_written_does_not_stop_the_run(
    benches: Benches, caplog: pytest.LogCaptureFixture
) -> None:
    bench = benches.open("prints_oddities")
    (benches.folder / "logs").write_text("in the way")

    assert bench.run().exit_code == 0

    assert "run 1 goes on without a log" in caplog.text
    assert str(benches.folder / "logs") in caplog.text


# --- surroundings ---------------------------------------------------------------------------------


def test_an_attempt_finds_what_was_promised(benches: Benches, ears: Ears) -> None:
    bench = benches.open("describes")
    os.umask(os.umask(0o022))

    assert bench.run(1842, fence=3, memory_bytes=800 * MEGABYTE).exit_code == 0

    facts = ears.hear().facts
    folder = benches.folder / "work" / "1842-3"
    assert facts["arguments"] == [1842, 3]
    assert (facts["run"], facts["instance"], facts["given"]) == ("1842", f"test-{os.getpid()}", "ü")
    assert facts["cwd"] == str(folder)
    assert (facts["umask"], facts["files_are_private"]) == (0o077, True)
    assert facts["leads_session"]
    assert facts["process_name"] == "stoma-run-1842"
    assert facts["stdin"] == ""
    assert (facts["core"], facts["data"]) == ([0, 0], 800 * MEGABYTE)
    assert facts["blocked"] == 0
    assert facts["handled"] == sorted((signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ))
    assert facts["descriptors"] == [0, 1, 2]
    assert facts["threads"] == 1
    assert facts["collects_garbage"]
    assert facts["dies_first"] == "500"
    removers = [each for each in threading.enumerate() if each.name == "remove-1842-3"]
    for thread in removers:
        thread.join(PATIENCE)
    assert not folder.exists()


def test_attempts_do_not_share_their_random_numbers(benches: Benches, ears: Ears) -> None:
    bench = benches.open("describes")

    bench.run(1)
    bench.run(2)

    first, second = ears.hear(), ears.hear()
    assert first.facts["random"] != second.facts["random"]


def test_work_folders_of_an_earlier_life_are_removed(benches: Benches) -> None:
    left = benches.folder / "work" / "17-1"
    left.mkdir(parents=True)

    benches.open("nothing")

    assert not left.exists()


# --- memory ---------------------------------------------------------------------------------------


def test_a_limit_of_memory_ends_the_attempt_and_is_named(benches: Benches) -> None:
    bench = benches.open("grows")

    end = bench.run(memory_bytes=200 * MEGABYTE)

    assert (end.exit_code, end.out_of_memory) == (OUT_OF_MEMORY, True)
    # Linux counts what a process was before exec too, which here is a copy of the tests'.
    before_exec = getrusage(RUSAGE_SELF).ru_maxrss * 1024
    assert end.peak_memory_bytes < max(250 * MEGABYTE, before_exec + MEGABYTE)
    assert bench.log()[-1] == "MemoryError"


def test_memory_of_the_whole_tree_counts(benches: Benches, ears: Ears) -> None:
    bench = benches.open("grows_shared")

    end = bench.run(memory_bytes=300 * MEGABYTE)

    assert (end.exit_code, end.out_of_memory, end.stopped) == (-signal.SIGKILL, True, False)


# --- the thread -----------------------------------------------------------------------------------


class Unaskable:
    """A process of an attempt that the supervisor's thread stumbles over."""

    announced = True

    def __init__(self, process: Process) -> None:
        self.pid = process.pid
        self.poll = process.poll
        self.kill = process.kill

    def ask(self) -> None:
        raise RuntimeError("a bug")


class BuggyExecutor(ZygoteExecutor):
    """Starts such processes."""

    def _start(self, spec: AttemptSpec, output: int, folder: Path) -> Process:
        return Unaskable(super()._start(spec, output, folder))


def test_a_bug_in_the_supervisor_is_not_kept_quiet(zygotes: Benches, ears: Ears) -> None:
    bench = zygotes.open("stays", kind=BuggyExecutor)
    bench.start()
    told = ears.hear()

    bench.executor.stop(1)
    assert bench.wake.wait(PATIENCE)
    with pytest.raises(RuntimeError, match="a bug"):
        bench.executor.ended()
    bench.executor.__exit__(None, None, None)

    assert told.dies()


def test_many_calls_at_once_are_all_heard(benches: Benches) -> None:
    bench = benches.open("nothing")
    called: list[int] = []
    held, done = threading.Event(), threading.Event()
    supervisor = bench.executor._supervisor
    supervisor.call(lambda: held.wait(PATIENCE))

    for number in range(2000):
        supervisor.call(partial(called.append, number))
    supervisor.call(done.set)
    held.set()

    assert done.wait(PATIENCE)
    assert called == list(range(2000))
