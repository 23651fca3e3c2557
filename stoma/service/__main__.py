"""`python -m stoma.service`: what the installer script calls, before stoma itself is installed.

The command `stoma service` does the same through the same functions.
"""

import argparse
import sys
from pathlib import Path

from stoma.boundary import exit_codes
from stoma.service.installing import install, uninstall
from stoma.service.steps import Change
from stoma.service.units import PREFIX, Target, hidden_in
from stoma.service.words import told, what_next
from stoma.text import safe


def main(arguments: list[str] | None = None) -> None:
    """Install or remove the service of the system."""
    parser = argparse.ArgumentParser(prog="python -m stoma.service", description=__doc__)
    parser.add_argument("verb", choices=("install", "uninstall", "usable"))
    parser.add_argument("--prefix", type=Path, default=PREFIX, help="has bin/stoma")
    parser.add_argument("--root", type=Path, default=Path("/"), help="stands for the whole system")
    parser.add_argument("--sandbox", action="store_true", help="tasks may have a sandbox")
    parser.add_argument("--web", action="store_true", help="the web part starts with the machine")
    parser.add_argument("--purge", action="store_true", help="remove data, settings and user")
    parser.add_argument("--dry-run", action="store_true", help="only say what would change")
    given = parser.parse_args(arguments)
    if given.verb == "usable":  # is this Python one that the service can see?
        sys.exit(hidden_in(Path(sys.executable).resolve()) is not None)
    with exit_codes():
        root = given.root.absolute()
        target = Target(prefix=given.prefix, root=root, sandbox=given.sandbox)
        if given.verb == "install":
            done = install(target, dry=given.dry_run, web=given.web)
        else:
            done = uninstall(target, dry=given.dry_run, purge=given.purge)
        _say(done, dry=given.dry_run)
        if given.verb == "install" and not given.dry_run:
            sys.stderr.write(what_next(target, done, web=given.web))


def _say(done: list[Change], *, dry: bool) -> None:
    sys.stdout.write("".join(f"{safe(line)}\n" for line in told(done, dry=dry)))


if __name__ == "__main__":
    main()
