"""The table of a family's parts: names to classes, loaded when they are asked for."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Generic, TypeVar

from stoma.exceptions import UnknownTypeError
from stoma.text import did_you_mean

T = TypeVar("T")


class Registry(Generic[T]):
    """An index from a part's name to the class that implements it.

    Built-in parts are strings (`"package.module:Class"`), so that listing them imports nothing.
    Installed packages add names through the entry point group *group*; a name that is built in
    can not be replaced.
    """

    def __init__(self, family: str, table: Mapping[str, str], *, group: str = "") -> None:
        self.family = family
        self.table = dict(table)
        self.group = group

    def __iter__(self) -> Iterator[str]:
        """Yield every known name, sorted."""
        return iter(sorted({*self.table, *self._added()}))

    def __contains__(self, name: object) -> bool:
        return name in self.table or name in self._added()

    def get(self, name: str) -> type[T]:
        """Return the class registered as *name*.

        Raises:
            UnknownTypeError: Nothing of that name is registered.
        """
        target = self.table.get(name)
        if target is None:
            target = self._added().get(name)
        if target is None:
            raise UnknownTypeError(self.family, name, self, hint=did_you_mean(name, self))
        module, _, attribute = target.partition(":")
        found: type[T] = getattr(import_module(module), attribute)
        return found

    def _added(self) -> dict[str, str]:
        if not self.group:
            return {}
        from importlib.metadata import entry_points  # costs more than all tables together

        return {point.name: point.value for point in entry_points(group=self.group)}
