"""A program of the administrator's: it gets the notice as JSON on its standard input."""

import subprocess

from stoma.notifications.base import BaseChannel, Parcel
from stoma.notifications.errors import DeliveryError
from stoma.notifications.words import payload
from stoma.settings.environment import SECRET_PREFIX, environment
from stoma.text import safe

#: Variables that hold secrets of other programs, or of ours.
_KEPT_BACK = frozenset({"GITHUB_TOKEN", "CREDENTIALS_DIRECTORY"})


class CommandDelivery(BaseChannel):
    """Runs a command, without a shell: nothing in a notice becomes a word of it."""

    def deliver(self, parcel: Parcel) -> None:
        """Run it once; an exit code other than 0 means that it did not take the notice."""
        command, limit = self.settings.command, self.settings.timeout_seconds
        environ = {
            name: value
            for name, value in environment().items()
            if name not in _KEPT_BACK and not name.startswith(("STOMA_SOURCES__", SECRET_PREFIX))
        }
        try:
            done = subprocess.run(  # noqa: S603 - the administrator's own command, without a shell
                command,
                input=payload(parcel.notice),
                env={**environ, "STOMA_NOTICE_ID": parcel.id},
                capture_output=True,
                timeout=limit,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise DeliveryError(f"{command[0]}: it took more than {limit:g} s") from None
        except OSError as error:
            raise DeliveryError(f"{command[0]} can not be run: {error.strerror}") from None
        if done.returncode:
            words = safe(done.stderr.decode("utf-8", "replace").strip()[-200:])
            said = f": {words}" if words else ""
            raise DeliveryError(f"{command[0]} ended with {done.returncode}{said}")
