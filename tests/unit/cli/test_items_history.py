"""`stoma items diff`, `show --raw`, `stats`, `reparse`, and how kinds of items are shown."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from stoma.domain.item import Contributor, Item, ItemKind, Observation, Relation, Tag
from tests.fakes import START
from tests.makers import make_item
from tests.unit.cli.support import Cli, Registry, Terminal

LONG = "We test that one two three four five six seven eight nine ten of it works."
PAPER = make_item("2203.00001", summary=LONG, extra={"comment": "5 pages"})
CHANGED = replace(
    PAPER,
    title="On Testing, Again",
    summary=LONG.replace("test", "measure").replace("works", "holds"),
    version_key="v2",
    version_seq=2,
    contributors=(*PAPER.contributors, Contributor(name="B. \x1b[31mTwo")),
    extra={"comment": "6 pages"},
)
REPOSITORY = make_item(
    "42",
    source="github",
    kind=ItemKind.REPOSITORY,
    title="owner/name",
    version_key="",
    version_seq=0,
    contributors=(Contributor(name="owner", role="owner"),),
    identifiers=(),
    tags=(Tag("language", "Python", primary=True), Tag("topic", "cron"), Tag("license", "MIT")),
    relations=(Relation("forkOf", "7"),),
    extra={"archived": True, "homepage": "https://example.org", "default_branch": "main"},
)
RELEASE = make_item(
    "release/1",
    source="github",
    kind=ItemKind.RELEASE,
    title="owner/name v1",
    version_key="",
    tags=(),
    identifiers=(),
    extra={"tag": "v1", "prerelease": True, "name": None},
    observations=(Observation("downloads", 1200),),
)
FILING = make_item(
    "0000700001-26-000001",
    source="sec_edgar",
    kind=ItemKind.FILING,
    title="4 - Doors, Inc.",
    version_key="0000700001-26-000001",
    summary=None,
    contributors=(
        Contributor(name="Doors, Inc.", role="issuer", external_id="0000700001"),
        Contributor(name="EXAMPLE ADA", role="reporting_owner", affiliations=("director",)),
    ),
    tags=(Tag("form", "4"),),
    published_at=START,
    extra={
        "filing_date": "2026-03-02",
        "period": "2026-03-01",
        "items": ["1.01", "9.01"],
        "ownership": {
            "transactions": [
                {"date": "2026-03-01", "code": "S", "acquired_disposed": "D", "shares": 1000,
                 "security": "Common Stock", "price": 12.5, "shares_after": 4000},
                {"code": "G", "shares": None},
            ],
        },
    },
)  # fmt: skip


@pytest.fixture
def papers(registry: Registry) -> Registry:
    registry.task("papers")
    registry.ran("papers", at=START - timedelta(days=2), items=[PAPER])
    registry.ran("papers", at=START - timedelta(days=1), items=[CHANGED])
    return registry


# --- diff -------------------------------------------------------------------------------------


def test_a_difference_is_told_field_by_field(cli: Cli, papers: Registry) -> None:
    shown = cli("items", "diff", "2203.00001")

    assert shown.out == (
        "2203.00001  On Testing, Again\n"
        "- version 1 v1, run 1, Sat 2026-02-28 12:01 UTC\n"
        "+ version 2 v2, run 2, Sun 2026-03-01 12:01 UTC\n"
        "\n"
        "version key\n"
        "  - v1\n"
        "  + v2\n"
        "\n"
        "title\n"
        "  - On Testing\n"
        "  + On Testing, Again\n"
        "\n"
        "summary\n"
        "  We [-test-] {+measure+} that one two three four five six seven eight nine ten of it"
        " [-works.-] {+holds.+}\n"
        "\n"
        "contributors\n"
        "  + B. \\x1b[31mTwo\n"
        "\n"
        "comment\n"
        "  - 5 pages\n"
        "  + 6 pages\n"
    )


def test_a_difference_is_a_list_for_scripts(cli: Cli, papers: Registry) -> None:
    found = json.loads(cli("items", "diff", "2203.00001", "--from", "v1", "--json").out)

    assert found[0] == {
        "id": "2203.00001", "from": 1, "to": 2, "field": "version_key",
        "before": "v1", "after": "v2",
    }  # fmt: skip
    assert cli("items", "diff", "1", "-o", "name").lines[-1] == "extra.comment"
    assert "2  title" in " ".join(
        cli("items", "diff", "1", "-o", "tsv", "--fields", "to,field")
        .out.replace("\t", "  ")
        .split("\n")
    )
    assert cli("items", "diff", "1", "--fields", "field,after").lines[2].startswith("title")


def test_any_two_versions_can_be_compared(cli: Cli, papers: Registry) -> None:
    backwards = cli("items", "diff", "1", "--from", "2", "--to", "1").out

    assert "- B. \\x1b[31mTwo" in backwards
    assert "nothing differs" in cli("items", "diff", "1", "--from", "2", "--to", "v2").out


def test_another_order_of_authors_says_so(cli: Cli, papers: Registry) -> None:
    turned = replace(CHANGED, contributors=CHANGED.contributors[::-1])
    papers.ran("papers", at=START, items=[turned])

    assert "  the same, in another order\n" in cli("items", "diff", "1").out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--from", "v9"], 5, "it has: 1 (v1), 2 (v2)"),
        (["--to", "1"], 2, "has no version before 1 (v1)"),
    ],
)
def test_a_version_that_is_not_there_is_explained(
    cli: Cli, papers: Registry, arguments: list[str], code: int, message: str
) -> None:
    shown = cli("items", "diff", "2203.00001", *arguments)

    assert (shown.code, message in shown.err) == (code, True)


# --- where it came from -----------------------------------------------------------------------


def test_the_answer_of_a_version_is_printed_byte_for_byte(cli: Cli, papers: Registry) -> None:
    newest, first = (
        cli("items", "show", "1", "--raw", *more) for more in ([], ["--version", "v1"])
    )

    assert (newest.out, first.out) == ("<feed>2</feed>", "<feed>1</feed>")
    assert newest.err.splitlines()[:2] == [
        "version 2, run 2, Mon 2026-03-02 12:00 UTC",
        "GET http://127.0.0.1/api/query: HTTP 200, application/atom+xml",
    ]


def test_a_terminal_obeys_no_answer(
    cli: Cli, papers: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    with papers.app.database.write() as connection:
        import zlib

        body = zlib.compress(b"\x1b]0;x\x07")
        connection.exec_driver_sql("UPDATE raw_answers SET body = ?", (body,))
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)

    cli("items", "show", "1", "--raw")

    assert terminal.getvalue() == "\\x1b]0;x\\x07"


def test_an_answer_that_was_dropped_says_where_it_came_from(cli: Cli, papers: Registry) -> None:
    with papers.app.database.write() as connection:
        connection.exec_driver_sql("UPDATE raw_answers SET body = x'', kept_bytes = 0")

    shown = cli("items", "show", "1", "--raw")

    assert (shown.code, "it came from http://127.0.0.1/api/query" in shown.err) == (5, True)
    assert "(dropped)" in cli("items", "show", "1").out
    assert cli("items", "show", "1", "--version", "v1").code == 2


@pytest.mark.parametrize("name", ["https://arxiv.org/abs/2203.00001v2", "arXiv:2203.00001"])
def test_a_paper_is_found_however_its_id_is_written(cli: Cli, papers: Registry, name: str) -> None:
    assert cli("items", "show", name, "-o", "name").out == "2203.00001\n"


def test_reading_again_says_what_it_came_to(cli: Cli, papers: Registry) -> None:
    shown = cli("items", "reparse", "--dry-run")

    assert shown.lines == [
        "items      1, from 2 answers read again",
        "the same   0 versions",
        "changed    nothing",
        "not there  2 versions: the answer has it no more",
    ]
    assert json.loads(cli("items", "reparse", "--json", "--source", "github").out)["items"] == 0


# --- kinds ------------------------------------------------------------------------------------


def page(cli: Cli, registry: Registry, item: Item) -> str:
    registry.task("papers")
    registry.ran("papers", items=[item])
    return cli("items", "show", item.natural_id).out


def test_a_repository_shows_how_its_stars_grow(cli: Cli, registry: Registry) -> None:
    registry.task("papers")
    for day, stars in enumerate((10, 12, 12, 20)):
        seen = replace(REPOSITORY, observations=(Observation("stars", stars),))
        registry.ran("papers", at=START - timedelta(days=4 - day), items=[seen])

    shown = cli("items", "show", "42")

    assert shown.lines[:10] == [
        "owner/name",
        "owner        owner",
        "language     Python",
        "topics       cron",
        "license      MIT",
        "stars        20",
        "stars a day  +8 on 2026-03-01; +10 since 2026-02-27  ▃▁█",
        "archived     yes: nothing changes there any more",
        "homepage     https://example.org",
        "fork of      7",
    ]
    found = json.loads(cli("items", "show", "42", "--json").out)
    assert found["stars_per_day"][-1] == {"day": "2026-03-01", "stars": 20.0, "gained": 8.0}
    assert found["observed"][0]["metric"] == "stars"


def test_a_release_shows_its_downloads(cli: Cli, registry: Registry) -> None:
    shown = page(cli, registry, RELEASE)

    assert "downloads   1,200\n" in shown
    assert "prerelease  yes\n" in shown


def test_a_filing_shows_parties_and_trades(cli: Cli, registry: Registry) -> None:
    shown = page(cli, registry, FILING)

    assert "issuer           Doors, Inc. (0000700001)\n" in shown
    assert "reporting owner  EXAMPLE ADA (director)\n" in shown
    assert (
        "trades           2026-03-01  S  -1,000 Common Stock at 12.5 (4,000 after it)\n"
        "                 -  G  ?\n"
    ) in shown
    assert "items            1.01, 9.01\n" in shown
    assert "version 1        run 1" in shown


@pytest.mark.parametrize("item", [REPOSITORY, RELEASE, replace(FILING, extra={})])
def test_every_kind_fits_a_terminal(
    cli: Cli, registry: Registry, item: Item, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.task("papers")
    registry.ran("papers", items=[item])
    terminal = Terminal()
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr("sys.stdout", terminal)

    cli("items", "show", item.natural_id)

    assert item.title in terminal.getvalue()
    assert max(map(len, terminal.getvalue().splitlines())) <= 80


# --- counts -----------------------------------------------------------------------------------


def test_counts_are_a_page(cli: Cli, papers: Registry) -> None:
    papers.ran("papers", at=START, items=[REPOSITORY])

    shown = cli("items", "stats")

    assert "items         2\n" in shown.out
    assert "SOURCE  ITEMS\narxiv       1\ngithub      1\n" in shown.out
    assert "2026-03-01    0        1  ░░░" in shown.out
    assert "2026-03-02    1        0  ███" in shown.out


def test_counts_are_one_record(cli: Cli, papers: Registry) -> None:
    found = json.loads(cli("items", "stats", "--task", "papers", "--days", "1", "--json").out)

    assert (found["items"], found["versions"], found["tasks"]) == (1, 2, {"papers": 1})
    assert found["days"] == [{"day": "2026-03-01", "new": 0, "changed": 1}]
    assert cli("items", "stats", "-o", "name").out == "1\n"


def test_without_a_registry_there_is_nothing_to_count(cli: Cli) -> None:
    shown = cli("items", "stats")

    assert (shown.code, shown.lines[0]) == (0, "items         0")
