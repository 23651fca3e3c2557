#!/usr/bin/env python3
"""Does the scheduler's unit let the scheduler do what it does?

Where the checks run there is no systemd to try it. So the system calls of a scheduler with its
attempts, from start to end, are compared with those that the unit allows.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT), str(HERE)]

from parts.needed import missing  # noqa: E402

from stoma.service.units import SCHEDULER, Target, unit_text  # noqa: E402 - found beside this

#: Two whole lives of a scheduler: one with a run, one as a service.
TESTS = (
    "tests/integration/test_cli_start.py::test_once_runs_what_is_due_and_ends",
    "tests/integration/test_service.py",
)
#: SQLite calls it when it is root, which the service is not.
AS_ROOT = {"chown", "fchown", "lchown"}


def members(group: str, seen: set[str]) -> set[str]:
    """Return the system calls of a group such as `@system-service`, those inside it included."""
    if group in seen:
        return set()
    seen.add(group)
    said = subprocess.run(
        ["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, check=True
    )
    names = [line.strip() for line in said.stdout.splitlines()[1:]]
    found = {name for name in names if name and name[0] not in "#@"}
    return found.union(*(members(name, seen) for name in names if name.startswith("@")))


def allowed() -> set[str]:
    """Return the system calls that the unit allows."""
    text = unit_text(SCHEDULER, Target(prefix=Path("/opt/stoma")))
    found: set[str] = set()
    for words in re.findall(r"^SystemCallFilter=(.*)$", text, re.MULTILINE):
        groups = words.lstrip("~").split()
        calls = set[str]().union(*(members(group, set()) for group in groups))
        found = found - calls if words.startswith("~") else found | calls
    return found


def used() -> set[str]:
    """Return the system calls of the tests, and of every process they start."""
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "trace"
        command = ["strace", "-f", "-qq", "-o", str(trace)]
        pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS]
        subprocess.run([*command, *pytest], cwd=ROOT, check=True)
        lines = trace.read_text(errors="replace").splitlines()
    return {found[1] for line in lines if (found := re.match(r"\d+ +(\w+)\(", line))}


def main() -> int:
    if why_not := missing("strace", "systemd-analyze"):
        print(f"skipped: {why_not}")
        return 0
    calls = used()
    refused = calls - allowed() - AS_ROOT
    print(f"{len(calls)} system calls used, refused by the unit: {sorted(refused) or 'none'}")
    return int(bool(refused))


if __name__ == "__main__":
    sys.exit(main())
