"""What authors typed, as it reads: TeX's letters, and the line of authors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoma.arxiv.names import authors
from stoma.tex import in_unicode, skeleton


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        (r"Jakob G\"unther", "Jakob Günther"),
        (r"Michal Hajdu\v{s}ek", "Michal Hajdušek"),
        (r"S{\o}ren, Stanis{\l}aw \'Swierczewski", "Søren, Stanisław Świerczewski"),
        (r"Erd\H{o}s, Gon\c{c}alves, Fran{\c c}ois", "Erdős, Gonçalves, François"),
        (r"{\'E}cole, {\'{E}}cole, \'{E}cole", "École, École, École"),
        (r"na\"{\i}ve na\"\i ve \'{\i}", "naïve naïve í"),
        (r"\AA ngstr\"om, Stra\ss{}e, stra\ss e", "Ångström, Straße, straße"),
        (r"\k{a} \r{u} \u{g} \.{z} \=o \~n \^e \`a \d{h}", "ą ů ğ ż ō ñ ê à ḥ"),
        (r"$\omega$, \epsilon\_n, x^{\pi}, \Lambda CDM", "$ω$, ε\\_n, x^π, ΛCDM"),
        (r"\S 3, 5\deg", "§3, 5°"),
    ],
)
def test_letters_are_characters(typed: str, read: str) -> None:
    assert in_unicode(typed) == read


@pytest.mark.parametrize(
    "typed",
    [
        r"$\tilde{O}(n)$, \vec{x}, \varepsilon, \log n, \int, \item, \cdot",
        r"\emph{x} and \textbf{y}, 100\% \& more, \{a\}",
        r"\'q, \c{x}, \v{9}, \'",
        r"\'\int, \'\k",
        "no backslash: 'a \"b ~c",
    ],
)
def test_what_is_no_letter_stays_as_it_is(typed: str) -> None:
    assert in_unicode(typed) == typed


@given(text=st.text(alphabet=st.sampled_from(list("\\{}'\"^`~=.cvuHkrdoilsAaeN $")), max_size=30))
def test_any_text_is_read_and_what_was_read_reads_the_same(text: str) -> None:
    assert skeleton(in_unicode(text)) == skeleton(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (r"Schr\"odinger's $\omega$", "Schrödinger's  $ω$"),
        (r"Schr\"odinger", "Schrodinger"),
        (r"G{\"u}nther", "G{ü}nther"),
        (r"$\varepsilon$ and $\vartheta$", "$ε$ and $θ$"),
        ("A-B", "a b"),
    ],
)
def test_spelling_leaves_no_trace_in_a_skeleton(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other)


@pytest.mark.parametrize(("one", "other"), [("Doors", "Door"), ("", "x"), ("2D", "3D")])
def test_other_words_have_another_skeleton(one: str, other: str) -> None:
    assert skeleton(one) != skeleton(other)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", []),
        ("Ada Example", ["Ada Example"]),
        ("Ada Example, Bo Sample", ["Ada Example", "Bo Sample"]),
        ("Ada Example and Bo Sample", ["Ada Example", "Bo Sample"]),
        ("Ada Example, Bo Sample, and Cy Third", ["Ada Example", "Bo Sample", "Cy Third"]),
        ("Ada Example & Bo Sample; Cy Third", ["Ada Example", "Bo Sample", "Cy Third"]),
        ("Sandy Anderson, Orlando Andes", ["Sandy Anderson", "Orlando Andes"]),
        ("W. A. Rodrigues, Jr., A. Other III", ["W. A. Rodrigues Jr.", "A. Other III"]),
        ("Jr., A. Other", ["Jr.", "A. Other"]),
        ("ABC Collaboration: A. One, et al.", ["ABC Collaboration", "A. One"]),
        ("A. One, and others", ["A. One"]),
        (r"Jos\'e Ra\'ul Ejemplo, {\L}. X", ["José Raúl Ejemplo", "Ł. X"]),
        ("现代 示例, Ada Example", ["现代 示例", "Ada Example"]),
        (" , ,Ada Example,, ", ["Ada Example"]),
    ],
)
def test_a_line_of_authors(line: str, expected: list[str]) -> None:
    found = authors(line)

    assert [each.name for each in found] == expected
    assert all(each.affiliations == () for each in found)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("A (MIT, Cambridge), B", {"A": ("MIT, Cambridge",), "B": ()}),
        ("A (MIT) (CERN), B", {"A": ("MIT", "CERN"), "B": ()}),
        ("A, B (MIT)", {"A": (), "B": ("MIT",)}),
        ("A (Inst. (X), Y)", {"A": ("Inst. (X), Y",)}),
        ("A (never closed", {"A": ("never closed",)}),
        ("A (), B ( )", {"A": (), "B": ()}),
        ("(The whole line), A", {"A": ()}),
        ("A) B", {"A) B": ()}),
        (
            "A (1), B (1,2) and C (2 and 3) ((1) Here, There, (2) Inst (X), (3) Y.)",
            {"A": ("Here, There",), "B": ("Here, There", "Inst (X)"), "C": ("Inst (X)", "Y")},
        ),
        ("A (1), B (7) ((1) Here)", {"A": ("Here",), "B": ()}),
        ("A (1), B (2)", {"A": (), "B": ()}),
        (r"A (Univ. M\"unchen)", {"A": ("Univ. München",)}),
    ],
)
def test_what_stands_in_parentheses_belongs_to_the_name_before(
    line: str, expected: dict[str, tuple[str, ...]]
) -> None:
    assert {each.name: each.affiliations for each in authors(line)} == expected


@given(line=st.text(alphabet=st.sampled_from(list("AbC .,;:()1&\\'{}")), max_size=40))
def test_any_line_is_read(line: str) -> None:
    assert all(each.name.strip() for each in authors(line))
