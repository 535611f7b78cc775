"""`portcullis key`: keys come, verify for a while, and end, under live sockets."""

import json
from pathlib import Path
from typing import Any

import jwt
import pytest
from websockets.exceptions import ConnectionClosed

import forgery
from conftest import StartGateway
from gateway import run
from lines import wait_until
from policy import token
from sanitizers import SLOWNESS
from test_tokens import CHAT, admits, greets
from upstreams import Upstream


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def key(portcullis: Path, state: Path, *words: str, check: bool = True) -> Any:
    return run(portcullis, "key", *words, "--state", state, check=check)


def keys(portcullis: Path, state: Path) -> list[dict[str, Any]]:
    return json.loads(key(portcullis, state, "list", "--json").stdout)


def issue(portcullis: Path, state: Path, *words: str) -> str:
    return run(portcullis, "token", "issue", "--subject", "alice", *words, "--state", state).stdout.strip()


def key_id(text: str) -> str:
    return jwt.get_unverified_header(text)["kid"]


def test_rotation(portcullis: Path, state: Path) -> None:
    old = issue(portcullis, state, "--ttl", "1h")
    made = json.loads(key(portcullis, state, "rotate", "--json").stdout)
    new = issue(portcullis, state)
    assert key_id(new) == made["id"] != key_id(old)
    first, second = keys(portcullis, state)
    assert (first["id"], first["state"]) == (key_id(old), "verifying")
    assert (second["id"], second["state"]) == (key_id(new), "signing")
    assert "verifying until 20" in key(portcullis, state, "list").stdout
    for text in (old, new):
        assert "admitted now: yes" in run(portcullis, "token", "inspect", text, "--state", state).stdout


def test_export_verifies_the_tokens(portcullis: Path, state: Path) -> None:
    """By PyJWT, which knows nothing of this project: RFC 7517, RFC 8037."""
    retired = issue(portcullis, state)
    key(portcullis, state, "retire", key_id(retired))
    tokens = [issue(portcullis, state, "--audience", "chat")]
    key(portcullis, state, "rotate")
    tokens.append(issue(portcullis, state, "--audience", "chat"))
    text = key(portcullis, state, "export").stdout
    exported = json.loads(text)["keys"]
    assert all(set(found) == {"kty", "crv", "x", "kid", "alg", "use"} for found in exported)
    assert {(found["kty"], found["crv"], found["alg"], found["use"]) for found in exported} == {
        ("OKP", "Ed25519", "EdDSA", "sig")
    }
    assert [found["kid"] for found in exported] == [key_id(text) for text in tokens]
    known = jwt.PyJWKSet.from_json(text)
    for text in tokens:
        found = jwt.decode(text, known[key_id(text)].key, ["EdDSA"], audience="chat", issuer="portcullis")
        assert found["sub"] == "alice"
        with pytest.raises(jwt.InvalidSignatureError):
            jwt.decode(forgery.with_other_signature(text), known[key_id(text)].key, ["EdDSA"], audience="chat")
    # An id is the key's thumbprint (RFC 7638).
    one = jwt.PyJWK(exported[0])
    assert one.key_id == exported[0]["kid"]


@pytest.mark.parametrize("how", [["key", "rotate"], ["key", "retire"]])
def test_private_bytes_are_erased(gateway: StartGateway, upstream: Upstream, how: list[str]) -> None:
    """From every file, while a gateway has the store open."""
    door = gateway(upstream, middleware=CHAT)
    text = door.issue("alice", "chat")
    _, private = forgery.signing_key(door.state)
    raw = private.private_bytes_raw()

    def kept() -> bool:
        return any(raw in file.read_bytes() for file in door.state.iterdir() if file.is_file())

    assert kept()
    words = how if how[1] == "rotate" else [*how, key_id(text)]
    run(door.binary, *words, "--state", door.state)
    assert not kept()


def test_rotation_under_live_sockets(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=CHAT)
    old = door.issue("alice", "chat")
    with door.connect(token=old) as socket:
        assert greets(socket)
        run(door.binary, "key", "rotate", "--state", door.state)
        new = door.issue("bob", "chat")
        wait_until(lambda: admits(door, new), "the new key is known")
        assert greets(socket)
        door.connect(token=old).close()


@pytest.mark.parametrize("words", [["key", "retire"], ["token", "revoke", "--key"]])
def test_retirement_closes_live_sockets(gateway: StartGateway, upstream: Upstream, words: list[str]) -> None:
    """H37: those of the key's tokens, within a second, and no others."""
    door = gateway(upstream, middleware=CHAT)
    old = door.issue("alice", "chat")
    run(door.binary, "key", "rotate", "--state", door.state)
    new = door.issue("bob", "chat")
    wait_until(lambda: admits(door, new), "the new key is known")
    with door.connect(token=old) as alice, door.connect(token=new) as bob:
        assert greets(alice) and greets(bob)
        run(door.binary, *words, key_id(old), "--state", door.state)
        assert_revoked(alice)
        assert greets(bob)
        door.refused("token-revoked", 401, token=old)
        door.connect(token=new).close()
    assert key_id(door.issue("carol", "chat")) == key_id(new)


def test_retirement_of_the_key_that_signs(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=CHAT)
    old = door.issue("alice", "chat")
    with door.connect(token=old) as socket:
        assert greets(socket)
        output = run(door.binary, "key", "retire", key_id(old), "--state", door.state).stdout
        assert_revoked(socket)
    new = door.issue("alice", "chat")
    assert key_id(new) != key_id(old) and f"signing with key {key_id(new)}" in output
    wait_until(lambda: admits(door, new), "the new key is known")
    door.refused("token-revoked", 401, token=old)
    # Also for who comes later.
    door.stop()
    again = gateway(upstream, middleware=CHAT, state=door.state)
    again.refused("token-revoked", 401, token=old)
    again.connect(token=new).close()


def test_everything_is_revoked_under_live_sockets(gateway: StartGateway, upstream: Upstream) -> None:
    """H37."""
    door = gateway(upstream, middleware=CHAT)
    texts = [door.issue(name, "chat") for name in ("alice", "bob")]
    with door.connect(token=texts[0]) as alice, door.connect(token=texts[1]) as bob:
        assert greets(alice) and greets(bob)
        door.revoke("--all")
        assert_revoked(alice)
        assert_revoked(bob)
    for text in texts:
        door.refused("token-revoked", 401, token=text)
    wait_until(lambda: admits(door, door.issue("alice", "chat")), "a later token is admitted")


@pytest.mark.parametrize("by", ["id", "subject"])
def test_foreign_revocation_closes_live_sockets(gateway: StartGateway, upstream: Upstream, by: str) -> None:
    """A token that was never recorded here stands for one of another issuer."""
    door = gateway(upstream, middleware=[token()])
    door.issue()
    name, key = forgery.signing_key(door.state)
    text = forgery.token(key, name, sub="carol", jti="theirs")
    with door.connect(token=text) as socket:
        assert greets(socket)
        words = {"id": ["--id", "theirs"], "subject": ["--subject", "carol"]}[by]
        assert run(door.binary, "token", "revoke", *words, "--state", door.state, check=False).returncode == 1
        door.revoke(*words, "--foreign")
        assert_revoked(socket)
    door.refused("token-revoked", 401, token=text)


def assert_revoked(socket: Any) -> None:
    with pytest.raises(ConnectionClosed) as ended:
        socket.recv(timeout=1 * SLOWNESS)
    assert ended.value.rcvd and (ended.value.rcvd.code, ended.value.rcvd.reason) == (1008, "token-revoked")


def test_retirement_of_nothing(portcullis: Path, state: Path) -> None:
    text = issue(portcullis, state)
    result = key(portcullis, state, "retire", "unknown", check=False)
    assert result.returncode == 1 and "unknown" in result.stderr and "`portcullis key list`" in result.stderr
    key(portcullis, state, "retire", key_id(text))
    assert "before" in key(portcullis, state, "retire", key_id(text)).stdout
    assert [found["state"] for found in keys(portcullis, state)] == ["retired", "signing"]


def test_no_store(portcullis: Path, state: Path) -> None:
    for words in (["list"], ["export"], ["retire", "a"]):
        result = key(portcullis, state, *words, check=False)
        assert result.returncode == 1 and "there is no token store" in result.stderr
    assert not state.exists()
