"""What pages are made of besides HTML: pinned, compressed, cached, and nothing else."""

import gzip
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from stoma.api.pages.assets import BUNDLES, STATIC, address, assets
from tests.web import Site, site

VENDOR = STATIC / "vendor"
TEMPLATES = STATIC.parent / "templates"
PINNED = [line.split() for line in (VENDOR / "SHA256SUMS").read_text().splitlines()]


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return a site that is only looked at."""
    with site(tmp_path_factory.mktemp("assets") / "home") as found:
        yield found


@pytest.mark.parametrize(("digest", "name"), PINNED, ids=[name for _, name in PINNED])
def test_what_others_made_is_what_was_pinned(digest: str, name: str) -> None:
    assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest


def test_everything_of_others_is_pinned_with_its_licence() -> None:
    there = {path.name for path in VENDOR.iterdir()} - {"SHA256SUMS", "README.md"}
    said = (VENDOR / "README.md").read_text()

    assert there == {name for _, name in PINNED}
    assert {name for name in there if name.endswith("LICENSE")} == {"htmx.LICENSE", "pico.LICENSE"}
    for name in there:
        assert name in said


@pytest.mark.parametrize("name", sorted(assets()))
def test_a_file_is_kept_for_ever_under_its_hash(web: Site, name: str) -> None:
    packed = web.get(address(name), headers={"Accept-Encoding": "gzip"})
    plain = web.get(f"/static/{name}", headers={"Accept-Encoding": "identity"})
    again = web.get(f"/static/{name}", headers={"If-None-Match": plain.headers["etag"]})

    assert "immutable" in packed.headers["cache-control"]
    assert packed.headers["content-encoding"] == "gzip"
    assert "must-revalidate" in plain.headers["cache-control"]
    assert packed.content == plain.content == gzip.decompress(assets()[name].packed)
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path", ["../app.py", "vendor/SHA256SUMS", "vendor/htmx.LICENSE", "", "nothing.css", "vendor/"]
)
def test_nothing_else_of_the_folder_is_served(web: Site, path: str) -> None:
    assert web.get(f"/static/{path}").status_code == 404


def test_files_are_only_read(web: Site) -> None:
    assert web.send("DELETE", "/static/all.css").status_code == 405


def test_no_page_needs_an_exception_from_the_policy() -> None:
    inline = re.compile(
        r"<style|\sstyle=|\son\w+=|<script(?![^>]*src=)|javascript:|hx-on|https?://"
    )

    for path in TEMPLATES.glob("*.html"):
        assert not inline.search(path.read_text()), path.name


def test_every_shape_that_is_named_is_drawn() -> None:
    drawn = set(re.findall(r'id="s-(\w+)"', (TEMPLATES / "_shapes.html").read_text()))
    named = set(re.findall(r"sign\('(\w+)'", "".join(p.read_text() for p in TEMPLATES.iterdir())))
    from stoma.api.pages import looks

    states = {looks.look(word).shape for word in (*looks.GOOD, *looks.BAD, *looks.NOT_RUN)}
    assert named | states <= drawn


def test_bundles_are_made_of_files_that_are_there() -> None:
    for parts in BUNDLES.values():
        assert all((STATIC / part).is_file() for part in parts)


def test_the_wheel_brings_what_pages_are_made_of() -> None:
    project = (Path(__file__).parents[3] / "pyproject.toml").read_text()

    assert 'packages = ["stoma"]' in project
