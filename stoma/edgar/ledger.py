"""Which filings a task has met, so that each is collected once and a vanished one is noticed."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, Self

from stoma.domain.task import Json


class Met(NamedTuple):
    """One filing under one form."""

    form: str
    accession: str


class Ledger:
    """Filings by day, each with a company under which it can be asked for.

    As JSON: day, form, first twelve digits of the accession number, its last six, CIK.
    """

    def __init__(self, days: Mapping[str, Mapping[Met, str]] | None = None) -> None:
        self._days = {day: dict(met) for day, met in (days or {}).items()}
        self._all = {each for met in self._days.values() for each in met}

    @classmethod
    def read(cls, written: object) -> Self:
        """Return what `written` gave; nothing if it is of another making."""
        days = written if isinstance(written, dict) else {}
        return cls({day: dict(_read(forms)) for day, forms in days.items()})

    def written(self) -> dict[str, Json]:
        """Return it as JSON."""
        return {day: _write(met) for day, met in sorted(self._days.items())}

    def __contains__(self, met: Met) -> bool:
        return met in self._all

    def __iter__(self) -> Iterator[Met]:
        return iter(tuple(self._all))

    def __getitem__(self, day: str) -> Mapping[Met, str]:
        return self._days.get(day, {})

    @property
    def days(self) -> tuple[str, ...]:
        """The days that are known, those without a filing included."""
        return tuple(self._days)

    def add(self, day: str, met: Mapping[Met, str]) -> None:
        """Note the filings of a day, also if there are none."""
        self._days.setdefault(day, {}).update(met)
        self._all.update(met)

    def drop(self, gone: Met) -> None:
        """Forget a filing under one form."""
        self._all.discard(gone)
        for met in self._days.values():
            met.pop(gone, None)

    def joined(self, later: "Ledger", *, since: str) -> "Ledger":
        """Return both as one, from the day *since*."""
        whole = Ledger({day: met for day, met in self._days.items() if day >= since})
        for day, met in later._days.items():
            whole.add(day, met)
        return whole


def _read(forms: object) -> Iterable[tuple[Met, str]]:
    for form, senders in (forms if isinstance(forms, dict) else {}).items():
        for sender, numbers in senders.items():
            for number, cik in numbers.items():
                yield Met(form, f"{sender}-{number}"), str(cik)


def _write(met: Mapping[Met, str]) -> dict[str, Json]:
    forms: dict[str, dict[str, dict[str, Json]]] = {}
    for each, cik in sorted(met.items()):
        senders = forms.setdefault(each.form, {})
        senders.setdefault(each.accession[:13], {})[each.accession[14:]] = cik
    return {form: dict(senders) for form, senders in forms.items()}
