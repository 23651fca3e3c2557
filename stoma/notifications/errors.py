"""What can go wrong with a notice: the branch of the error tree that only channels have."""

from stoma.exceptions import StomaError


class DeliveryError(StomaError):
    """A notice was not taken by the other side of a channel.

    Attributes:
        retryable: Whether the same notice may be taken later.
        retry_after_seconds: How long the other side asks to be left alone; None: it does not say.
    """

    def __init__(
        self,
        message: str,
        *,
        retryable: bool = True,
        retry_after_seconds: float | None = None,
        hint: str = "",
    ) -> None:
        self.retryable = retryable
        self.retry_after_seconds = retry_after_seconds
        super().__init__(message, hint=hint)
