"""The token: where it may come from, which place wins, and that nothing shows it."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from stoma.domain.run import Outcome
from stoma.exceptions import SettingsError
from stoma.operations.settings import list_settings
from stoma.scheduler.now import run_now
from stoma.scheduler.placing import place
from stoma.secrets import Places, Secrets
from stoma.settings import Loaded, child_environment, load_settings
from stoma.settings.credentials import token_in_force
from tests.fakes import START, FakeClock
from tests.makers import make_task
from tests.registries import opened_app
from tests.replay import ReplayServer
from tests.repositories import found, numbered

KEY = "sources.github.token"
TOKEN = "ghp_0123456789abcdef"
NOWHERE = Path("/nowhere")
NO_SECRETS = Secrets(Places(environ={}))


def load(home: Path = NOWHERE, **environ: str) -> Loaded:
    return load_settings(home=home, environ=environ, system=NOWHERE / "etc")


def token(loaded: Loaded) -> tuple[str, str]:
    return loaded.settings.sources.github.token.get_secret_value(), loaded.origins[KEY]


def test_without_anything_there_is_no_token() -> None:
    assert token(load()) == ("", "built-in")


def test_a_token_of_the_environment_is_taken() -> None:
    loaded = load(STOMA_SOURCES__GITHUB__TOKEN=TOKEN, GITHUB_TOKEN="other")

    assert token(loaded) == (TOKEN, "environment STOMA_SOURCES__GITHUB__TOKEN")


def test_a_token_that_others_use_too_is_the_last_resort(tmp_path: Path) -> None:
    assert token(load(GITHUB_TOKEN=TOKEN)) == (TOKEN, "environment GITHUB_TOKEN")
    assert token(load(GITHUB_TOKEN="")) == ("", "built-in")
    for line in ('token = "mine"', 'token = ""', 'token_file = "/run/token"'):
        (tmp_path / "config.toml").write_text(f"[sources.github]\n{line}\n")

        assert token(load(tmp_path, GITHUB_TOKEN=TOKEN))[0] != TOKEN


def test_nothing_shows_the_token() -> None:
    loaded = load(GITHUB_TOKEN=TOKEN)
    shown = {each.key: each.value for each in list_settings(loaded)}

    assert shown[KEY] == "**********"
    for words in (loaded, loaded.settings, loaded.settings.model_dump(), shown):
        assert TOKEN not in repr(words)
    assert TOKEN not in loaded.settings.model_dump_json()


def test_a_token_that_can_not_be_one_is_refused_without_showing_it() -> None:
    with pytest.raises(SettingsError) as caught:
        load(STOMA_SOURCES__GITHUB__TOKEN=f"{TOKEN}\r\nX-Evil: 1")

    assert str(caught.value) == (
        "environment STOMA_SOURCES__GITHUB__TOKEN: sources.github.token "
        "must be a token such as 'ghp_...', without blanks"
    )
    assert TOKEN not in caught.value.hint


def test_a_child_process_has_the_token() -> None:
    parent = load(GITHUB_TOKEN=TOKEN)

    given = child_environment(parent, {"GITHUB_TOKEN": TOKEN})
    child = load_settings(environ=given)

    assert child.settings == parent.settings
    assert token(child)[0] == TOKEN


def test_a_token_file_is_named_by_its_whole_path() -> None:
    with pytest.raises(SettingsError, match="must be the whole path of a file, from '/' or '~'"):
        load(STOMA_SOURCES__GITHUB__TOKEN_FILE="token")


def test_a_token_is_stronger_than_a_file_and_a_file_than_nothing(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"\n{TOKEN}\n")

    assert token_in_force(SecretStr("mine"), str(file), NO_SECRETS) == SecretStr("mine")
    assert token_in_force(SecretStr(""), str(file), NO_SECRETS) == SecretStr(TOKEN)
    assert token_in_force(SecretStr(""), "", NO_SECRETS) == SecretStr("")


def test_a_token_file_may_be_in_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "token").write_text(TOKEN)

    assert token_in_force(SecretStr(""), "~/token", NO_SECRETS) == SecretStr(TOKEN)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "No such file or directory"),
        (b"", "it must hold one token and nothing else"),
        (b"two tokens", "it must hold one token and nothing else"),
        (b"one\nper line", "it must hold one token and nothing else"),
        ("gültig".encode(), "it can not be read"),
    ],
)
def test_a_token_file_that_can_not_be_used_is_named(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(SettingsError, match=words) as caught:
        token_in_force(SecretStr(""), str(file), NO_SECRETS)

    assert str(caught.value).startswith(f"the token file {file}: ")


def test_a_home_that_nobody_has_is_no_place_for_a_token_file() -> None:
    with pytest.raises(SettingsError, match="it can not be read"):
        token_in_force(SecretStr(""), "~nobody-of-that-name/token", NO_SECRETS)


def test_every_address_of_github_may_be_another_one() -> None:
    loaded = load(
        STOMA_SOURCES__GITHUB__BASE_URL="http://127.0.0.1:8080/api/v3/",
        STOMA_SOURCES__GITHUB__TRENDING_URL="http://127.0.0.1:8081/trending",
    )

    assert loaded.settings.sources.github.urls == (
        "http://127.0.0.1:8080/api/v3",
        "http://127.0.0.1:8081/trending",
    )


def test_a_token_file_is_read_when_github_is_asked(tmp_path: Path) -> None:
    file = tmp_path / "token"
    overrides = {"sources.github.token_file": str(file)}
    with ReplayServer() as server:
        overrides["sources.github.base_url"] = server.url
        loaded = load_settings(home=tmp_path / "home", environ={}, overrides=overrides)
        server.answer("/search/repositories", found(numbered(1, 1), 1))

        with opened_app(loaded, clock=FakeClock()) as app:
            task = place(make_task(type="github", config={}), now=START, timezone="UTC")
            app.tasks.add(task, now=START)
            missing = run_now(app, "papers")
            file.write_text(f"{TOKEN}\n")
            run = run_now(app, "papers")

    assert (missing.error_kind, missing.outcome) == ("config", Outcome.FAILED)
    assert f"the token file {file}: No such file" in missing.error
    assert run.outcome is Outcome.SUCCEEDED
    assert [seen.headers["authorization"] for seen in server.seen] == [f"token {TOKEN}"]
