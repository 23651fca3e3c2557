"""What can go wrong between stoma and who keeps it at work."""

from stoma.exceptions import StomaError


class ServiceError(StomaError):
    """The service can not be installed, removed or asked."""


class HeartbeatError(StomaError):
    """The monitor outside could not be told that the scheduler works."""

    def __init__(self, host: str, problem: str) -> None:
        self.host = host
        super().__init__(f"no sign of life was taken by {host}: {problem}")


class NoPermissionError(ServiceError):
    """What was asked for takes more rights than this process has."""

    exit_code = 77

    def __init__(self, path: str, *, hint: str = "") -> None:
        self.path = path
        super().__init__(f"no permission for {path}", hint=hint or "try again as root (sudo)")
