"""`stoma items`."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from stoma.domain.item import Contributor, Identifier, ItemStatus, Tag
from tests.fakes import START
from tests.makers import make_item
from tests.unit.cli.support import Cli, Registry, Terminal

ATTENTION = make_item(
    "1706.03762",
    title="Attention Is All You Need",
    summary="The dominant sequence transduction models are based on attention.",
    contributors=tuple(Contributor(name=name) for name in ("Ashish Vaswani", "Noam", "N.")),
    identifiers=(Identifier("arxiv", "1706.03762"), Identifier("doi", "10.48550/arXiv.1706.03762")),
    tags=(Tag("arxiv-category", "cs.CL", primary=True), Tag("arxiv-category", "cs.LG")),
    published_at=datetime(2017, 6, 12, 17, 57, tzinfo=UTC),
    source_updated_at=datetime(2023, 8, 2, 0, 41, tzinfo=UTC),
    version_key="v7",
    extra={"comment": "15 pages", "pages": 15},
)
WITHDRAWN = make_item(
    "2203.00002",
    title="On Forgetting",
    summary=None,
    status=ItemStatus.WITHDRAWN,
    status_reason="an error in section 3",
    contributors=(Contributor(name="A. One"), Contributor(name="B. Two")),
)


@pytest.fixture
def items(registry: Registry) -> Registry:
    registry.task("papers")
    registry.task("others")
    registry.ran("papers", at=START - timedelta(days=2), items=[ATTENTION, make_item()])
    registry.ran("others", at=START - timedelta(hours=2), items=[WITHDRAWN])
    return registry


def test_the_newest_items_come_first(cli: Cli, items: Registry) -> None:
    shown = cli("items", "list")

    assert shown.out == (
        "ID          PUBLISHED   COLLECTED  AUTHORS                TITLE\n"
        "2203.00002  -           2h ago     A. One and B. Two      [withdrawn] On Forgetting\n"
        "2203.00001  -           2d ago     José Raúl Romero       On Testing\n"
        "1706.03762  2017-06-12  2d ago     Ashish Vaswani et al.  Attention Is All You Need\n"
    )
    assert shown.err == "3 items\n"


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["--task", "others"], ["2203.00002"]),
        (["--tag", "cs.CL"], ["1706.03762"]),
        (["--source", "github"], []),
        (["--kind", "paper", "-n", "1"], ["2203.00002"]),
        (["--since", "2026-03-02"], ["2203.00002"]),
        (["--until", "2026-03-01T00:00+01:00"], ["2203.00001", "1706.03762"]),
        (["--run", "1"], ["2203.00001", "1706.03762"]),
    ],
)
def test_items_can_be_chosen(
    cli: Cli, items: Registry, arguments: list[str], found: list[str]
) -> None:
    assert cli("items", "list", *arguments, "-o", "name").lines == found


def test_the_footer_counts(cli: Cli, items: Registry) -> None:
    assert cli("items", "list", "-n", 2).err == "2 of 3 items\n"
    assert "no items" in cli("items", "list", "--source", "github").err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["list", "--kind", "papers"], 2, "did you mean: paper ?"),
        (["list", "--task", "paprs"], 5, "did you mean: papers ?"),
        (["search", "x", "--task", "paprs"], 5, "did you mean: papers ?"),
        (["list", "--since", "yesterday"], 2, "--since is 'yesterday'"),
        (["show", "nothing"], 5, "look for it: stoma items search 'nothing'"),
    ],
)
def test_what_is_not_there_is_explained(
    cli: Cli, items: Registry, arguments: list[str], code: int, message: str
) -> None:
    shown = cli("items", *arguments)

    assert shown.code == code
    assert message in shown.err


def test_without_a_registry_there_is_nothing(cli: Cli) -> None:
    assert (cli("items", "list").code, cli("items", "list", "--json").out) == (0, "[]\n")
    assert cli("items", "search", "x", "--json").out == "[]\n"
    assert cli("items", "show", "x").code == 5


# --- searching --------------------------------------------------------------------------------


def test_a_search_shows_the_words_around_a_hit(cli: Cli, items: Registry) -> None:
    shown = cli("items", "search", "sequence", "attention")

    assert shown.lines == [
        "1706.03762  2017-06-12  Attention Is All You Need",
        "    The dominant sequence transduction models are based on attention.",
        "    Ashish Vaswani et al.",
    ]
    assert shown.err == "1 found\n"


def test_hits_stand_out_on_a_terminal(
    cli: Cli, items: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("sys.stdout", terminal)

    cli("items", "search", "sequence")

    assert "The dominant \x1b[1;33msequence\x1b[0m transduction" in terminal.getvalue()
    assert "\x02" not in terminal.getvalue()


def test_a_search_for_scripts_has_a_plain_snippet(cli: Cli, items: Registry) -> None:
    (found,) = json.loads(cli("items", "search", "sequence", "--json").out)

    assert found["id"] == "1706.03762"
    assert found["authors"] == ["Ashish Vaswani", "Noam", "N."]
    assert found["published_at"] == "2017-06-12T17:57:00+00:00"
    assert found["snippet"].startswith("The dominant sequence transduction")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["testing"], ["2203.00001"]),
        (["TEST*"], ["2203.00001"]),
        (['"is all you"'], ["1706.03762"]),
        (["Jose"], ["2203.00001"]),
        (["C++"], []),
        (["***"], []),
        (["attention", "testing"], []),
        (["on", "--task", "others"], ["2203.00002"]),
    ],
)
def test_every_text_is_a_valid_search(
    cli: Cli, items: Registry, words: list[str], found: list[str]
) -> None:
    assert cli("items", "search", *words, "-o", "name").lines == found


def test_what_is_not_found_gets_a_hint(cli: Cli, items: Registry) -> None:
    assert "begin* finds words that begin so" in cli("items", "search", "xyzzy").err
    assert cli("items", "search", "on", "-n", 1).err == "the best 1; more with --limit\n"


def test_the_wide_form_of_a_search_is_a_table(cli: Cli, items: Registry) -> None:
    assert cli("items", "search", "sequence", "-o", "wide").lines[0].split()[0] == "ID"


# --- one item ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["1706.03762", "10.48550/arXiv.1706.03762", "1"])
def test_an_item_is_found_by_any_of_its_names(cli: Cli, items: Registry, name: str) -> None:
    assert cli("items", "show", name).lines[0] == "Attention Is All You Need"


def test_a_page_says_what_it_is_and_where_it_came_from(cli: Cli, items: Registry) -> None:
    shown = cli("items", "show", "1706.03762")

    *page, version = shown.lines
    assert page == [
        "Attention Is All You Need",
        "authors       Ashish Vaswani, Noam, N.",
        "published     Mon 2017-06-12 17:57 UTC",
        "updated       Wed 2023-08-02 00:41 UTC",
        "version       v7",
        "filed under   cs.CL, cs.LG",
        "arXiv         1706.03762",
        "DOI           10.48550/arXiv.1706.03762",
        "comment       15 pages",
        "url           https://arxiv.org/abs/1706.03762",
        "abstract      The dominant sequence transduction models are based on attention.",
        "collected     Sat 2026-02-28 12:01 UTC (2d ago)",
        "by            papers",
    ]
    assert version.startswith("version 1 v7  run 1, Sat 2026-02-28 12:01 UTC, raw answer ")


def test_a_withdrawn_paper_says_so(cli: Cli, items: Registry) -> None:
    assert "status        withdrawn: an error in section 3" in cli("items", "show", "3").lines


def test_json_has_everything(cli: Cli, items: Registry) -> None:
    found = json.loads(cli("items", "show", "1706.03762", "--json").out)

    assert found["contributors"][0]["name"] == "Ashish Vaswani"
    assert found["tags"][0] == {"scheme": "arxiv-category", "term": "cs.CL", "primary": True}
    assert found["extra"] == {"comment": "15 pages", "pages": 15}
    assert found["versions"][0]["run_id"] == 1
    assert found["tasks"] == ["papers"]
    assert cli("items", "show", "1", "-o", "name").out == "1706.03762\n"
    assert cli("items", "show", "1", "--fields", "title").lines[1] == "Attention Is All You Need"


def test_on_a_terminal_it_is_laid_out_to_be_read(
    cli: Cli, items: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr("sys.stdout", terminal)

    cli("items", "show", "1706.03762")

    lines = terminal.getvalue().splitlines()
    assert max(map(len, lines)) == 60
    assert lines[0].startswith("╭─")
    assert any("The dominant sequence transduction models are" in line for line in lines)


def test_on_a_terminal_a_paper_without_an_abstract_says_so(
    cli: Cli, items: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)

    cli("items", "show", "3")

    assert "no abstract" in terminal.getvalue()
