"""How read commands print: a table for people, stable forms for scripts."""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Annotated, Any, Generic, TypeVar

import typer

from stoma.cli.forms import FORMS, dumps, flat
from stoma.cli.streams import put
from stoma.cli.tables import Column, table
from stoma.domain.task import Json
from stoma.exceptions import UsageError
from stoma.settings import OUTPUTS, output_default
from stoma.text import did_you_mean, safe

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class View(Generic[T]):
    """How records of one kind are shown: columns for people, fields for scripts."""

    fields: Mapping[str, Callable[[T], Json]]  #: the stable shape, see docs/reference/json.md
    name: Callable[[T], str]  #: what `-o name` prints
    columns: Sequence[Column[T]] = ()


@dataclass(frozen=True, slots=True)
class Output:
    """What the caller asked for."""

    form: str = "table"
    chosen: tuple[str, ...] = ()
    headers: bool = True
    utc: bool = False

    @property
    def for_people(self) -> bool:
        """Whether somebody reads it, rather than a program."""
        return self.form in {"table", "wide"}

    def emit(self, view: View[T], records: Iterable[T]) -> None:
        """Print *records*."""
        if self.for_people:
            put(table(self._columns(view), list(records), headers=self.headers))
        elif self.form == "name":
            put("".join(f"{safe(view.name(each))}\n" for each in records))
        else:
            names = self._names(view)
            rows = [{name: view.fields[name](each) for name in names} for each in records]
            put(FORMS[self.form](rows, names, self.headers))

    def text(self, text: str) -> None:
        """Print what is for people only."""
        put(text)

    def one(self, view: View[T], record: T, text: Callable[[], str]) -> None:
        """Print one record: *text* for people, or the form asked for; JSON is one object."""
        if self.for_people and not self.chosen:
            put(text())
        elif self.form == "json":
            put(dumps({name: view.fields[name](record) for name in self._names(view)}) + "\n")
        else:
            self.emit(view, [record])

    def _names(self, view: View[T]) -> Sequence[str]:
        return _known(self.chosen, view.fields) if self.chosen else list(view.fields)

    def _columns(self, view: View[T]) -> Sequence[Column[T]]:
        if self.chosen:
            by_name = {name: _as_column(name, field) for name, field in view.fields.items()}
            by_name |= {each.name: each for each in view.columns}
            return [by_name[name] for name in _known(self.chosen, by_name)]
        return [each for each in view.columns if self.form == "wide" or not each.wide]


def _as_column(name: str, field: Callable[[T], Json]) -> Column[T]:
    return Column(name, lambda record: flat(field(record)))


def _known(chosen: Sequence[str], known: Iterable[str]) -> Sequence[str]:
    names = list(known)
    for name in chosen:
        if name not in names:
            raise UsageError(
                f"no field {name!r}; known: {', '.join(names)}", hint=did_you_mean(name, names)
            )
    return chosen


def reads(command: Callable[..., None]) -> Callable[..., None]:
    """Give a read command the options of all read commands, as one argument `out`."""
    signature = inspect.signature(command, eval_str=True)
    kept = [each for name, each in signature.parameters.items() if name != "out"]

    @wraps(command)
    def wrapped(**values: Any) -> None:
        given = {name: values.pop(name) for name in COMMON_OPTIONS}
        out = Output(
            form="json" if given["as_json"] else _form(given["output"]),
            chosen=tuple(name for name in (given["fields"] or "").split(",") if name),
            headers=not given["no_headers"],
            utc=given["utc"],
        )
        command(**values, out=out)

    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, (kind, default) in COMMON_OPTIONS.items()
    ]
    return with_parameters(wrapped, [*kept, *added])


def with_parameters(
    wrapped: Callable[..., None], parameters: Sequence[inspect.Parameter]
) -> Callable[..., None]:
    """Return *wrapped*, which Typer is to see with these parameters."""
    setattr(wrapped, "__signature__", inspect.Signature(parameters))  # noqa: B010 - no such attribute yet
    wrapped.__annotations__ = {each.name: each.annotation for each in parameters}
    del wrapped.__wrapped__  # type: ignore[attr-defined]
    return wrapped


#: The options that `reads` adds.
COMMON_OPTIONS: Mapping[str, tuple[Any, Any]] = {
    "as_json": (Annotated[bool, typer.Option("--json", help="Same as -o json.")], False),
    "output": (
        Annotated[
            str | None,
            typer.Option("--output", "-o", metavar="FORM", help=f"{', '.join(OUTPUTS)}."),
        ],
        None,
    ),
    "fields": (
        Annotated[
            str | None,
            typer.Option(metavar="A,B", help="Only these fields, or columns of the table."),
        ],
        None,
    ),
    "no_headers": (Annotated[bool, typer.Option("--no-headers", help="Data only.")], False),
    "utc": (Annotated[bool, typer.Option("--utc", help="Times in full, in UTC.")], False),
}


def _form(given: str | None) -> str:
    form = given or output_default()
    if form not in OUTPUTS:
        raise UsageError(
            f"--output is {form!r}, must be one of {', '.join(OUTPUTS)}",
            hint=did_you_mean(form, OUTPUTS),
        )
    return form
