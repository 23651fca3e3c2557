"""The zygote as the scheduler sees it: a process at the other end of a socket."""

import json
import logging
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from errno import EAGAIN
from typing import Any

from stoma.exceptions import PreloadError
from stoma.executors.base import Launch
from stoma.executors.supervision import marks
from stoma.executors.supervision.child import Orders
from stoma.executors.supervision.supervisor import Supervisor
from stoma.executors.supervision.watch import Exit, Process

_log = logging.getLogger(__name__)

#: What starts a zygote; the number of its socket is added.
COMMAND = (sys.executable, "-m", "stoma.executors.supervision.zygote_process")
_MESSAGE_BYTES = 65_536


@dataclass
class Patience:
    """How many seconds a zygote is waited for. It may be changed at any time."""

    #: Until it can fork. Importing everything takes a second; a slow machine may take a minute.
    ready: float = 60.0
    #: In a start, until one that has to import everything again can fork: less than a tick.
    ready_again: float = 1.0
    #: For an answer. A fork takes a millisecond; a zygote that does not answer is killed.
    answer: float = 5.0


class ZygoteLink:
    """One zygote. Its methods may be called from any thread; the supervisor's hears what it says.

    Attributes:
        pid: Its process.
        dead: Whether it has died.
    """

    def __init__(
        self,
        launch: Launch,
        supervisor: Supervisor,
        patience: Patience,
        command: Sequence[str] = COMMAND,
    ) -> None:
        self.dead = False
        self._patience = patience
        self._launch = launch
        self._supervisor = supervisor
        self._attempts: dict[int, _Forked] = {}
        self._answers: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._asking = threading.Lock()
        self._ready = threading.Event()
        self._refusal = ""
        self._channel, self._process = _execute(launch, command)
        self._channel.settimeout(patience.answer)
        self.pid = self._process.pid
        supervisor.listen(self._channel, self._hear)
        setup = ("entry", "preload", "prepare", "instance")
        self._tell({name: getattr(launch, name) for name in setup})

    def wait(self, seconds: float) -> None:
        """Wait until it can fork.

        Raises:
            OSError: It can not yet, or has died.
            PreloadError: It never will.
        """
        ready = self._ready.wait(seconds)
        if self._refusal:
            raise PreloadError(self._refusal)
        if not ready or self.dead:
            raise BlockingIOError(EAGAIN, "the zygote is being started")

    def fork(self, orders: Orders, output: int) -> Process:
        """Return the process of a new attempt.

        Raises:
            OSError: It could not be forked.
        """
        attempt = _Forked(self, orders.run_id)
        with self._asking:
            self._attempts[orders.run_id] = attempt
            try:
                message = json.dumps({"fork": asdict(orders)}).encode()
                socket.send_fds(self._channel, [message], [output])
                attempt.pid = self._answer()
            except OSError:
                self._attempts.pop(orders.run_id, None)
                raise
        return attempt

    def signal(self, run_id: int, number: int) -> None:
        """Send a signal to the process group of an attempt."""
        with suppress(OSError):  # it has just died, and its attempts with it
            self._tell({"signal": number, "run": run_id})

    def close(self) -> None:
        """Let it end; call this when the supervisor has stopped listening."""
        self._channel.close()
        try:
            self._process.wait(self._patience.answer)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _tell(self, message: Mapping[str, object]) -> None:
        self._channel.send(json.dumps(message).encode())

    def _answer(self) -> int:
        """Return the number of the process that was asked for."""
        try:
            answer = self._answers.get(timeout=self._patience.answer)
        except queue.Empty:
            self._process.kill()
            raise TimeoutError(f"the zygote, process {self.pid}, does not answer") from None
        if "errno" in answer:
            raise OSError(answer["errno"], os.strerror(answer["errno"]))
        return int(answer["pid"])

    # --- on the supervisor's thread -----------------------------------------------------------

    def _hear(self) -> None:
        try:
            text = self._channel.recv(_MESSAGE_BYTES)
        except OSError:
            text = b""
        if not text:
            self._die()
            return
        message = json.loads(text)
        match message.pop("kind"):
            case "ready":
                self._ready.set()
            case "refused":
                self._refusal = message["why"]
                self._die()
            case "answer":
                self._answers.put(message)
            case "ended":
                attempt = self._attempts.pop(message.pop("run"), None)
                if attempt is not None:  # None: nobody has waited for it
                    attempt.exit = Exit(**message)

    def _die(self) -> None:
        """Note that it has died: nothing that it forked may outlive it."""
        self._supervisor.forget(self._channel)
        self._channel.close()
        self._process.kill()
        self._process.wait()
        self.dead = True
        if not self._refusal:
            _log.error("the zygote, process %d, has died; so have its attempts", self.pid)
        attempts = dict(self._attempts)
        marks.kill_marked(self._launch.instance, attempts.keys())
        for attempt in attempts.values():
            attempt.exit = Exit(code=-signal.SIGKILL)
        self._answers.put({"errno": EAGAIN})
        self._ready.set()


def _execute(
    launch: Launch, command: Sequence[str]
) -> tuple[socket.socket, "subprocess.Popen[bytes]"]:
    """Start the process of a zygote; return it and the socket it listens to."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        try:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell
                [*command, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env={
                    **launch.environment,
                    marks.INSTANCE: launch.instance,
                    marks.RUN: marks.BLANK,
                },
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        except OSError:
            ours.close()
            raise
    return ours, process


class _Forked:
    """The process of an attempt: a child of the zygote."""

    announced = True

    def __init__(self, zygote: ZygoteLink, run_id: int) -> None:
        self.pid = 0
        self.exit: Exit | None = None
        self._zygote = zygote
        self._run_id = run_id

    def poll(self) -> Exit | None:
        """Return how it ended, after what it left behind was killed."""
        return self.exit

    def ask(self) -> None:
        """Ask it and its group to end."""
        self._zygote.signal(self._run_id, signal.SIGTERM)

    def kill(self) -> None:
        """Kill it and its group."""
        self._zygote.signal(self._run_id, signal.SIGKILL)
