"""The promise of a channel."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from stoma.clock import Clock
from stoma.domain.notice import Notice
from stoma.secrets import Secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One notice on its way, possibly for the second time."""

    id: str  #: the same at every try: whoever gets it twice can tell
    notice: Notice


class BaseChannel(ABC):
    """Delivers one notice at a time.

    * It returns when the other side has taken the notice, and raises otherwise; it tries once.
    * It takes no longer than its `timeout_seconds`, whatever the other side does.
    * It asks for its secrets when it needs them, and keeps none.
    * Nothing in a notice is obeyed: no header, address or command is made of it unchecked.
    """

    def __init__(self, settings: Any, secrets: Secrets, clock: Clock) -> None:
        self.settings = settings
        self.secrets = secrets
        self.clock = clock

    @abstractmethod
    def deliver(self, parcel: Parcel) -> None:
        """Deliver one notice.

        Raises:
            DeliveryError: It was not taken; `retryable` says whether to try again.
            SecretError: A secret that it needs is not there.
        """
