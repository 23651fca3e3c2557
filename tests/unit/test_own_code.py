"""Classes in files of the user's own: found, looked at, loaded, and refused with the way out."""

import os
from pathlib import Path

import pytest

from stoma.collectors import COLLECTORS
from stoma.exceptions import OwnCodeError, TaskConfigError, UnknownTypeError, UsageError
from stoma.normalizers import NORMALIZERS
from stoma.owncode import OwnCode
from stoma.registry import Registry
from stoma.scheduler.placing import check_parts, place
from tests.fakes import START
from tests.makers import make_task

#: The reference's own example, to the letter.
REFERENCE = """\
from stoma.normalizers.base import BaseNormalizer

class CustomNormalizer(BaseNormalizer):
    async def normalize(self, result):
        # Custom processing logic
        return normalized_data
"""
COLLECTOR = """\
from stoma.collectors.base import BaseCollector, CollectorConfig
from stoma.domain.item import ItemKind

class MineConfig(CollectorConfig):
    word: str

class Mine(BaseCollector):
    source, kind, normalizer, config = "mine", ItemKind.OTHER, "arxiv", MineConfig
    def collect(self, request, gate):
        yield None
"""


@pytest.fixture
def own(tmp_path: Path) -> OwnCode:
    folder = tmp_path / "code"
    folder.mkdir()
    files = {
        "custom.py": REFERENCE,
        "mine.py": COLLECTOR,
        "broken.py": "import nothing_of_the_kind\nclass Broken: ...\n",
        "leaves.py": "raise SystemExit(3)\n",
        "half.py": "class Half(\n",
        "by_name.py": "from stoma.normalizers.arxiv import ArxivNormalizer as Other\n"
        "Made = Other\n",
    }
    for name, text in files.items():
        folder.joinpath(name).write_text(text)
    tmp_path.joinpath("outside.py").write_text(REFERENCE)
    return OwnCode((tmp_path / "presets", folder))


def test_the_reference_s_normalizer_is_loaded_as_it_is_written(own: OwnCode) -> None:
    found = NORMALIZERS.get("custom.py:CustomNormalizer", own)

    assert found.__name__ == "CustomNormalizer"
    assert found() is not None


def test_a_file_may_be_named_by_its_whole_path(own: OwnCode) -> None:
    name = f"{own.folders[1]}/custom.py:CustomNormalizer"

    assert NORMALIZERS.get(name, own).__name__ == "CustomNormalizer"


def test_a_class_may_be_imported_or_given_another_name(own: OwnCode) -> None:
    for name in ("by_name.py:Other", "by_name.py:Made"):
        own.look(name)
        assert NORMALIZERS.get(name, own) is NORMALIZERS.get("arxiv")


REFUSED = {
    "custom.py": "names no class",
    "custom.py:": "names no class",
    "custom.py:not a name": "names no class",
    "nowhere.py:A": "no such file in the folders that code is taken from",
    "../outside.py:CustomNormalizer": "no such file",
    "custom.py:Costum": "has no class 'Costum'",
    "half.py:Half": "line 1",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_can_not_be_used_is_told_whether_looked_at_or_run(own: OwnCode, name: str) -> None:
    for use in (own.look, own.load):
        with pytest.raises(OwnCodeError, match=REFUSED[name]) as caught:
            use(name)
        assert repr(name) in str(caught.value)
        assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("broken.py:Broken", r"broken\.py, line 1: ModuleNotFoundError: .*nothing_of_the_kind"),
        ("leaves.py:A", r"leaves\.py, line 1: SystemExit: 3"),
    ],
)
def test_a_file_that_fails_names_its_line(own: OwnCode, name: str, said: str) -> None:
    with pytest.raises(OwnCodeError, match=said):
        own.load(name)


def test_a_file_outside_is_not_reached_by_its_whole_path(own: OwnCode, tmp_path: Path) -> None:
    with pytest.raises(OwnCodeError, match="no such file"):
        own.load(f"{tmp_path}/outside.py:CustomNormalizer")


def test_a_file_that_everybody_may_change_is_refused(own: OwnCode) -> None:
    file = own.folders[1] / "custom.py"
    file.chmod(0o666)

    with pytest.raises(OwnCodeError, match="everybody may change") as caught:
        own.look("custom.py:CustomNormalizer")

    assert caught.value.hint == f"chmod o-w {file}"


def test_looking_runs_nothing(own: OwnCode) -> None:
    file = own.folders[1] / "leaves.py"
    file.write_text(f"class A: ...\n{file.read_text()}")

    own.look("leaves.py:A")

    assert file.read_text().startswith("class A")


def test_without_folders_nothing_is_taken() -> None:
    with pytest.raises(OwnCodeError, match="no folder"):
        OwnCode().load("custom.py:CustomNormalizer")
    with pytest.raises(UnknownTypeError):
        NORMALIZERS.get("custom.py:CustomNormalizer")


def test_a_class_of_another_family_is_refused(own: OwnCode) -> None:
    with pytest.raises(OwnCodeError, match="it is no collector") as caught:
        COLLECTORS.get("custom.py:CustomNormalizer", own)

    assert "stoma.collectors.base.BaseCollector" in caught.value.hint


def test_an_installed_part_that_can_not_be_imported_is_named() -> None:
    registry: Registry[object] = Registry("script", {}, group="pytest11")
    registry._added = lambda: {"odd": "stoma.text:nothing"}  # type: ignore[method-assign]

    with pytest.raises(OwnCodeError, match=r"'odd' can not be used: stoma\.text:nothing: Attr"):
        registry.get("odd")


# --- in a task --------------------------------------------------------------------------------


def check(own: OwnCode, type_: str = "arxiv", **config: str) -> None:
    check_parts(make_task(type=type_, config=config), own)


def test_a_task_may_be_of_a_type_of_the_user_s(own: OwnCode) -> None:
    task = make_task(type="mine.py:Mine", config={"word": "a", "normalizer": "github"})

    placed = place(task, now=START, timezone="UTC", own=own)

    assert placed.task == task


@pytest.mark.parametrize("runs", [True, False])
@pytest.mark.parametrize(
    ("type_", "config", "error", "said"),
    [
        ("mine.py:Yours", {}, OwnCodeError, "no class 'Yours'"),
        ("nothing", {}, UnknownTypeError, "unknown collector 'nothing'"),
        ("arxiv", {"normalizer": "arxvi"}, TaskConfigError, "unknown normalizer 'arxvi'"),
        ("arxiv", {"normalizer": "mine.py:A"}, TaskConfigError, "config.normalizer: 'mine.py:A'"),
        ("arxiv", {"normalizer": ""}, TaskConfigError, "must be a name such as"),
        ("arxiv", {"normalizer": 7}, TaskConfigError, r"must be a name .* \(it is 7\)"),
    ],
)
def test_a_task_that_names_what_can_not_be_used_is_refused(
    own: OwnCode,
    runs: bool,
    type_: str,
    config: dict[str, str],
    error: type[UsageError],
    said: str,
) -> None:
    config = {"search_query": "a", **config} if type_ == "arxiv" else config

    with pytest.raises(error, match=said):
        check(OwnCode(own.folders, runs=runs), type_, **config)


def test_a_process_that_runs_no_code_only_looks_at_it(own: OwnCode) -> None:
    looks = OwnCode(own.folders, runs=False)

    check(looks, "broken.py:Broken")
    check(looks, search_query="a", normalizer="broken.py:Broken")

    with pytest.raises(OwnCodeError, match="nothing_of_the_kind"):
        check(own, "broken.py:Broken")


def test_a_config_of_the_user_s_own_is_checked(own: OwnCode) -> None:
    with pytest.raises(TaskConfigError, match=r"config\.no: unknown key; known: word, normalizer"):
        check(own, "mine.py:Mine", word="a", no="b")


def test_an_edit_is_seen_also_within_the_second_and_of_the_same_length(
    own: OwnCode, tmp_path: Path
) -> None:
    file = tmp_path / "code" / "number.py"
    found = []

    for digit in "12":
        file.write_text(f"class Number:\n    digit = {digit}\n")
        os.utime(file, (1, 1))
        found.append(getattr(own.load("number.py:Number"), "digit", None))

    assert found == [1, 2]
    assert not (file.parent / "__pycache__").exists()
