"""Pages of a list: the one before, the one after, and what is said of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Paging:
    """Where the neighbours of a page are; None: there is none."""

    before: str | None
    after: str | None
    said: str
