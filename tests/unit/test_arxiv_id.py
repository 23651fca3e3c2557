"""Identifiers of arXiv, in all the ways they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoma.domain.arxiv_id import ArxivId

archives = st.sampled_from(["math", "hep-th", "cs", "cond-mat", "astro-ph"])
digits = st.text("0123456789", min_size=7, max_size=7)
old = st.builds("{}/{}".format, archives, digits)
new = st.builds(
    "{}.{}".format, st.from_regex("[0-9]{4}", fullmatch=True), digits.map(lambda d: d[:5])
)
ids = st.builds(ArxivId, old | new, st.none() | st.integers(1, 999))


@pytest.mark.parametrize(
    ("written", "base", "version"),
    [
        ("2401.01234", "2401.01234", None),
        ("2401.01234v3", "2401.01234", 3),
        ("0704.0001", "0704.0001", None),
        (" 2401.01234 ", "2401.01234", None),
        ("arXiv:2401.01234v2", "2401.01234", 2),
        ("ARXIV:2401.01234", "2401.01234", None),
        ("oai:arXiv.org:2401.01234v2", "2401.01234", 2),
        ("http://arxiv.org/abs/2401.01234v1", "2401.01234", 1),
        ("https://arxiv.org/abs/2401.01234v1", "2401.01234", 1),
        ("https://export.arxiv.org/abs/2401.01234", "2401.01234", None),
        ("https://www.arxiv.org/pdf/2401.01234v12.pdf", "2401.01234", 12),
        ("https://arxiv.org/html/2401.01234v1", "2401.01234", 1),
        ("hep-th/9901001", "hep-th/9901001", None),
        ("math/0611800v2", "math/0611800", 2),
        ("math.CA/0611800v2", "math/0611800", 2),
        ("http://arxiv.org/abs/math.CA/0611800v2", "math/0611800", 2),
        ("cond-mat.str-el/0309001", "cond-mat/0309001", None),
    ],
)
def test_one_paper_has_one_name(written: str, base: str, version: int | None) -> None:
    assert ArxivId.parse(written) == ArxivId(base, version)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "xyz",
        "2401",
        "2401.123",
        "2401.123456",
        "2401.01234v",
        "2401.01234v0",
        "2401.01234 v1",
        "2401.01234,2401.01235",
        "2401.01234&start=5",
        "math/061180",
        "/0611800",
        "https://arxiv.org/api/errors#incorrect_id_format_for_xyz",
        "https://arxiv.example/abs/2401.01234",
        "٢٤٠١.٠١٢٣٤",
    ],
)
def test_what_is_no_identifier(written: str) -> None:
    assert ArxivId.parse(written) is None


@given(paper=ids)
def test_what_is_shown_is_read_back(paper: ArxivId) -> None:
    assert ArxivId.parse(str(paper)) == paper
    assert ArxivId.parse(f"http://arxiv.org/abs/{paper}") == paper


@given(written=st.text())
def test_anything_is_read_or_refused(written: str) -> None:
    paper = ArxivId.parse(written)

    assert paper is None or ArxivId.parse(str(paper)) == paper
