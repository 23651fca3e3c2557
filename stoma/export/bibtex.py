"""Papers as BibTeX, in UTF-8.

Fields of preprints: https://info.arxiv.org/help/hypertex/bibstyles/index.html
"""

from collections.abc import Iterable, Iterator

from stoma.export.citing import cite_key, extra, identifier, issued, note
from stoma.export.latex import latex
from stoma.export.names import Name, name_of
from stoma.storage.item_lines import ItemRecord

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
#: What an address may hold and a field may not.
_IN_ADDRESSES = str.maketrans({"{": "%7B", "}": "%7D", "\\": "%5C", " ": "%20", "\n": ""})


def bibtex(records: Iterable[ItemRecord]) -> Iterator[bytes]:
    """Yield one entry per paper; other items are left out."""
    for record in records:
        if record.line.kind == "paper":
            yield entry(record).encode()


def entry(record: ItemRecord) -> str:
    """Return a paper as an entry, with an empty line after it."""
    rows = "".join(f"  {name} = {value},\n" for name, value in _fields(record))
    return f"@misc{{{cite_key(record)},\n{rows}}}\n\n"


def _fields(record: ItemRecord) -> Iterator[tuple[str, str]]:
    line, day = record.line, issued(record)
    names = [_name(name_of(each, kind=line.kind)) for each in record.contributors]
    arxiv = identifier(record, "arxiv")
    texts = {
        "author": " and ".join(names),
        "title": latex(line.title, keep_case=True),
        "year": str(day.year) if day else "",
    }
    yield from ((name, f"{{{text}}}") for name, text in texts.items() if text)
    if day:
        yield "month", _MONTHS[day.month - 1]
    texts = {
        "eprint": arxiv or "",
        "archiveprefix": "arXiv" if arxiv else "",
        "primaryclass": (extra(record, "primary_category") or "") if arxiv else "",
        "version": line.version_key,
        "doi": (identifier(record, "doi") or "").translate(_IN_ADDRESSES),
        "url": line.url.translate(_IN_ADDRESSES),
        "note": latex(note(record)),
        "abstract": latex(record.summary or ""),
    }
    yield from ((name, f"{{{text}}}") for name, text in texts.items() if text)


def _name(name: Name) -> str:
    if name.literal:
        return f"{{{latex(name.literal)}}}"
    parts = (name.family, name.suffix, name.given)
    return ", ".join(_part(each) for each in parts if each)


def _part(text: str) -> str:
    """Return a part of a name; one that BibTeX would take apart again, in braces."""
    split = "," in text or " and " in f" {text.lower()} "
    return f"{{{latex(text)}}}" if split else latex(text)
