"""The program's log as the settings want it."""

from pathlib import Path

from stoma import logs
from stoma.exceptions import SettingsError
from stoma.settings.environment import environment
from stoma.settings.service import LoggingSettings


def begin_log(wanted: LoggingSettings, *, file: bool = False) -> None:
    """Begin to log: on stderr, for the journal if that is where it leads.

    Args:
        wanted: Level, form and file.
        file: Whether the lines go to the file of the settings too. For one process only: two that
            begin a new file at the same time would lose lines.

    Raises:
        SettingsError: The file can not be written.
    """
    logs.configure(
        wanted.level,
        form=wanted.format,
        journal=logs.to_journal(environment().get("JOURNAL_STREAM", "")),
        file=_file(wanted) if file and wanted.file else None,
    )


def _file(wanted: LoggingSettings) -> logs.LogFile:
    try:
        return logs.LogFile(
            Path(wanted.file).expanduser(),
            most_bytes=int(wanted.file_megabytes * 1_000_000),
            count=wanted.file_count,
        )
    except (OSError, RuntimeError) as error:
        problem = getattr(error, "strerror", None) or str(error)
        raise SettingsError(
            f"logging.file is {wanted.file!r}, which can not be written: {problem}",
            hint="name a file that this user may write, or leave it out",
        ) from None
