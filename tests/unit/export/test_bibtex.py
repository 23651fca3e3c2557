"""BibTeX that is read back by a parser that is not ours."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pybtex.database import BibliographyData, Entry, parse_string

from stoma.domain.item import Contributor, Identifier
from stoma.export.bibtex import bibtex
from stoma.export.citing import cite_key
from stoma.export.latex import latex
from stoma.storage.item_lines import ItemRecord
from tests.unit.export.made import record


def read(*records: ItemRecord) -> BibliographyData:
    return parse_string(b"".join(bibtex(records)).decode(), "bibtex")


def one(**fields: object) -> Entry:
    (entry,) = read(record(**fields)).entries.values()
    return entry


def test_a_paper_is_a_preprint_with_everything_a_style_asks_for() -> None:
    found = read(record())

    assert dict(found.entries["vaswani2017-1706.03762"].fields) == {
        "title": "Attention Is All You Need",
        "year": "2017",
        "month": "June",
        "eprint": "1706.03762",
        "archiveprefix": "arXiv",
        "primaryclass": "cs.CL",
        "version": "v7",
        "doi": "10.1/abc",
        "url": "https://arxiv.org/abs/1706.03762",
        "abstract": "We propose a new network.",
    }


def test_people_and_bodies_are_told_apart() -> None:
    names = ("Ludwig van der Example", "M. King Jr.", "ATLAS Collaboration", "Johnson and Sons Ltd")

    people = one(contributors=[Contributor(name=name) for name in names]).persons["author"]

    assert [(p.prelast_names, p.last_names, p.lineage_names) for p in people] == [
        (["van", "der"], ["Example"], []),
        ([], ["King"], ["Jr."]),
        ([], ["{ATLAS Collaboration}"], []),
        ([], ["{Johnson and Sons Ltd}"], []),
    ]


@pytest.mark.parametrize(
    ("title", "written"),
    [
        ("BERT and 50% of C# & R_2", "{BERT} and 50\\% of C\\# \\& R\\_2"),
        ("Attention is all", "Attention is all"),
        (r"On $\mathcal{N}=4$ models", r"On {$\mathcal{N}=4$} models"),
        ("The $\u03c9$ meson", "The {$\\omega $} meson"),
        (r"Schr\"odinger", "Schrödinger"),
        ("5$ and 6$", r"5\$ and 6\$"),
        ("a {b", r"a \textbraceleft{}b"),
        ("up ^ ~ \\", r"up \textasciicircum{} \textasciitilde{} \textbackslash{}"),
        ("a\x1b[31m\n\tb", "a[31m b"),
    ],
)
def test_signs_that_mean_something_to_tex_are_written_out(title: str, written: str) -> None:
    assert latex(title, keep_case=True) == written


@pytest.mark.parametrize(
    "formula",
    [
        r"\input{/etc/passwd}",
        r"\immediate\write18{id}",
        r"\csname input\endcsname x",
        r"^^5cinput x",
        r"\{ x",
        "a}{b",
        "x % y",
    ],
)
def test_no_title_makes_tex_do_something(formula: str) -> None:
    shown = latex(f"Of ${formula}$")

    assert "\\$" in shown
    assert "\\input" not in shown.replace("\\textbackslash{}input", "")
    assert "\\write" not in shown.replace("\\textbackslash{}write", "")
    assert shown.count("{") == shown.count("}")


def test_what_is_withdrawn_says_so_and_where_else_it_appeared() -> None:
    found = one(
        status="withdrawn",
        status_reason="an error in 3",
        extra={"journal_ref": "Phys. Rev. D 76, 1"},
    )

    assert found.fields["note"] == "withdrawn: an error in 3. Phys. Rev. D 76, 1"


def test_a_paper_of_which_little_is_known_is_an_entry_too() -> None:
    found = one(
        contributors=[], identifiers=[], published_at=None, summary=None, extra={}, version_key=""
    )

    assert dict(found.fields) == {
        "title": "Attention Is All You Need",
        "url": "https://arxiv.org/abs/1706.03762",
    }


def test_only_papers_are_entries() -> None:
    assert not read(record(kind="repository")).entries


def test_keys_are_unique_and_the_same_in_every_export() -> None:
    old = record(natural_id="math/0611800", contributors=[Contributor(name="Łukasz Žák")])

    assert cite_key(old) == "zak2017-math-0611800"
    assert cite_key(record(contributors=[])) == "arxiv2017-1706.03762"
    assert cite_key(record(contributors=[Contributor(name="王")])) == "arxiv2017-1706.03762"
    assert cite_key(record(published_at=datetime(1999, 1, 1, tzinfo=UTC)))[:11] == "vaswani1999"


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60)


@given(title=texts, name=texts, summary=texts, doi=texts)
def test_whatever_a_source_says_is_one_sound_entry(
    title: str, name: str, summary: str, doi: str
) -> None:
    found = read(
        record(
            title=title,
            contributors=[Contributor(name=f"A {name}"), Contributor(name="Bo Sample")],
            summary=summary,
            identifiers=[Identifier("doi", doi)],
        ),
        record(natural_id="2"),
    )

    first, second = found.entries.values()
    assert len(found.entries) == 2
    assert first.persons["author"][-1].last_names == ["Sample"]
    assert second.fields["title"] == "Attention Is All You Need"
