"""How much of its log a command shows."""

from enum import StrEnum


class LogLevel(StrEnum):
    """The least severe kind of line that is shown."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"
