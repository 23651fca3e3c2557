"""What the commands about users and tokens share."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from stoma.cli.session import Session

if TYPE_CHECKING:
    from stoma.app import App

T = TypeVar("T")


def found(current: Session, listed: "Callable[[App], list[T]]") -> list[T]:
    """Return what *listed* finds in the registry; nothing where there is none yet."""
    with current.reader() as reader:
        if reader is None:
            return []
    with current.app() as app:
        return listed(app)
