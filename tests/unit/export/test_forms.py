"""CSL-JSON, CSV, JSON lines and Parquet; and which form a file's name tells."""

import csv
import io
import json
import subprocess
import sys
from datetime import datetime
from typing import Any

import pyarrow.parquet
import pytest

from stoma.domain.item import Contributor, Identifier, Relation, Tag
from stoma.exceptions import UsageError
from stoma.export import FORMS, form_of
from stoma.export.csl import csl_item
from stoma.storage.item_lines import ItemRecord
from tests.fakes import START
from tests.unit.export.made import record

FILING = record(
    source="sec_edgar",
    kind="filing",
    natural_id="0000700001-26-000012",
    title="8-K \N{EM DASH} Doors, Inc.",
    version_key="0000700001-26-000012",
    published_at=None,
    identifiers=[Identifier("accession", "0000700001-26-000012")],
    contributors=[Contributor(name="Doors, Inc.", role="filer", external_id="0000700001")],
    tags=[Tag("form", "8-K"), Tag("8k-item", "7.01")],
    relations=[Relation("amends", "0000700001-26-000011")],
    extra={"filing_date": "2026-03-02"},
    summary=None,
)
REPOSITORY = record(
    source="github",
    kind="repository",
    natural_id="42",
    title="owner/name",
    version_key="",
    identifiers=[Identifier("github_id", "42")],
    contributors=[Contributor(name="owner", role="owner")],
    tags=[],
    extra=None,
)


def written(name: str, *records: ItemRecord) -> bytes:
    return b"".join(FORMS[name].make(records))


# --- CSL-JSON ---------------------------------------------------------------------------------

#: The names that the schema of CSL-JSON knows, of those used here.
CSL_NAMES = {
    "id", "type", "title", "author", "issued", "accessed", "abstract", "DOI", "URL", "number",
    "version", "genre", "publisher", "keyword", "note",
}  # fmt: skip


def test_a_paper_is_an_article_with_names_in_parts() -> None:
    assert csl_item(record()) == {
        "id": "vaswani2017-1706.03762",
        "type": "article",
        "title": "Attention Is All You Need",
        "author": [
            {"family": "Vaswani", "given": "Ashish"},
            {"family": "Shazeer", "given": "Noam"},
        ],
        "issued": {"date-parts": [[2017, 6, 12]]},
        "accessed": {"date-parts": [[2026, 3, 2]]},
        "abstract": "We propose a new network.",
        "DOI": "10.1/abc",
        "URL": "https://arxiv.org/abs/1706.03762",
        "number": "arXiv:1706.03762",
        "version": "v7",
        "genre": "preprint",
        "publisher": "arXiv",
        "keyword": "cs.CL, cs.LG",
    }


@pytest.mark.parametrize(
    ("item", "kind", "said"),
    [
        (FILING, "report", {"genre": "Form 8-K", "number": "0000700001-26-000012"}),
        (FILING, "report", {"issued": {"date-parts": [[2026, 3, 2]]}}),
        (FILING, "report", {"author": [{"literal": "Doors, Inc."}]}),
        (REPOSITORY, "software", {"author": [{"literal": "owner"}], "publisher": "GitHub"}),
        (
            record(kind="release", extra={"tag": "v1"}, version_key=""),
            "software",
            {"version": "v1"},
        ),
        (record(kind="thing", source="mine"), "document", {"version": "v7"}),
    ],
)
def test_every_kind_has_its_type(item: ItemRecord, kind: str, said: dict[str, Any]) -> None:
    found = csl_item(item)

    assert found["type"] == kind
    assert said.items() <= found.items()
    assert set(found) <= CSL_NAMES
    assert None not in found.values()


def test_a_list_of_any_length_is_sound_json() -> None:
    assert json.loads(written("csl-json")) == []
    assert len(json.loads(written("csl-json", record(), FILING, REPOSITORY))) == 3


# --- tables -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "  =HYPERLINK(1)", "\t=1", "\r=1", "\uff1dcmd|' /C calc'!A0"],
)
def test_no_cell_is_a_formula(text: str) -> None:
    fields: dict[str, Any] = {
        "title": text,
        "summary": text,
        "contributors": [Contributor(name=text)],
        "identifiers": [Identifier("doi", text)],
    }

    _, row = csv.reader(io.StringIO(written("csv", record(**fields)).decode(), newline=""))

    assert row.count(f"'{text}".replace("\r", "\n")) == 4


def test_rows_have_names_and_nothing_for_null() -> None:
    names, paper, filing = csv.reader(io.StringIO(written("csv", record(), FILING).decode()))

    assert dict(zip(names, paper, strict=True))["authors"] == "Ashish Vaswani; Noam Shazeer"
    assert dict(zip(names, paper, strict=True))["doi"] == "10.1/abc"
    assert dict(zip(names, filing, strict=True))["summary"] == ""


def test_a_line_has_everything_but_the_history() -> None:
    paper, filing = map(json.loads, written("jsonl", record(), FILING).splitlines())

    assert paper["contributors"][0]["name"] == "Ashish Vaswani"
    assert paper["published_at"] == "2017-06-12T17:57:00+00:00"
    assert filing["relations"] == [{"type": "amends", "to": "0000700001-26-000011"}]
    assert filing["extra"] == {"filing_date": "2026-03-02"}


# --- Parquet ----------------------------------------------------------------------------------


def test_columns_have_types_and_come_in_portions() -> None:
    many = (record(natural_id=str(n)) for n in range(5001))

    file = pyarrow.parquet.ParquetFile(io.BytesIO(b"".join(FORMS["parquet"].make(many))))
    rows = file.read().to_pylist()

    assert (file.num_row_groups, len(rows)) == (2, 5001)
    assert rows[0]["first_seen_at"] == START
    assert isinstance(rows[0]["published_at"], datetime)
    assert rows[5000]["contributors"][1]["name"] == "Noam Shazeer"
    assert json.loads(rows[0]["extra"]) == {"primary_category": "cs.CL"}


def test_nothing_is_a_sound_file_too() -> None:
    assert pyarrow.parquet.read_table(io.BytesIO(written("parquet"))).num_rows == 0


def test_without_its_library_the_error_says_how_to_get_it() -> None:
    code = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from stoma.export import FORMS\n"
        "try: list(FORMS['parquet'].make([]))\n"
        "except Exception as error: print(type(error).__name__, error, error.hint)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == (
        "UsageError parquet needs a library that is not installed"
        " pip install 'stoma[parquet]', or another --format\n"
    )


# --- which form -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "file", "form"),
    [
        (None, "papers.bib", "bibtex"),
        (None, "Papers.JSON", "csl-json"),
        (None, "x.parquet", "parquet"),
        ("csv", "x.bib", "csv"),
    ],
)
def test_a_file_tells_its_form_unless_it_is_named(name: str | None, file: str, form: str) -> None:
    assert form_of(name, file).name == form


@pytest.mark.parametrize(
    ("name", "file", "message"),
    [
        ("bibtx", "", "--format is 'bibtx', must be one of jsonl, csv"),
        (None, "x.xyz", "what to write 'x.xyz' as is not told by its name"),
        (None, "", "no form is given"),
    ],
)
def test_a_form_that_is_none_is_explained(name: str | None, file: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        form_of(name, file)

    assert message in str(caught.value)
