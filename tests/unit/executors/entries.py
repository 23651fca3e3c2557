"""What the attempts of these tests do: entry points, called with run id and fence.

They tell the test what it has to know over the socket that `TELL` names; nothing here waits for
time to pass.
"""

import gc
import json
import mmap
import os
import random
import resource
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

MEGABYTE = 1_000_000


def tell(name: str, **facts: object) -> None:
    """Tell the test about this process."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ears:
        ears.sendto(
            json.dumps({"name": name, "pid": os.getpid(), **facts}).encode(), os.environ["TELL"]
        )


def stay() -> None:
    """Stay until killed; not for ever, should a test fail to do it."""
    signal.alarm(120)
    while True:
        signal.pause()


_prepared: dict[str, int] = {}


def prepares() -> None:
    """Keep something for the attempts."""
    _prepared["by"] = os.getpid()


def fails_to_prepare() -> None:
    """Fail."""
    raise ValueError("no")


def prepares_with_a_thread() -> None:
    """Start a thread that stays."""
    threading.Thread(target=stay_a_thread, daemon=True).start()


def stay_a_thread() -> None:
    """Stay as long as the process."""
    threading.Event().wait(120)


def tells_what_was_prepared(run_id: int, fence: int) -> None:
    """Tell who has prepared."""
    tell("attempt", prepared_by=_prepared.get("by"))


def nothing(run_id: int, fence: int) -> None:
    """Do nothing."""


def exits(run_id: int, fence: int) -> None:
    sys.exit(fence)


def exits_with_words(run_id: int, fence: int) -> None:
    sys.exit("it is too late")


def exits_without_code(run_id: int, fence: int) -> None:
    sys.exit()


def raises(run_id: int, fence: int) -> None:
    raise ValueError("no such thing")


def dies_of_signal(run_id: int, fence: int) -> None:
    os.kill(os.getpid(), fence)
    stay()


def works(run_id: int, fence: int) -> None:
    """Use 50 MB, and the processor for 0.2 s."""
    data = bytearray(50 * MEGABYTE)
    while time.process_time() < 0.2:
        data[:1000] = bytes(1000)


def stays(run_id: int, fence: int) -> None:
    tell("attempt")
    stay()


def family_that_stays(run_id: int, fence: int) -> None:
    """Start processes that get away in every usual way, ignore TERM, and stay with them."""
    family()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    tell("attempt")
    stay()


def family_that_is_left(run_id: int, fence: int) -> None:
    """Start the same and leave them behind."""
    family()


def family() -> None:
    pipes = [os.pipe() for _ in range(4)]
    stubborn("child", pipes[0], leads=False, twice=False)
    stubborn("session leader", pipes[1], leads=True, twice=False)
    stubborn("daemon", pipes[2], leads=True, twice=True)
    executed = subprocess.Popen(
        [sys.executable, __file__, "executed", str(pipes[3][1])],
        start_new_session=True,
        pass_fds=pipes[3][1:],
    )
    executed.returncode = 0  # nobody waits for it
    for reader, writer in pipes:
        os.close(writer)
        assert os.read(reader, 1) == b"."
        os.close(reader)


def stubborn(name: str, pipe: tuple[int, int], *, leads: bool, twice: bool) -> None:
    """Fork a process that ignores TERM and stays."""
    if os.fork():
        return
    if leads:
        os.setsid()
    if twice and os.fork():
        os._exit(0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    tell(name)
    os.write(pipe[1], b".")
    stay()


def leaves_nameless_daemon(run_id: int, fence: int) -> None:
    """Leave a process that has thrown away environment, name, session and parents."""
    nameless(new_session=True)


def leaves_nameless_process(run_id: int, fence: int) -> None:
    """Leave one that has kept the session."""
    nameless(new_session=False)


def stays_or_leaves_nameless_daemon(run_id: int, fence: int) -> None:
    (leaves_nameless_daemon if fence else stays)(run_id, fence)


def names_modules(run_id: int, fence: int) -> None:
    tell("attempt", modules=sorted(sys.modules))


def nameless(*, new_session: bool) -> None:
    command = [sys.executable, __file__, "nameless", os.environ["TELL"]]
    done = subprocess.run(command, env={}, start_new_session=new_session, stdout=-1, check=True)
    assert done.stdout == b"."


def prints_lines(run_id: int, fence: int) -> None:
    """Print 10 MB in numbered lines."""
    for number in range(100_000):
        sys.stdout.write(f"{number:06d} {'x' * 92}\n")


def prints_a_line_without_end(run_id: int, fence: int) -> None:
    """Print 12 MB without a newline."""
    for _ in range(12):
        sys.stdout.write("y" * MEGABYTE)


def prints_oddities(run_id: int, fence: int) -> None:
    sys.stdout.buffer.write(b"red \x1b[31m\r\n\xff\xfe caf\xc3\xa9 \xe2\x80\xae\r\nto stderr:\n")
    sys.stdout.flush()
    os.write(2, b"no newline")


def closes_its_output(run_id: int, fence: int) -> None:
    os.close(1)
    os.close(2)
    tell("attempt")
    stay()


def prints_at_exit(run_id: int, fence: int) -> None:
    """Leave work to a thread and to the exit handlers, as a program may."""
    import atexit

    atexit.register(print, "at exit")
    threading.Timer(0.01, print, ["from a thread"]).start()


def describes(run_id: int, fence: int) -> None:
    """Tell what the attempt finds."""
    Path("result").mkdir()
    Path("result/file").write_text("x")
    umask = os.umask(0)
    tell(
        "attempt",
        arguments=[run_id, fence],
        run=os.environ["STOMA_RUN_ID"],
        instance=os.environ["STOMA_INSTANCE"],
        given=os.environ["GIVEN"],
        cwd=str(Path.cwd()),
        files_are_private=not stat.S_IMODE(Path("result/file").stat().st_mode) & 0o077,
        umask=umask,
        leads_session=os.getsid(0) == os.getpid() == os.getpgid(0),
        process_name=Path("/proc/self/comm").read_text().strip(),
        stdin=sys.stdin.read(),
        core=resource.getrlimit(resource.RLIMIT_CORE),
        data=resource.getrlimit(resource.RLIMIT_DATA)[0],
        blocked=len(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
        handled=sorted(
            number
            for number in signal.valid_signals()
            if signal.getsignal(number) is not signal.SIG_DFL
        ),
        descriptors=sorted(int(path.name) for path in Path("/proc/self/fd").iterdir())[:-1],
        random=random.random(),
        threads=threading.active_count(),
        collects_garbage=gc.isenabled(),
        dies_first=Path("/proc/self/oom_score_adj").read_text().strip(),
    )


def grows(run_id: int, fence: int) -> None:
    """Take private memory until there is no more: the limit of the process is in the way."""
    kept = []
    while True:
        kept.append(bytearray(MEGABYTE))


def grows_shared(run_id: int, fence: int) -> None:
    """Take 400 MB that no limit of a process counts, in a child; stay."""
    if not os.fork():
        shared = mmap.mmap(-1, 400 * MEGABYTE)
        for _ in range(400):
            shared.write(bytes(MEGABYTE))
        stay()
    stay()


def crowd(members: int, megabytes: int) -> None:
    """Be the first of a family that shares some memory."""
    shared = b"x" * (megabytes * MEGABYTE)
    for _ in range(members - 1):
        if not os.fork():
            tell("child", size=len(shared))
            stay()
    tell("parent")
    stay()


def main(name: str, *arguments: str) -> None:
    if name == "crowd":
        crowd(*map(int, arguments))
    if name == "nameless":
        os.environ["TELL"] = arguments[0]
        if os.fork():
            sys.exit()
        said = 1
    else:
        said = int(arguments[0])
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    tell(name)
    os.write(said, b".")
    os.close(said)
    stay()


if __name__ == "__main__":
    main(*sys.argv[1:])
