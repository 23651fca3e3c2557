"""Collected items in the forms that other programs read: what each form is, and what it holds.

A form is a function from items to pieces of a file, made as they come: nothing is gathered.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from stoma.exceptions import UsageError
from stoma.export import bibtex, csl, tables
from stoma.storage.item_lines import ItemRecord
from stoma.text import did_you_mean

#: From items to the pieces of a file.
Make = Callable[[Iterable[ItemRecord]], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Form:
    """A form of export."""

    name: str
    suffix: str  #: of its files
    make: Make
    kinds: frozenset[str] = frozenset()  #: it holds only these; empty: all
    binary: bool = False  #: nothing for a terminal


def _parquet(records: Iterable[ItemRecord]) -> Iterator[bytes]:
    from stoma.export.parquet import parquet  # its library is an extra

    return parquet(records)


FORMS: Mapping[str, Form] = {
    form.name: form
    for form in (
        Form("jsonl", ".jsonl", tables.json_lines),
        Form("csv", ".csv", tables.csv_rows),
        Form("csl-json", ".json", csl.csl_json),
        Form("bibtex", ".bib", bibtex.bibtex, kinds=frozenset({"paper"})),
        Form("parquet", ".parquet", _parquet, binary=True),
    )
}


def form_of(name: str | None, file_name: str) -> Form:
    """Return the form called *name*; without one, the form that a file's name tells.

    Raises:
        UsageError: There is none of that name, or nothing tells which.
    """
    known = ", ".join(FORMS)
    if name is not None:
        if name not in FORMS:
            raise UsageError(
                f"--format is {name!r}, must be one of {known}", hint=did_you_mean(name, FORMS)
            )
        return FORMS[name]
    for form in FORMS.values():
        if file_name.lower().endswith(form.suffix):
            return form
    raise UsageError(
        f"what to write {file_name!r} as is not told by its name"
        if file_name
        else "no form is given",
        hint=f"--format FORM, one of {known}",
    )
