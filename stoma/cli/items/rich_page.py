"""One item on a terminal, laid out to be read. Texts of a source are never taken as markup."""

from collections.abc import Iterable

from rich.console import Console, Group
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from stoma.cli.items.kinds import item_facts
from stoma.cli.items.page import origins
from stoma.cli.times import Times
from stoma.settings import colour_wanted
from stoma.storage.item_lines import ItemDetail
from stoma.text import safe

#: Longer lines are tiring to read.
_WIDEST = 100


def print_item(found: ItemDetail, times: Times, *, console: Console | None = None) -> None:
    """Print an item on the terminal."""
    console = console or Console(color_system="auto" if colour_wanted() else None, highlight=False)
    paper = "no abstract" if found.line.kind == "paper" else ""
    abstract = Text(safe(found.summary or paper, lines=True))
    body = Group(
        _rows(item_facts(found, times)),
        Padding(abstract, (1, 0) if abstract else (0, 0)),
        _rows(origins(found, times)),
    )
    title = Text(safe(found.line.title), style="bold")
    console.print(
        Panel(
            Group(title, Text(""), body),
            border_style="dim",
            padding=(1, 2),
            width=min(console.width, _WIDEST),
        )
    )


def _rows(facts: Iterable[tuple[str, str]]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, text in facts:
        if text:
            grid.add_row(Text(safe(name)), Text(safe(text, lines=True)))
    return grid
