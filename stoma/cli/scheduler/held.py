"""What keeps a run that waits from starting, told to somebody who has just asked for it."""

from stoma.cli.session import Session
from stoma.cli.streams import note
from stoma.operations.status import pause_in


def note_what_holds(current: Session) -> None:
    """Say on stderr why no run starts for now; nothing if one does."""
    now = current.clock.now()
    with current.reader() as reader:
        if reader is None:
            return
        pause = pause_in(reader, now)
        if pause is not None:
            note(f"{pause}; to go on: stoma scheduler resume")
        if reader.scheduler() is None:
            note("no scheduler is running: stoma scheduler start")
