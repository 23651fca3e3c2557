"""What all contracts share: how a promise is checked, and how all of them are without pytest."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def must(kept: object, broken: str) -> None:
    """Raise if a promise is not *kept*.

    Raises:
        AssertionError: It says what is *broken*: pytest rewrites no asserts in here.
    """
    if not kept:
        raise AssertionError(broken)


def check(contract: type[Any]) -> None:
    """Check every promise of *contract*, a class derived from one in here.

    Raises:
        AssertionError: Promises are broken; it names them all.
    """
    broken = []
    for name in sorted(dir(contract)):
        if name.startswith("test_"):
            try:
                getattr(contract(), name)()
            except AssertionError as error:
                broken.append(f"{name}: {error}")
            except Exception as error:  # noqa: BLE001 - whatever it is, it keeps no promise
                broken.append(f"{name}: {type(error).__name__}: {error}")
    if broken:
        raise AssertionError("\n".join(broken))


@contextmanager
def no_connections() -> Iterator[None]:
    """Refuse every connection meanwhile.

    Raises:
        AssertionError: One was tried.
    """

    def refuse(_: socket.socket, address: object) -> None:
        raise AssertionError(f"it connects to {address!r} by itself, and not through the gate")

    before = socket.socket.connect
    socket.socket.connect = refuse  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        socket.socket.connect = before  # type: ignore[method-assign]
