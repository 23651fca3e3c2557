"""A pause of the scheduler as a whole, as the registry keeps it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from stoma.domain.task import Json

#: The name under which the registry keeps it.
PAUSED: Final = "paused"


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause in force."""

    until: datetime | None  #: None: until it is resumed
    reason: str

    @classmethod
    def read(cls, value: Json, now: datetime) -> "Pause | None":
        """Return the pause that is kept as *value*; None if there is none, or its end has come."""
        if not isinstance(value, dict):
            return None
        until = datetime.fromisoformat(str(value["until"])) if value["until"] else None
        if until is not None and until <= now:
            return None
        return cls(until, str(value["reason"]))

    def written(self) -> dict[str, Json]:
        """Return it as the registry keeps it."""
        return {"until": self.until.isoformat() if self.until else None, "reason": self.reason}

    def __str__(self) -> str:
        until = f" until {self.until:%Y-%m-%d %H:%M:%S} UTC" if self.until else ""
        return f"the scheduler is paused{until}{f': {self.reason}' if self.reason else ''}"
