"""Marks, memory and the log of a run, each by itself."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from stoma.executors.supervision import marks, memory
from stoma.logs import LINE_CAP_BYTES, RunLog
from tests.fakes import START
from tests.unit.executors.conftest import PATIENCE, Benches, Ears

MEGABYTE = 1_000_000


@contextmanager
def process(*arguments: str, **environment: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a process that stays until it is killed."""
    command = arguments or (
        sys.executable,
        "-c",
        "import sys; print(1, flush=True); sys.stdin.read()",
    )
    with subprocess.Popen(
        command, stdin=-1, stdout=-1, env={"PATH": os.environ["PATH"], **environment}
    ) as started:
        try:
            if not arguments:
                assert started.stdout is not None
                started.stdout.readline()
            yield started
        finally:
            started.kill()


# --- marks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("run_id", [1, 1842, 99_999, 100_000, 999_999_999])
def test_a_process_name_holds_the_run_id_and_fits(run_id: int) -> None:
    name = marks.name_of(run_id)

    assert len(name) <= 15
    assert marks._NAME.fullmatch(name)[1] == str(run_id)  # type: ignore[index]


def test_only_what_bears_the_mark_of_instance_and_run_is_killed() -> None:
    with ExitStack() as stack:
        ours, other_run, other_instance, unmarked = (
            stack.enter_context(process(**environment))
            for environment in (
                {"STOMA_INSTANCE": "here", "STOMA_RUN_ID": "7"},
                {"STOMA_INSTANCE": "here", "STOMA_RUN_ID": "77"},
                {"STOMA_INSTANCE": "there", "STOMA_RUN_ID": "7"},
                {},
            )
        )
        assert marks.run_of(ours.pid, "here") == 7
        assert marks.run_of(other_instance.pid, "here") is None

        marks.kill_marked("here", {7})

        assert ours.wait(PATIENCE) == -signal.SIGKILL
        assert [each.poll() for each in (other_run, other_instance, unmarked)] == [None] * 3

        marks.kill_marked("here")

        assert other_run.wait(PATIENCE) == -signal.SIGKILL
        assert [each.poll() for each in (other_instance, unmarked)] == [None] * 2


def test_what_has_no_mark_is_known_by_its_name(tmp_path: Path) -> None:
    # A process is named after its file, and an attempt after its run.
    for name in ("stoma-run-7", "stoma-123456", "stoma-zygote"):
        (tmp_path / name).write_bytes(Path("/bin/cat").read_bytes())
        (tmp_path / name).chmod(0o700)

    with ExitStack() as stack:
        named = [stack.enter_context(process(str(path))) for path in sorted(tmp_path.iterdir())]

        assert [marks.run_of(each.pid, "here") for each in named] == [123456, 7, None]


def test_what_is_gone_bears_no_mark() -> None:
    with process(STOMA_INSTANCE="here", STOMA_RUN_ID="7") as gone:
        gone.kill()
        gone.wait()

        assert marks.run_of(gone.pid, "here") is None
        assert not marks._kill(gone.pid, "here", {7})


# --- memory ---------------------------------------------------------------------------------------


def test_shared_memory_counts_once(ears: Ears) -> None:
    script = str(Path(__file__).with_name("entries.py"))
    with process(sys.executable, script, "crowd", "5", "60", TELL=str(ears.path)) as crowd:
        told = ears.hear_all("child", "child", "child", "child", "parent")

        assert sorted(memory.descendants(crowd.pid)) == sorted(
            each.pid for each in told if each.name == "child"
        )
        assert not memory.exceeds(crowd.pid, 180 * MEGABYTE)
        assert memory.exceeds(crowd.pid, 60 * MEGABYTE)
        for each in told:
            os.kill(each.pid, signal.SIGKILL)


def test_what_is_gone_uses_no_memory() -> None:
    with process() as gone:
        gone.kill()
        gone.wait()

        assert not memory.exceeds(gone.pid, 0)
        assert memory.children(gone.pid) == []


@pytest.mark.parametrize(
    ("membership", "counter", "text"),
    [
        ("0::/app/run\n", "app/run/memory.events", "low 0\noom 3\noom_kill {}\n"),
        ("0::/\n", "memory.events", "oom_kill {}\noom_group_kill 9\n"),
        (
            "9:name=systemd:/\n5:cpu,memory:/box\n0::/\n",
            "memory/box/memory.oom_control",
            "oom_kill_disable 0\nunder_oom 0\noom_kill {}\n",
        ),
    ],
)
def test_the_kernel_tells_when_it_has_killed_for_memory(
    tmp_path: Path, membership: str, counter: str, text: str
) -> None:
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text(membership)
    file = tmp_path / "cgroup" / counter
    file.parent.mkdir(parents=True)
    file.write_text(text.format(2))
    kills = memory.KernelKills(tmp_path / "proc", tmp_path / "cgroup")

    assert not kills.happened()
    file.write_text(text.format(3))

    assert kills.happened()
    assert not kills.happened()


def test_where_the_kernel_does_not_tell_the_answer_is_no(tmp_path: Path) -> None:
    assert not memory.KernelKills(tmp_path, tmp_path).happened()
    assert not memory.KernelKills(Path("/proc"), tmp_path).happened()


class EveryKill(memory.KernelKills):
    """A kernel that has just killed something for memory, whenever it is asked."""

    def happened(self) -> bool:
        return True


def test_an_attempt_that_the_kernel_killed_for_memory_says_so(benches: Benches) -> None:
    bench = benches.open("dies_of_signal", made_with={"kills": EveryKill()})

    killed, terminated = bench.run(1, fence=signal.SIGKILL), bench.run(2, fence=signal.SIGTERM)

    assert (killed.out_of_memory, terminated.out_of_memory) == (True, False)


# --- the log of a run -----------------------------------------------------------------------------


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


def test_a_line_in_parts_is_one_line(tmp_path: Path) -> None:
    with RunLog(tmp_path / "1.log") as log:
        log.feed(b"one ", START)
        log.feed(b"line\nand ", START + timedelta(seconds=1))
        log.feed(b"another", START + timedelta(seconds=2))

    assert lines(tmp_path / "1.log") == [
        "2026-03-02T12:00:01.000Z one line",
        "2026-03-02T12:00:02.000Z and another",
    ]


def test_empty_lines_are_lines(tmp_path: Path) -> None:
    with RunLog(tmp_path / "1.log") as log:
        log.feed(b"\n\nx\n", START)
        log.write(b"y\r\n", START)

    assert [line[25:] for line in lines(tmp_path / "1.log")] == ["", "", "x", "y"]


@pytest.mark.parametrize("step", [1, 7, 100, 4096])
@pytest.mark.parametrize("cap", [1000, 1001, 5000])
def test_head_and_tail_are_whole_lines_and_fill_the_cap(
    tmp_path: Path, step: int, cap: int
) -> None:
    output = b"".join(b"%05d\n" % number for number in range(1000))
    with RunLog(tmp_path / "1.log", cap_bytes=cap) as log:
        for begin in range(0, len(output), step):
            log.feed(output[begin : begin + step], START)

    found = [line.partition("Z ")[2] for line in lines(tmp_path / "1.log")]
    gap = found.index("")
    entry = 31
    assert found[:gap] == [f"{number:05d}" for number in range(cap // 2 // entry)]
    assert found[gap + 1 :] == [f"{number:05d}" for number in range(1000)][-len(found[gap + 1 :]) :]
    assert len(found) - gap - 1 == (cap - cap // 2) // entry
    left_out = int(lines(tmp_path / "1.log")[gap].split()[1])
    assert left_out == (1000 - len(found) + 1) * entry


def test_a_long_line_is_wrapped_and_nothing_of_it_is_lost(tmp_path: Path) -> None:
    line = os.urandom(20_000).hex().encode()
    with RunLog(tmp_path / "1.log") as log:
        log.feed(b"before\n" + line + b"\nafter\n", START)
        log.feed(line, START)

    found = [each[25:] for each in lines(tmp_path / "1.log")]
    assert found[0] == "before"
    assert {len(each) for each in found} <= {6, 5, LINE_CAP_BYTES, len(line) % LINE_CAP_BYTES}
    assert "".join(found) == "before" + line.decode() + "after" + line.decode()


def test_a_full_disk_costs_the_log_and_not_the_run() -> None:
    with RunLog(Path("/dev/full")) as log:
        log.feed(b"lost\n", START)

    assert log._left_out > len("lost")


def test_a_tail_of_tiny_pieces_stays_small(tmp_path: Path) -> None:
    with RunLog(tmp_path / "1.log", cap_bytes=10_000) as log:
        for _ in range(10_000):
            log.feed(b"y\n", START)
        assert len(log._tail) < 200
