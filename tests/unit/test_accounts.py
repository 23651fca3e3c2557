"""Users, tokens and logins."""

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from stoma.app import App
from stoma.domain.account import SCOPES, scopes_up_to
from stoma.exceptions import ConflictError, NotFoundError, StomaError, UsageError
from stoma.operations import accounts, passwords
from stoma.scheduler.placing import place
from stoma.settings import load_settings
from stoma.storage.read import reading
from stoma.storage.read_audit import AuditFilter
from stoma.storage.tasks import Placed
from tests.fakes import FakeClock
from tests.makers import make_task
from tests.registries import opened_app
from tests.unit.cli.support import Cli, Terminal

PASSWORD = "a password for tests"


@pytest.fixture
def app(tmp_path: Path, clock: FakeClock) -> Iterator[App]:
    with opened_app(load_settings(home=tmp_path, environ={}), clock=clock) as app:
        yield app


def test_a_scope_includes_the_lesser_ones() -> None:
    assert [len(scopes_up_to([scope])) for scope in SCOPES] == [1, 2, 3, 4]
    assert scopes_up_to([]) == frozenset()
    assert scopes_up_to(["run", "read"]) == {"read", "run"}


def test_a_password_is_kept_as_what_it_is_checked_against() -> None:
    kept = passwords.stored(PASSWORD)

    assert kept.startswith("scrypt$16384$8$1$")
    assert PASSWORD not in kept
    assert passwords.stored(PASSWORD) != kept
    assert passwords.fits(PASSWORD, kept)
    assert not passwords.fits(f"{PASSWORD} ", kept)
    assert not passwords.fits("\udcff", kept)


def test_tokens_are_random_and_recognizable() -> None:
    made = {passwords.new_token() for _ in range(100)}

    assert len(made) == 100
    assert all(token.startswith("stoma_") and len(token) == 49 for token in made)


@pytest.mark.parametrize(
    ("name", "password", "scope"),
    [
        ("", PASSWORD, "read"),
        ("a b", PASSWORD, "read"),
        ("../x", PASSWORD, "read"),
        ("a" * 65, PASSWORD, "read"),
        ("ada", "short", "read"),
        ("ada", "x" * 1025, "read"),
        ("ada", PASSWORD, "root"),
    ],
)
def test_a_user_that_can_not_be_is_refused(app: App, name: str, password: str, scope: str) -> None:
    with pytest.raises(UsageError):
        accounts.add_user(app, name, password, scope=scope)

    assert accounts.list_users(app) == []


def test_names_are_taken_once_and_known_or_not(app: App, clock: FakeClock) -> None:
    accounts.add_user(app, "ada", PASSWORD)
    accounts.create_token(app, "ci", owner="ada")

    wrong: list[tuple[type[StomaError], object]] = [
        (ConflictError, lambda: accounts.add_user(app, "ada", PASSWORD)),
        (ConflictError, lambda: accounts.create_token(app, "ci")),
        (NotFoundError, lambda: accounts.create_token(app, "x", owner="bob")),
        (NotFoundError, lambda: accounts.create_token(app, "x", tasks=["nope"])),
        (UsageError, lambda: accounts.create_token(app, "x", expires_at=clock.now())),
        (NotFoundError, lambda: accounts.change_password(app, "bob", PASSWORD)),
        (NotFoundError, lambda: accounts.remove_user(app, "bob")),
        (NotFoundError, lambda: accounts.revoke_token(app, "nope")),
    ]
    for error, call in wrong:
        with pytest.raises(error):
            call()  # type: ignore[operator]

    assert [user.name for user in accounts.list_users(app)] == ["ada"]
    assert [token.name for token in accounts.list_tokens(app)] == ["ci"]


def test_a_password_proves_a_user(app: App) -> None:
    user = accounts.add_user(app, "ada", PASSWORD)

    assert accounts.prove_password(app, "ada", PASSWORD) == accounts.Proof(user=user)
    assert accounts.prove_password(app, "ada", "another one") is None
    assert accounts.prove_password(app, "bob", PASSWORD) is None


def test_a_token_proves_until_it_is_over_or_taken_back(app: App, clock: FakeClock) -> None:
    end = clock.now() + timedelta(hours=1)
    made = accounts.create_token(app, "ci", scope="run", expires_at=end)

    first = accounts.prove_token(app, made.text)
    used = accounts.list_tokens(app)[0].last_used_at
    clock.advance(timedelta(minutes=30))
    accounts.prove_token(app, made.text)
    later = accounts.list_tokens(app)[0].last_used_at
    clock.advance(timedelta(minutes=30))
    over = accounts.prove_token(app, made.text)
    accounts.revoke_token(app, "ci")

    assert first is not None
    assert first.token == made.token
    assert (used, later) == (end - timedelta(hours=1), end - timedelta(minutes=30))
    assert (over, accounts.prove_token(app, made.text)) == (None, None)
    assert accounts.prove_token(app, "ci") is None


def test_a_removed_user_takes_everything_along(app: App) -> None:
    user = accounts.add_user(app, "ada", PASSWORD)
    token = accounts.create_token(app, "ci", owner="ada").text
    cookie = accounts.log_in(app, user).cookie
    assert accounts.prove_cookie(app, cookie) == accounts.Proof(user=user)

    accounts.remove_user(app, "ada")

    assert accounts.prove_token(app, token) is None
    assert accounts.prove_cookie(app, cookie) is None
    assert not accounts.anybody(app)


def test_every_change_is_in_the_audit_log(app: App) -> None:
    accounts.add_user(app, "ada", PASSWORD)
    accounts.change_password(app, "ada", PASSWORD)
    accounts.create_token(app, "ci")
    accounts.revoke_token(app, "ci")
    accounts.remove_user(app, "ada")

    with reading(app.paths.database) as reader:
        assert reader is not None
        text = str(reader.audit.newest(AuditFilter(), limit=10))

    words = ["users-add", "users-passwd", "tokens-create", "tokens-revoke", "users-remove"]
    assert all(word in text for word in words)
    assert PASSWORD not in text


# --- by command ---------------------------------------------------------------------------------


@pytest.fixture
def cli(
    tmp_path: Path,
    clock: FakeClock,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Cli:
    monkeypatch.setenv("STOMA_HOME", str(tmp_path))
    return Cli(capsys, clock)


def test_users_come_and_go(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def typed(text: str) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(text))

    empty = cli("users", "list")
    typed(f"{PASSWORD}\n")
    added = cli("users", "add", "ada", "--admin")
    listed = cli("users", "list", "-o", "tsv", "--no-headers", "--fields", "name,scope")
    typed(f"{PASSWORD} 2\n")
    changed = cli("users", "passwd", "ada")
    typed("")
    none = cli("users", "add", "bob")
    unknown = cli("users", "passwd", "bob")
    removed = cli("users", "remove", "ada")

    assert empty.code == 0
    assert (added.code, added.out) == (0, "added user ada (admin)\n")
    assert "needs credentials from now on" in added.err
    assert listed.out == "ada\tadmin\n"
    assert changed.out == "changed the password of ada; their logins have ended\n"
    assert (none.code, unknown.code) == (2, 5)
    assert removed.out == "removed user ada\n"
    assert "needs none on this machine" in removed.err


def test_a_password_is_typed_twice_on_a_terminal(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    typed_twice = [PASSWORD, "another one", PASSWORD, PASSWORD]
    monkeypatch.setattr("getpass.getpass", lambda prompt: typed_twice.pop(0))
    for name in ("stdin", "stderr"):
        monkeypatch.setattr(f"sys.{name}", Terminal())

    differ = cli("users", "add", "ada")
    same = cli("users", "add", "ada", "--scope", "read")

    assert differ.code == 2
    assert same.out == "added user ada (read)\n"


def test_a_token_is_shown_once(cli: Cli, app: App) -> None:
    app.tasks.add(_placed(app), now=app.clock.now())
    made = cli("tokens", "create", "ci", "--scope", "run", "--task", "papers", "--expires", "90d")
    listed = cli("tokens", "list", "-o", "tsv", "--no-headers", "--fields", "name,scope,tasks")
    revoked = cli("tokens", "revoke", "ci")

    assert made.out.startswith("stoma_")
    assert "not shown again" in made.err
    assert listed.out == 'ci\trun\t["papers"]\n'
    assert made.out.strip() not in listed.out
    assert revoked.out == "revoked token ci\n"


def _placed(app: App) -> Placed:
    return place(make_task(), now=app.clock.now(), timezone="UTC")
