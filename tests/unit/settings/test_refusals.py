"""What is said about settings that can not be used."""

from pathlib import Path

import pytest

from stoma.settings import (
    load_settings,
)
from tests.unit.settings.common import Load, refusal, xdg

# What is refused, and how.


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            "[scheduler]\nmax_concurent_tasks = 3\n",
            "{file}:2: scheduler.max_concurent_tasks: no such setting",
            "did you mean: max_concurrent_tasks ?",
        ),
        (
            "# first\n\n[shceduler]\nx = 1\n",
            "{file}:3: shceduler: no such setting",
            "did you mean: scheduler ?",
        ),
        (
            "[logging]\n\ncolour = 1\n",
            "{file}:3: logging.colour: no such setting",
            "every setting: stoma config show",
        ),
        (
            "drain_seconds = 1\n",
            "{file}:1: drain_seconds: no such setting",
            "did you mean: scheduler.drain_seconds ?",
        ),
        (
            '"scheduler.drain_seconds" = 3\n',
            '{file}:1: "scheduler.drain_seconds": no such setting',
            "did you mean: scheduler.drain_seconds ?",
        ),
        (
            "sources = 3\n",
            "{file}:1: sources is a section",
            "write it as [sources]",
        ),
        (
            "variables = 3\n",
            "{file}:1: variables is a section",
            "write it as [variables]",
        ),
        (
            '[variables]\n"Two Words" = "x"\n',
            "{file}:2: variables.Two Words can not be a variable",
            "use lower-case letters, digits and '_' for its name",
        ),
        (
            "[variables]\n\nnumber = 3\n",
            "{file}:3: variables.number is 3, must be a valid string",
            "write a text, in quotes",
        ),
        (
            "[scheduler]\nmax_concurrent_tasks = 0\n",
            "{file}:2: scheduler.max_concurrent_tasks is 0, must be greater than or equal to 1",
            "leave it out for the default, 3",
        ),
        (
            '[scheduler]\nmax_concurrent_tasks = "5"\n',
            "{file}:2: scheduler.max_concurrent_tasks is '5', must be a valid integer",
            "leave it out for the default, 3",
        ),
        (
            "scheduler.max_concurrent_tasks = true\n",
            "{file}:1: scheduler.max_concurrent_tasks is True, must be a valid integer",
            "leave it out for the default, 3",
        ),
        (
            "[scheduler]\ncheck_interval_seconds = 61\n",
            "{file}:2: scheduler.check_interval_seconds is 61, must be less than or equal to 60",
            "leave it out for the default, 1.0",
        ),
        (
            "[scheduler]\ndrain_seconds = inf\n",
            "{file}:2: scheduler.drain_seconds is inf, must be a finite number",
            "leave it out for the default, 30.0",
        ),
        (
            "timezone = {}\n",
            "{file}:1: timezone is {}, must be a valid string",
            "leave it out for the default, 'UTC'",
        ),
        (
            'timezone = "europe/berlin"\n',
            "{file}:1: timezone is 'europe/berlin', "
            "must be an IANA time zone such as 'Europe/Berlin'",
            "did you mean: Europe/Berlin ?",
        ),
        (
            '[logging]\nlevel = "DEBUGG"\n',
            "{file}:2: logging.level is 'DEBUGG', must be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'",
            "did you mean: DEBUG ?",
        ),
        (
            '[sources]\ncontact = "me"\n',
            "{file}:2: sources.contact is 'me', must be an e-mail address such as "
            "'you@example.org'",
            "leave it out for the default, ''",
        ),
        (
            '[sources.arxiv]\nbase_url = "export.arxiv.org"\n',
            "{file}:2: sources.arxiv.base_url is 'export.arxiv.org', must be a web address such "
            "as 'https://export.arxiv.org'",
            "leave it out for the default, 'https://export.arxiv.org'",
        ),
    ],
)
def test_a_wrong_file_is_named_with_line_key_and_way_out(
    load: Load, places: dict[str, Path], text: str, message: str, hint: str
) -> None:
    places["user"].write_text(text)

    error = refusal(load)

    assert str(error) == message.replace("{file}", str(places["user"]))
    assert error.hint == hint
    assert error.exit_code == 78


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        (b'timezone = "UT', 1, "illegal character"),
        (b"[scheduler]\nmax_concurrent_tasks =", 2, "invalid value (at end of document)"),
        (b"a = 1\nb = = 2\n", 2, "invalid value (at line 2, column 5)"),
        (b"timezone = 'UTC'\ntimezone = 'UTC'\n", 2, "cannot overwrite a value"),
        (b"x = " + b"[" * 5000, 1, "maximum recursion depth"),
        (b"[scheduler\n", 1, "expected ']'"),
    ],
)
def test_a_file_that_is_half_written_or_not_toml_is_named_with_its_line(
    load: Load, places: dict[str, Path], content: bytes, line: int, problem: str
) -> None:
    places["user"].write_bytes(content)

    error = refusal(load)

    assert str(error).startswith(f"{places['user']}:{line}: not valid TOML: ")
    assert "move the file away" in error.hint


def test_a_file_of_another_encoding_is_refused(load: Load, places: dict[str, Path]) -> None:
    places["user"].write_bytes("timezone = 'é'".encode("latin-1"))

    assert str(refusal(load)).startswith(f"{places['user']}: can not be read: ")


def test_a_byte_order_mark_is_no_fault(load: Load, places: dict[str, Path]) -> None:
    places["user"].write_bytes(b"\xef\xbb\xbftimezone = 'Asia/Tokyo'\r\n")

    assert load().settings.timezone == "Asia/Tokyo"


def test_a_folder_in_place_of_the_file_is_refused(load: Load, places: dict[str, Path]) -> None:
    places["user"].mkdir()

    assert str(refusal(load)) == f"{places['user']}: can not be read: Is a directory"


def test_a_file_in_place_of_a_folder_holds_no_settings(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("")

    loaded = load_settings(environ=xdg(tmp_path), cwd=tmp_path, system=tmp_path / "none")

    assert not any(file.read for file in loaded.files)


@pytest.mark.parametrize(
    ("name", "value", "message", "hint"),
    [
        (
            "STOMA_TIMEZON",
            "UTC",
            "environment STOMA_TIMEZON: no such setting",
            "did you mean: STOMA_TIMEZONE ?",
        ),
        (
            "STOMA_SCHEDULER",
            "3",
            "environment STOMA_SCHEDULER: no such setting",
            "did you mean: STOMA_SCHEDULER__TASK_FILES ?",
        ),
        (
            "STOMA_QQQQQQQQQQQQQQQQQQQQ",
            "3",
            "environment STOMA_QQQQQQQQQQQQQQQQQQQQ: no such setting",
            "every setting: stoma config show",
        ),
        (
            "STOMA_VARIABLES__1",
            "x",
            "environment STOMA_VARIABLES__1 can not be a variable",
            "use lower-case letters, digits and '_' for its name",
        ),
        (
            "STOMA_SCHEDULER__MAX_CONCURRENT_TASKS",
            "many",
            "environment STOMA_SCHEDULER__MAX_CONCURRENT_TASKS: scheduler.max_concurrent_tasks "
            "is 'many', must be a valid integer",
            "leave it out for the default, 3",
        ),
        (
            "STOMA_DATABASE__URL",
            "postgresql://stoma:secret@db/stoma",
            "environment STOMA_DATABASE__URL: database.url is 'postgresql://***@db/stoma', must "
            "be sqlite:///PATH of a file; PostgreSQL comes with a later version",
            "leave it out for the default, ''",
        ),
    ],
)
def test_a_wrong_variable_is_named(
    load: Load, name: str, value: str, message: str, hint: str
) -> None:
    error = refusal(load, environ={name: value})

    assert (str(error), error.hint) == (message, hint)


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:///a.db?mode=ro", "a.db"]
)
def test_a_database_must_be_a_file(load: Load, url: str) -> None:
    assert "must be sqlite:///PATH of a file" in str(refusal(load, overrides={"database.url": url}))


def test_an_option_that_does_not_exist_is_named(load: Load) -> None:
    error = refusal(load, overrides={"logging.levle": "INFO"})

    assert str(error) == "option logging.levle: no such setting"
    assert error.hint == "did you mean: logging.level ?"


def test_every_fault_is_reported_at_once(load: Load, places: dict[str, Path]) -> None:
    places["user"].write_text("[scheduler]\nmax_concurrent_tasks = 0\n")

    error = refusal(load, environ={"STOMA_LOGGING__FORMAT": "xml"})

    assert str(error).count("; ") == 1
    assert f"{places['user']}:2: " in str(error)
    assert "environment STOMA_LOGGING__FORMAT: " in str(error)


def test_a_wrong_value_that_something_stronger_replaces_does_no_harm(
    load: Load, places: dict[str, Path]
) -> None:
    places["user"].write_text('timezone = "Mars/Olympus"\n')

    assert load(environ={"STOMA_TIMEZONE": "UTC"}).settings.timezone == "UTC"


def test_a_long_value_is_shown_short(load: Load) -> None:
    message = str(refusal(load, overrides={"timezone": "x" * 500}))

    assert "..." in message
    assert len(message) < 200
