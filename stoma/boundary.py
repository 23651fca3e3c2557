"""The one place where an error becomes words on stderr and an exit code.

The command line, `python -m stoma.scheduler.manager` and `python -m stoma.api.main` share it.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from stoma.exceptions import StomaError
from stoma.redaction import redacted
from stoma.text import safe

INTERRUPTED = 130


@contextmanager
def exit_codes(*, debug: bool = False) -> Iterator[None]:
    """Turn what escapes the body into one message and the documented exit code.

    Args:
        debug: Let tracebacks through (`STOMA_DEBUG=1`).
    """
    try:
        yield
        sys.stdout.flush()
    except StomaError as error:
        if debug:
            raise
        report(error)
        raise SystemExit(error.exit_code) from error
    except KeyboardInterrupt as error:
        raise SystemExit(INTERRUPTED) from error
    except BrokenPipeError as error:
        # The reader of our output has gone (`| head`): nothing is left to say to anybody.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from error


def report(error: StomaError) -> None:
    """Print an error and the way out on stderr."""
    lines = [f"error: {safe(redacted(str(error)))}"]
    if error.hint:
        lines.append(f"  {safe(redacted(error.hint))}")
    sys.stderr.write("\n".join(lines) + "\n")
