"""The table of a family's parts: names to classes, loaded when they are asked for."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Generic, Protocol, TypeVar, cast

from stoma.exceptions import OwnCodeError, UnknownTypeError
from stoma.text import did_you_mean

T = TypeVar("T")


class Own(Protocol):
    """Finds classes in files of the user's own, named `file.py:ClassName`."""

    def load(self, name: str) -> object:
        """Run the file and return what it calls so."""
        ...

    def look(self, name: str) -> None:
        """Check that there is such a class, without running the file."""
        ...


def is_own(name: str) -> bool:
    """Whether *name* names something in a file, not a part that is built in or installed."""
    return ".py:" in name or name.endswith(".py")


class Registry(Generic[T]):
    """An index from a part's name to the class that implements it.

    Built-in parts are strings (`"package.module:Class"`), so that listing them imports nothing.
    Installed packages add names through the entry point group *group*; a name that is built in
    can not be replaced. A user's own file is named as `file.py:ClassName`. Such parts must be
    classes derived from *base*, if there is one.
    """

    def __init__(
        self,
        family: str,
        table: Mapping[str, str],
        *,
        group: str = "",
        base: type[T] | None = None,
    ) -> None:
        self.family = family
        self.table = dict(table)
        self.group = group
        self.base = base

    def __iter__(self) -> Iterator[str]:
        """Yield every known name, sorted."""
        return iter(sorted({*self.table, *self._added()}))

    def __contains__(self, name: object) -> bool:
        return name in self.table or name in self._added()

    def get(self, name: str, own: Own | None = None) -> type[T]:
        """Return the class registered as *name*, or the one in a file of the user's *own*.

        Raises:
            UnknownTypeError: Nothing of that name is registered.
            OwnCodeError: It is the user's own or an installed one, and can not be used.
        """
        target = self.table.get(name)
        if target is not None:
            return self._imported(target)
        if own is not None and is_own(name):
            return self._checked(name, own.load(name))
        target = self._target(name)
        try:
            found = self._imported(target)
        except Exception as error:
            problem = f"{target}: {type(error).__name__}: {error}"
            raise OwnCodeError(name, problem) from error
        return self._checked(name, found)

    def look(self, name: str, own: Own) -> None:
        """Check that there is a part *name*, as far as that can be told without running it.

        Raises:
            UnknownTypeError: Nothing of that name is registered.
            OwnCodeError: It is in a file that can not be used.
        """
        if is_own(name):
            own.look(name)
        elif name not in self.table:
            self._target(name)

    def _target(self, name: str) -> str:
        target = self._added().get(name)
        if target is None:
            raise UnknownTypeError(self.family, name, self, hint=did_you_mean(name, self))
        return target

    def _imported(self, target: str) -> type[T]:
        module, _, attribute = target.partition(":")
        found: type[T] = getattr(import_module(module), attribute)
        return found

    def _checked(self, name: str, found: object) -> type[T]:
        base = self.base
        if base is not None and not (isinstance(found, type) and issubclass(found, base)):
            raise OwnCodeError(
                name,
                f"it is no {self.family}",
                hint=f"derive a class from {base.__module__}.{base.__name__}",
            )
        return cast("type[T]", found)

    def _added(self) -> dict[str, str]:
        if not self.group:
            return {}
        from importlib.metadata import entry_points  # costs more than all tables together

        return {point.name: point.value for point in entry_points(group=self.group)}
