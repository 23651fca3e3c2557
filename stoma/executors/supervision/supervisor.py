"""One thread that watches every attempt: output into logs, limits, stops, ends."""

import logging
import math
import os
import queue
import selectors
import shutil
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from errno import EMFILE, ENFILE
from pathlib import Path

from stoma.clock import Clock
from stoma.executors.base import AttemptEnd, AttemptSpec, Launch
from stoma.executors.supervision.memory import KernelKills
from stoma.executors.supervision.watch import Process, Watch
from stoma.logs import RunLog

_log = logging.getLogger(__name__)

_CHUNK_BYTES = 65_536
#: How long to wait, when everything is killed, for what can not be killed.
_CLOSE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class _Attempt:
    watch: Watch
    output: int
    log: RunLog
    folder: Path
    wake: threading.Event


class Supervisor:
    """Watches attempts from their start to their end.

    Its thread does all the work; the methods may be called from any other.
    """

    def __init__(self, launch: Launch, clock: Clock, kills: KernelKills | None = None) -> None:
        self._launch = launch
        self._clock = clock
        self._attempts: dict[int, _Attempt] = {}
        self._ended: queue.SimpleQueue[AttemptEnd] = queue.SimpleQueue()
        self._calls: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        self._kernel_kills = kills or KernelKills()
        self._closing = False
        self._bug: BaseException | None = None
        self._selector = selectors.DefaultSelector()
        self._bell, self._rope = socket.socketpair()
        self._bell.setblocking(False)
        self._rope.setblocking(False)
        self._selector.register(self._bell, selectors.EVENT_READ, self._answer_bell)
        self._thread = threading.Thread(target=self._run, name="attempts", daemon=True)

    def open(self) -> None:
        """Begin to watch."""
        # What is there was left by a crash.
        shutil.rmtree(self._launch.work_dir, ignore_errors=True)
        self._thread.start()

    def close(self) -> None:
        """Kill every attempt and stop watching."""
        if self._thread.is_alive():
            self.call(self._kill_all)
            self._thread.join(_CLOSE_SECONDS)
        while self._attempts:  # something that can not be killed, or a bug
            _, attempt = self._attempts.popitem()
            os.close(attempt.output)
            attempt.log.close()
        self._bell.close()
        self._rope.close()
        self._selector.close()

    def begin(
        self, spec: AttemptSpec, wake: threading.Event, start: Callable[[int, Path], Process]
    ) -> None:
        """Start an attempt and watch it; set *wake* when it has ended.

        Args:
            spec: The attempt.
            wake: Set when there is something in `ended`.
            start: Starts the process, given the pipe for its output and its work folder.

        Raises:
            OSError: No process, pipe or folder could be had.
        """
        with ExitStack() as undo:
            log = _open_log(spec)
            undo.callback(log.close)
            folder = self._launch.work_dir / f"{spec.run_id}-{spec.fence}"
            folder.mkdir(mode=0o700, parents=True)
            undo.callback(_remove, folder)
            output, into = os.pipe()
            undo.callback(os.close, output)
            try:
                os.set_blocking(output, False)
                now = self._clock.monotonic()
                process = start(into, folder)
            finally:
                os.close(into)
            undo.pop_all()
        watch = Watch(spec, process, now=now, grace_seconds=self._launch.grace_seconds)
        attempt = _Attempt(watch, output, log, folder, wake)
        self.call(lambda: self._add(attempt))

    def ended(self) -> list[AttemptEnd]:
        """Return the attempts that ended since the last call."""
        if self._bug is not None:
            raise self._bug
        found: list[AttemptEnd] = []
        with suppress(queue.Empty):
            while True:
                found.append(self._ended.get_nowait())
        return found

    def stop(self, run_id: int) -> None:
        """End an attempt: ask, wait a little, kill."""
        self.call(lambda: self._stop(run_id))

    def listen(self, channel: socket.socket, hear: Callable[[], None]) -> None:
        """Call *hear*, on the thread, whenever *channel* has something to read."""
        self.call(lambda: self._selector.register(channel, selectors.EVENT_READ, hear))

    def forget(self, channel: socket.socket) -> None:
        """Listen to *channel* no longer; only for what is called on the thread."""
        self._selector.unregister(channel)

    def call(self, function: Callable[[], object]) -> None:
        """Let the thread call *function*."""
        self._calls.put(function)
        with suppress(BlockingIOError):  # so many have rung that it will hear
            self._rope.send(b".")

    # --- on the thread ------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._closing or self._attempts:
                for key, _ in self._selector.select(self._patience()):
                    key.data()
                for attempt in list(self._attempts.values()):
                    if attempt.watch.look(self._clock.monotonic()):
                        self._finish(attempt)
        except Exception as bug:  # noqa: BLE001 - it is raised where it can end the program
            # Without this thread no attempt would ever end: whoever asks next is told.
            _log.exception("the supervisor of attempts has failed")
            self._bug = bug
            for attempt in self._attempts.values():
                attempt.wake.set()

    def _patience(self) -> float | None:
        watches = [attempt.watch for attempt in self._attempts.values()]
        next_look_at = min((watch.next_look_at for watch in watches), default=math.inf)
        poll_seconds = min((watch.poll_seconds for watch in watches), default=math.inf)
        seconds = min(next_look_at - self._clock.monotonic(), poll_seconds)
        return None if seconds == math.inf else max(seconds, 0.0)

    def _answer_bell(self) -> None:
        with suppress(BlockingIOError):
            self._bell.recv(4096)
        with suppress(queue.Empty):
            while True:
                self._calls.get_nowait()()

    def _add(self, attempt: _Attempt) -> None:
        self._attempts[attempt.watch.spec.run_id] = attempt
        self._selector.register(attempt.output, selectors.EVENT_READ, lambda: self._read(attempt))

    def _stop(self, run_id: int) -> None:
        if run_id in self._attempts:
            self._attempts[run_id].watch.stop(self._clock.monotonic())

    def _kill_all(self) -> None:
        self._closing = True
        for attempt in self._attempts.values():
            attempt.watch.kill(self._clock.monotonic())

    def _read(self, attempt: _Attempt) -> None:
        try:
            output = os.read(attempt.output, _CHUNK_BYTES)
        except BlockingIOError:
            return
        if output:
            attempt.log.feed(output, self._clock.now())
        else:
            self._selector.unregister(attempt.output)
            attempt.watch.piped = False

    def _finish(self, attempt: _Attempt) -> None:
        del self._attempts[attempt.watch.spec.run_id]
        if attempt.watch.piped:
            self._selector.unregister(attempt.output)
        os.close(attempt.output)
        attempt.log.close()
        _remove(attempt.folder)
        end = attempt.watch.end()
        if attempt.watch.unexplained and self._kernel_kills.happened():
            end = replace(end, out_of_memory=True)
        self._ended.put(end)
        attempt.wake.set()


def _open_log(spec: AttemptSpec) -> RunLog:
    """Return the log of an attempt; one that leads nowhere if a file can not be had."""
    try:
        return RunLog(spec.log_path)
    except OSError as error:
        if error.errno in {EMFILE, ENFILE}:
            raise
        _log.warning("run %d goes on without a log: %s", spec.run_id, error)
        return RunLog(Path(os.devnull))


def _remove(folder: Path) -> None:
    """Remove a work folder; one that is not empty on a thread of its own, for it may be large."""
    try:
        folder.rmdir()
    except OSError:
        remover = threading.Thread(
            target=shutil.rmtree, args=(folder, True), name=f"remove-{folder.name}", daemon=True
        )
        with suppress(RuntimeError):  # no thread can be had: then when the next scheduler starts
            remover.start()
