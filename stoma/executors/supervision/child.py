"""In the process of an attempt: what is set before its entry point is called, and its exit.

The zygote forks such a process; `python -m stoma.executors.supervision.child ORDERS` is the one
that the other executor starts.
"""

import atexit
import json
import os
import resource
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import NoReturn

from stoma.executors.base import OUT_OF_MEMORY
from stoma.executors.supervision import kernel, marks

#: What an attempt runs: called with run id and fence.
Entry = Callable[[int, int], object]

#: Every signal; to ask for them takes a while.
SIGNALS = tuple(signal.valid_signals())


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What the process of an attempt is told."""

    entry: str  #: `package.module:function`
    run_id: int
    fence: int
    work_dir: str  #: its working directory
    memory_bytes: int | None
    parent: int  #: it ends when this process ends


def load(entry: str) -> Entry:
    """Return the function that *entry* names, `package.module:function`."""
    module, _, name = entry.partition(":")
    found: Entry = getattr(import_module(module), name)
    return found


def become_attempt(orders: Orders, output: int, detach: Callable[[], None]) -> NoReturn:
    """Turn this process, just forked by the zygote, into an attempt; never return.

    Args:
        orders: What to do.
        output: The pipe for whatever it prints.
        detach: Closes what only the zygote needs.
    """
    code = 1
    try:
        detach()
        code = carry_out(orders, output)
        _finish()
    finally:
        os._exit(code)


def carry_out(orders: Orders, output: int | None = None) -> int:
    """Run the entry point, as a program of its own is run; return its exit code.

    Args:
        orders: What to do.
        output: The pipe for whatever it prints, if it was forked; None if it was executed, and
            has it already.
    """
    try:
        if output is not None:
            os.setsid()
            _redirect(output)
            marks.mark_forked(orders.run_id)
        _settle(orders)
        load(orders.entry)(orders.run_id, orders.fence)
    except SystemExit as stop:
        return _code(stop)
    except MemoryError:
        with suppress(MemoryError):
            traceback.print_exc()
        return OUT_OF_MEMORY
    except BaseException:  # noqa: BLE001 - what Python does at the top of a program
        traceback.print_exc()
        return 1
    return 0


def _settle(orders: Orders) -> None:
    kernel.die_with(orders.parent)
    kernel.take_name(marks.name_of(orders.run_id))
    kernel.die_first()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if orders.memory_bytes is not None:
        _limit_memory(orders.memory_bytes)
    os.umask(0o077)
    os.chdir(orders.work_dir)
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_DFL:
            signal.signal(number, signal.SIG_DFL)
    # As Python itself sets them: a write to a closed pipe is an error, not the end.
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    # Its lines reach the log one by one, with the moment of each.
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]


def _limit_memory(limit_bytes: int) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    limit = limit_bytes if most == resource.RLIM_INFINITY else min(limit_bytes, most)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def _redirect(output: int) -> None:
    # The zygote's own input is nothing already.
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)


def _code(stop: SystemExit) -> int:
    if stop.code is None:
        return 0
    if isinstance(stop.code, int):
        return stop.code & 0xFF
    sys.stderr.write(f"{stop.code}\n")
    return 1


def _finish() -> None:
    """Do what the interpreter does at its end, but for taking itself apart."""
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()


def main(text: str) -> int:
    """Carry out one attempt, told as JSON; return its exit code."""
    return carry_out(Orders(**json.loads(text)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
