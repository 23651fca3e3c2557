"""An attempt in a process of its own, started as `python -m ...`: works everywhere."""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from stoma.executors.base import AttemptSpec
from stoma.executors.supervision import marks
from stoma.executors.supervision.executor import ProcessExecutor
from stoma.executors.supervision.watch import Exit, Process

_COMMAND = (sys.executable, "-m", "stoma.executors.supervision.child")


class SubprocessExecutor(ProcessExecutor):
    """Executes a new interpreter per attempt.

    Where there is no `/proc`, what leaves the attempt's process group outlives it.
    """

    def _start(self, spec: AttemptSpec, output: int, folder: Path) -> Process:
        orders = self._orders(spec, folder, os.getpid())
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell
            [*_COMMAND, json.dumps(asdict(orders))],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={
                **self._launch.environment,
                marks.INSTANCE: self._launch.instance,
                marks.RUN: str(spec.run_id),
            },
            start_new_session=True,
        )
        return _Executed(process, self._launch.instance, spec.run_id)


class _Executed:
    """The process of an attempt: a child of this one."""

    announced = False

    def __init__(self, process: subprocess.Popen[bytes], instance: str, run_id: int) -> None:
        self.pid = process.pid
        self._process = process
        self._instance = instance
        self._run_id = run_id

    def poll(self) -> Exit | None:
        """Return how it ended, after what it left behind was killed."""
        if hasattr(os, "waitid"):  # not on macOS before Python 3.13
            if os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                return None
            # Not waited for yet, so that the group's number is still its own.
            self._signal(signal.SIGKILL)
        pid, status, usage = os.wait4(self.pid, os.WNOHANG)
        if pid == 0:
            return None
        end = Exit.of(status, usage)
        # Told to Popen, so that it does not wait for the process a second time.
        self._process.returncode = end.code
        marks.kill_marked(self._instance, {self._run_id})
        return end

    def ask(self) -> None:
        """Ask it and its group to end."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kill it and its group."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        if self._process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)
