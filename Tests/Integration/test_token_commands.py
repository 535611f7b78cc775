"""`portcullis token`: what can be asked of each command, and what it answers."""

import json
import os
import sqlite3
import stat
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import jwt
import pytest

from gateway import run

Command = Callable[..., Any]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def token(portcullis: Path, state: Path) -> Command:
    """Runs `portcullis token` with this state folder."""

    def command(*words: str, check: bool = True) -> Any:
        return run(portcullis, "token", *words, "--state", state, check=check)

    return command


@pytest.fixture
def issue(token: Command) -> Command:
    """A new token, of alice where nothing else is said."""

    def command(*words: str, subject: str = "alice") -> str:
        return token("issue", "--subject", subject, *words).stdout.strip()

    return command


def claims(text: str) -> dict[str, Any]:
    return jwt.decode(text, options={"verify_signature": False})


def use(state: Path, text: str, times: int = 1) -> None:
    """Counts uses of a token, as a gateway does."""
    with closing(sqlite3.connect(state / "tokens.sqlite", timeout=10)) as database, database:
        database.execute("UPDATE tokens SET uses = uses + ? WHERE id = ?", (times, claims(text)["jti"]))


def inspected(token: Command, *words: str) -> tuple[bool, str | None]:
    answer = json.loads(token("inspect", *words, "--json").stdout)
    return answer["admitted"], answer.get("reason")


# issue


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("a=text", "text"),
        ("a=7", 7),
        ("a=-1.5", -1.5),
        ("a=true", True),
        ("a=null", None),
        ('a="7"', "7"),
        ('a={"b":[1,{"c":null}]}', {"b": [1, {"c": None}]}),
        ("a=[]", []),
        ("a=", ""),
        ("a=b=c", "b=c"),
        ("a={broken", "{broken"),
        ("a=07", "07"),
        ("a=1 2", "1 2"),
        ("a=é😀", "é😀"),
    ],
)
def test_claims_of_ones_own(issue: Command, word: str, value: Any) -> None:
    assert claims(issue("--claim", word))["a"] == value


@pytest.mark.parametrize("name", ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "scope", "uses", "from_address"])
def test_claims_with_a_meaning_are_refused(token: Command, state: Path, name: str) -> None:
    result = token("issue", "--subject", "alice", "--claim", f"{name}=1", check=False)
    assert result.returncode == 64
    assert f"'{name}'" in result.stderr and result.stdout == ""
    assert not state.exists()


@pytest.mark.parametrize(
    "words",
    [
        ["--claim", "a"],
        ["--claim", "=1"],
        ["--claim", "a=1", "--claim", "a=2"],
        ["--claim", "a\n=1"],
        ["--uses", "0"],
        ["--uses", "-1"],
        ["--uses", "x"],
        ["--from-address", "10.0.0.1/8"],
        ["--from-address", "example.com"],
        ["--from-address", "10.0.0.0/33"],
        ["--from-address", ""],
        ["--not-before", "soon"],
        ["--not-before", "2026-02-30T00:00:00Z"],
        ["--not-before", "2000d", "--ttl", "2000d"],
        ["--not-before", "9999-12-31T23:59:59Z"],
        ["--ttl", "0s"],
    ],
)
def test_what_cannot_be_issued(token: Command, state: Path, words: list[str]) -> None:
    result = token("issue", "--subject", "alice", *words, check=False)
    assert result.returncode == 64
    assert words[0] in result.stderr and result.stdout == ""
    assert not state.exists()


def test_bounds_are_signed_and_recorded(issue: Command, token: Command) -> None:
    text = issue("--uses", "3", "--from-address", "10.0.0.0/8", "--from-address", "2001:DB8::/32")
    assert claims(text)["uses"] == 3
    assert claims(text)["from_address"] == ["10.0.0.0/8", "2001:db8::/32"]
    (record,) = json.loads(token("list", "--json").stdout)
    assert (record["uses"], record["uses_limit"]) == (0, 3)
    assert record["from_address"] == ["10.0.0.0/8", "2001:db8::/32"]


def test_a_later_start_moves_the_end(issue: Command) -> None:
    now = time.time()
    found = claims(issue("--not-before", "5m", "--ttl", "90s"))
    assert found["nbf"] == pytest.approx(now + 300, abs=5)
    assert found["exp"] - found["nbf"] == 90
    found = claims(issue("--not-before", "2035-06-30T23:59:59+02:00", "--ttl", "1h"))
    assert (found["nbf"], found["exp"]) == (2_066_853_599, 2_066_853_599 + 3600)


def test_a_start_that_has_passed_makes_no_token_shorter(issue: Command) -> None:
    found = claims(issue("--not-before", "2020-01-01T00:00:00Z", "--ttl", "1h"))
    assert found["nbf"] == 1_577_836_800
    assert found["exp"] == pytest.approx(time.time() + 3600, abs=5)


# list


def test_list_by_state(issue: Command, token: Command, state: Path) -> None:
    texts = {
        "valid": issue("--uses", "2", subject="v"),
        "exhausted": issue("--uses", "1", subject="x"),
        "revoked": issue(subject="r"),
        "not-yet-valid": issue("--not-before", "1h", subject="n"),
        "expired": issue("--ttl", "1s", subject="e"),
    }
    use(state, texts["valid"])
    use(state, texts["exhausted"])
    token("revoke", texts["revoked"])
    while time.time() < claims(texts["expired"])["exp"]:
        time.sleep(0.05)
    found = {record["id"]: record["state"] for record in json.loads(token("list", "--json").stdout)}
    assert found == {claims(text)["jti"]: state for state, text in texts.items()}
    for name, text in texts.items():
        (record,) = json.loads(token("list", "--status", name, "--json").stdout)
        assert record["id"] == claims(text)["jti"]
        table = token("list", "--status", name).stdout.splitlines()
        assert len(table) == 2 and table[1].split()[-1] == name
    assert token("list", "--status", "good", check=False).returncode == 64


def test_list_filters(issue: Command, token: Command) -> None:
    issue("--audience", "chat", "--scope", "read", "--scope", "write", subject="a")
    issue("--audience", "chat", "--audience", "feed", subject="b")
    issue("--scope", "reading", subject="c")

    def found(*words: str) -> str:
        return "".join(record["subject"] for record in json.loads(token("list", "--json", *words).stdout))

    assert found() == "abc"
    assert found("--subject", "b") == "b"
    assert found("--audience", "chat") == "ab"
    assert found("--audience", "chat", "--scope", "read") == "a"
    assert found("--scope", "read") == "a"
    assert found("--limit", "2") == "ab"
    assert found("--subject", "nobody") == ""
    assert token("list", "--limit", "0", check=False).returncode == 64
    result = token("list", "--subject", "nobody")
    assert result.stdout == "" and "no tokens" in result.stderr


def test_list_of_many_has_every_row_once(issue: Command, token: Command, state: Path) -> None:
    """More than what the widths of the columns are taken from, the last ones wider."""
    text = issue()
    with closing(sqlite3.connect(state / "tokens.sqlite")) as database, database:
        database.executemany(
            "INSERT INTO tokens (id, subject, audiences, scopes, issued, expires) VALUES (?, ?, '[]', '', ?, ?)",
            ((f"{n:032x}", "s" * (1 + n // 100), n, claims(text)["exp"]) for n in range(3000)),
        )
    table = token("list").stdout.splitlines()
    assert len(table) == 3002
    assert [line.split()[0] for line in table[1:-1]] == [f"{n:032x}" for n in range(3000)]
    assert all(len(line.split()) == 8 for line in table)
    assert len(json.loads(token("list", "--json").stdout)) == 3001


# inspect


def test_inspect_says_what_stands_in_the_way(issue: Command, token: Command, state: Path) -> None:
    good = issue("--audience", "chat", "--scope", "read", "--uses", "2", "--from-address", "10.0.0.0/8")
    assert inspected(token, good) == (True, None)
    assert inspected(token, good, "--audience", "chat", "--scope", "read") == (True, None)
    assert inspected(token, good, "--audience", "feed") == (False, "token-audience-mismatch")
    assert inspected(token, good, "--scope", "read", "--scope", "write") == (False, "token-scope-missing")
    assert inspected(token, good, "--from-address", "10.1.2.3") == (True, None)
    assert inspected(token, good, "--from-address", "::ffff:10.1.2.3") == (True, None)
    assert inspected(token, good, "--from-address", "192.0.2.1") == (False, "token-address-mismatch")
    assert token("inspect", good, "--from-address", "home", check=False).returncode == 64
    assert inspected(token, issue("--not-before", "1h")) == (False, "token-not-yet-valid")
    use(state, good, 2)
    assert inspected(token, good) == (False, "token-exhausted")
    assert "2 times, of 2" in token("inspect", good).stdout
    token("revoke", good)
    assert inspected(token, good) == (False, "token-revoked")


def test_inspect_of_a_counted_token_that_is_not_on_record(issue: Command, token: Command, state: Path) -> None:
    text = issue("--uses", "2")
    with closing(sqlite3.connect(state / "tokens.sqlite")) as database, database:
        database.execute("DELETE FROM tokens")
    assert inspected(token, text) == (False, "token-exhausted")


def test_a_new_store_belongs_to_whom_the_folder_belongs_to(token: Command, state: Path) -> None:
    """Root makes the first token before the service, which is somebody else, has ever run."""
    state.mkdir(mode=0o700)
    owner = (65534, 65534) if os.geteuid() == 0 else (os.geteuid(), state.stat().st_gid)
    os.chown(state, *owner)
    token("issue", "--subject", "alice")
    for file in state.iterdir():
        found = file.stat()
        assert (found.st_uid, found.st_gid) == owner and stat.S_IMODE(found.st_mode) == 0o600, file


# revoke


def test_revoke_everything(issue: Command, token: Command) -> None:
    before = [issue(), issue(subject="bob")]
    assert token("revoke", "--all").stdout == "revoked every token that was issued until now\n"
    assert [inspected(token, text) for text in before] == [(False, "token-revoked")] * 2
    # Not in its second: the token belongs to the next.
    assert inspected(token, issue()) == (True, None)


def test_revoke_of_another_issuers(token: Command, state: Path) -> None:
    token("revoke", "--id", "theirs", "--foreign")
    token("revoke", "--subject", "carol", "--foreign", "--keep", "2h")
    now = time.time()
    with closing(sqlite3.connect(state / "tokens.sqlite")) as database:
        found = database.execute("SELECT kind, value, issued_until, forget_after FROM revocations").fetchall()
    (kind, value, until, forget), carols = found
    assert (kind, value, until) == ("id", "theirs", None) and forget == pytest.approx(now + 30 * 86_400, abs=10)
    assert carols[:2] == ("subject", "carol") and carols[2] == pytest.approx(now, abs=10)
    assert carols[3] == pytest.approx(now + 7200, abs=10)


@pytest.mark.parametrize(
    "words",
    [
        ["--all", "--id", "a"],
        ["--foreign"],
        ["--foreign", "--all"],
        ["--foreign", "--key", "a"],
        ["--id", "a", "--keep", "1h"],
        ["--id", "a", "--foreign", "--keep", "soon"],
        ["--id", ""],
        ["--subject", "", "--foreign"],
    ],
)
def test_what_cannot_be_revoked(token: Command, state: Path, words: list[str]) -> None:
    result = token("revoke", *words, check=False)
    assert result.returncode == 64 and result.stderr
    assert not state.exists()
