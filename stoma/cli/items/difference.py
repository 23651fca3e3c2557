"""How two versions of an item are set beside each other."""

from collections.abc import Iterator

from stoma.cli.forms import flat
from stoma.cli.output import View
from stoma.cli.pages import heading, paragraph
from stoma.cli.streams import tinted
from stoma.cli.tables import Column
from stoma.cli.times import Times
from stoma.domain.item_diff import FieldChange, Op, Piece, shortened
from stoma.operations.items import Compared
from stoma.storage.item_lines import VersionLine
from stoma.text import safe

_REMOVED, _ADDED = "31", "32"
#: So many words are shown on each side of a change.
_AROUND = 8
#: A text with fewer words is shown before and after, as two lines.
_SHORT = 12


def change_view(item_id: str, before: int, after: int) -> View[FieldChange]:
    """Return how the changed fields of an item, between two of its versions, are shown."""
    return View(
        columns=[
            Column("field", lambda change: change.field),
            Column("before", lambda change: flat(change.before), least=12),
            Column("after", lambda change: flat(change.after), least=12),
        ],
        fields={
            "id": lambda _: item_id,
            "from": lambda _: before,
            "to": lambda _: after,
            "field": lambda change: change.field,
            "before": lambda change: change.before,
            "after": lambda change: change.after,
        },
        name=lambda change: change.field,
    )


def difference_text(compared: Compared, times: Times) -> str:
    """Return a page: which versions, and each field that differs."""
    line = compared.item.line
    lines = [
        heading(f"{line.natural_id}  {line.title}"),
        _origin("-", _REMOVED, compared.before, times),
        _origin("+", _ADDED, compared.after, times),
    ]
    for change in compared.changes:
        lines += ["\n", heading(change.field.removeprefix("extra.").replace("_", " "))]
        lines += [_indented(each) for each in _shown(change)]
    if not compared.changes:
        lines.append("\nnothing differs\n")
    return "".join(lines)


def _origin(sign: str, colour: str, version: VersionLine, times: Times) -> str:
    key = f" {version.version_key}" if version.version_key else ""
    text = f"{sign} version {version.number}{safe(key)}, run {version.run_id}"
    return f"{tinted(f'{text}, {times.at(version.seen_at)}', colour)}\n"


def _indented(text: str) -> str:
    return "".join(f"  {line}\n" for line in paragraph(text).splitlines())


def _shown(change: FieldChange) -> Iterator[str]:
    if change.is_list and (change.removed or change.added):
        yield from (f"- {each}" for each in change.removed)
        yield from (f"+ {each}" for each in change.added)
    elif change.is_list:
        yield "the same, in another order"
    elif change.pieces and len(str(change.before).split()) > _SHORT:
        yield " ".join(map(_marked, shortened(change.pieces, _AROUND)))
    else:
        for sign, value in (("-", change.before), ("+", change.after)):
            if value is not None:
                yield f"{sign} {flat(value)}"


def _marked(piece: Piece) -> str:
    marks = {Op.REMOVED: "[-{}-]", Op.ADDED: "{{+{}+}}", Op.KEPT: "{}"}
    return marks[piece.op].format(piece.text)
