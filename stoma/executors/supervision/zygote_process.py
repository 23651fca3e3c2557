"""The zygote: imports everything once, then forks one child per attempt. Linux only.

It has one thread, no registry and no connection open, and ends when the scheduler does. All it
does besides forking is to be the parent: it adopts what attempts leave behind, so that every
process it kills is its own child, not waited for, and can not be a stranger with the same number.
"""

import gc
import json
import os
import signal
import socket
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from errno import EMFILE
from importlib import import_module
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector

from stoma.clock import Clock, SystemClock
from stoma.executors.supervision import kernel, marks
from stoma.executors.supervision.child import SIGNALS, Orders, become_attempt, load
from stoma.executors.supervision.memory import children
from stoma.executors.supervision.watch import LINGER_SECONDS, Exit
from stoma.processes import started

_MESSAGE_BYTES = 65_536
#: How often it looks whether what is being killed has died; that is announced, too.
_LOOK_SECONDS = 0.05


class _RefusedError(Exception):
    """A module can not be imported before forking."""


@dataclass(frozen=True, slots=True)
class _Leaving:
    """An attempt whose own process has ended; what it left behind is being killed."""

    run_id: int
    exit: Exit
    give_up_at: float


class Zygote:
    """Forks, waits for and cleans up after attempts, as it is told through *channel*."""

    def __init__(self, channel: socket.socket, instance: str, clock: Clock) -> None:
        self._channel = channel
        self._instance = instance
        self._clock = clock
        self._running: dict[int, int] = {}  # process -> run
        self._leaving: dict[int, _Leaving] = {}  # by process, which is no more
        self._orphans: dict[int, int | None] = {}  # process -> run, if that is known
        self._bell, self._rope = socket.socketpair()
        self._selector = DefaultSelector()

    def serve(self) -> None:
        """Do what is asked until nobody is left to ask."""
        self._bell.setblocking(False)
        self._rope.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(self._rope.fileno(), warn_on_full_buffer=False)
        self._selector.register(self._bell, EVENT_READ)
        self._selector.register(self._channel, EVENT_READ)
        while True:
            events = self._selector.select(_LOOK_SECONDS if self._leaving else None)
            ready = [key.fileobj for key, _ in events]
            if self._bell in ready:
                self._bell.recv(4096)
            if self._channel in ready and not self._obey():
                self._end_all()
                return
            self._wait_for_children()

    def _obey(self) -> bool:
        """Carry out one request; return False if there can be no more."""
        try:
            text, descriptors, _, _ = socket.recv_fds(self._channel, _MESSAGE_BYTES, 1)
        except OSError:
            return False
        if not text:
            return False
        request = json.loads(text)
        if "fork" in request:
            self._fork(Orders(**request["fork"]), descriptors)
        else:
            self._signal(request["run"], request["signal"])
        return True

    def _fork(self, orders: Orders, descriptors: list[int]) -> None:
        if not descriptors:  # the kernel drops what this process has no room for
            self._send("answer", errno=EMFILE)
            return
        (output,) = descriptors
        # A signal must not find the child between two worlds: it is delivered when all is set.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        try:
            pid = os.fork()
        except OSError as error:
            self._send("answer", errno=error.errno)
        else:
            if pid == 0:
                become_attempt(orders, output, self._detach)
            self._running[pid] = orders.run_id
            self._send("answer", pid=pid)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(output)

    def _detach(self) -> None:
        """Close, in a child, what only the zygote needs."""
        signal.set_wakeup_fd(-1)
        self._selector.close()
        for end in (self._channel, self._bell, self._rope):
            end.close()

    def _signal(self, run_id: int, number: int) -> None:
        for pid, running in self._running.items():
            if running == run_id:
                try:
                    os.killpg(pid, number)
                except ProcessLookupError:  # it leads no group yet
                    _kill(pid, number)

    def _wait_for_children(self) -> None:
        with suppress(ChildProcessError):
            while True:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
                if pid == 0:
                    break
                if pid in self._running:
                    give_up_at = self._clock.monotonic() + LINGER_SECONDS
                    run_id = self._running.pop(pid)
                    self._leaving[pid] = _Leaving(run_id, Exit.of(status, usage), give_up_at)
        self._sweep()

    def _sweep(self) -> None:
        """Kill what ended attempts left behind, and report those of which nothing is left.

        The descendants of a process that ends become children of this one before it can be waited
        for: so every child that is not an attempt is an orphan of one.
        """
        if not self._leaving and not self._orphans:
            return
        orphans = set(children(os.getpid())) - self._running.keys()
        self._orphans = {pid: self._orphans.get(pid) or self._owner(pid) for pid in orphans}
        for pid, run_id in self._orphans.items():
            if not self._may_stay(pid, run_id):
                _kill(pid, signal.SIGKILL)
        left = set(self._orphans.values())
        for pid, leaving in list(self._leaving.items()):
            if leaving.run_id not in left or self._clock.monotonic() >= leaving.give_up_at:
                del self._leaving[pid]
                self._send("ended", run=leaving.run_id, **asdict(leaving.exit))

    def _owner(self, pid: int) -> int | None:
        """Return the run that an orphan comes from; None if it has thrown away every mark."""
        run_id = marks.run_of(pid, self._instance)
        if run_id is not None:
            return run_id
        try:
            session = os.getsid(pid)
        except ProcessLookupError:
            return None
        if session in self._leaving:
            return self._leaving[session].run_id
        return self._running.get(session)

    def _may_stay(self, pid: int, run_id: int | None) -> bool:
        """Return whether the attempt that an orphan comes from still runs, as far as is known."""
        if run_id is not None:
            return run_id in self._running.values()
        # It comes from one that was there before it.
        return any(_started(attempt) <= _started(pid) for attempt in self._running)

    def _end_all(self) -> None:
        """Kill every descendant: with its children it becomes ours, until there are none."""
        with suppress(ChildProcessError):
            while True:
                for pid in children(os.getpid()):
                    _kill(pid, signal.SIGKILL)
                os.wait4(-1, 0)

    def _send(self, kind: str, **values: object) -> None:
        with suppress(OSError):  # the scheduler has gone: the next request will not come
            self._channel.send(json.dumps({"kind": kind, **values}).encode())


def _kill(pid: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):  # the latter: it has become another user's
        os.kill(pid, number)


def _started(pid: int) -> int:
    return int(started(pid) or 0)


def preload(modules: Iterable[str]) -> None:
    """Import *modules*.

    Raises:
        _RefusedError: One can not be imported, or starts a thread: the child of a process with
            threads inherits their locks and not the threads.
    """
    for module in modules:
        try:
            import_module(module)
        except Exception as error:
            raise _RefusedError(
                f"module {module!r} can not be imported: {type(error).__name__}: {error}"
            ) from error
        if _threads() > 1:
            raise _RefusedError(f"module {module!r} starts a thread when it is imported")


def _prepare(function: str) -> None:
    try:
        getattr(import_module(function.partition(":")[0]), function.partition(":")[2])()
    except Exception as error:
        raise _RefusedError(f"{function} failed: {type(error).__name__}: {error}") from error
    if _threads() > 1:
        raise _RefusedError(f"{function} starts a thread")


def _threads() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


def main(descriptor: str) -> None:
    """Be the zygote of the scheduler at the other end of a socket."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        # A signal to the whole service: the scheduler decides what becomes of attempts.
        signal.signal(number, signal.SIG_IGN)
    kernel.take_name("stoma-zygote")
    kernel.adopt_orphans()
    gc.disable()
    with socket.socket(fileno=int(descriptor)) as channel:
        text = channel.recv(_MESSAGE_BYTES)
        if not text:
            return
        setup = json.loads(text)
        try:
            preload([*setup["preload"], setup["entry"].partition(":")[0]])
            load(setup["entry"])
            if setup["prepare"]:
                _prepare(setup["prepare"])
        except (_RefusedError, AttributeError) as error:
            channel.send(json.dumps({"kind": "refused", "why": str(error)}).encode())
            return
        # What is here now is shared by all children: it is not to be counted, or copied, by them.
        gc.collect()
        gc.freeze()
        gc.enable()
        channel.send(json.dumps({"kind": "ready"}).encode())
        Zygote(channel, setup["instance"], SystemClock()).serve()


if __name__ == "__main__":
    main(sys.argv[1])
