"""Tokens at the door and while the socket lives."""

import json
import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from websockets.exceptions import ConnectionClosed, InvalidStatus

import forgery
import frames
from client import Client
from conftest import StartGateway, StartUpstream
from gateway import Gateway
from lines import wait_until
from policy import token
from sanitizers import SLOWNESS
from upstreams import Peer, Upstream

CHAT = [token(audience="chat")]


def greets(socket: Client) -> bool:
    socket.send("hi")
    return socket.recv() == "hello:hi"


# Refusals


def test_token_missing(gateway: StartGateway, upstream: Upstream) -> None:
    response = gateway(upstream, middleware=CHAT).refused("token-missing", 401)
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert upstream.count("open") == 0


@pytest.mark.parametrize(
    "text",
    [
        "not-a-token",
        "a.b.c",
        "e30.e30.e30",
        forgery.unsigned({"alg": "none"}),
        forgery.unsigned({"alg": "EdDSA", "kid": "x", "crit": ["x"]}, "AAAA"),
        forgery.unsigned({"alg": "EdDSA", "kid": "x"}),
        forgery.unsigned({"alg": "EdDSA", "kid": "x"}, "AAAA.AAAA"),
        forgery.unsigned({"alg": "EdDSA", "kid": "x"}, "A" * 9000),
    ],
)
def test_token_malformed(gateway: StartGateway, upstream: Upstream, text: str) -> None:
    """H35."""
    door = gateway(upstream, middleware=CHAT)
    door.issue()
    response = door.refused("token-malformed", 401, token=text)
    assert response.headers["WWW-Authenticate"].startswith("Bearer ")
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]


def test_token_signature_invalid(gateway: StartGateway, upstream: Upstream) -> None:
    """H35: another signature, other claims, another key, another algorithm under the right key id."""
    door = gateway(upstream, middleware=CHAT)
    good = door.issue("alice", "chat")
    key_id, key = forgery.signing_key(door.state)
    public = key.public_key().public_bytes_raw()
    forged = [
        forgery.with_other_signature(good),
        forgery.with_other_claims(good, sub="root"),
        forgery.token(Ed25519PrivateKey.generate(), key_id),
        forgery.token(public, key_id, "HS256"),
        forgery.unsigned({"alg": "ES256", "kid": key_id}, good.rpartition(".")[2]),
    ]
    for text in forged:
        response = door.refused("token-signature-invalid", 401, token=text)
        assert "invalid_token" in response.headers["WWW-Authenticate"]
    door.connect(token=good).close()


@pytest.mark.parametrize("key_id", ["unknown", "../../etc/passwd", "' OR 1=1 --", ""])
def test_token_unknown_key(gateway: StartGateway, upstream: Upstream, key_id: str) -> None:
    """H35."""
    door = gateway(upstream, middleware=CHAT)
    door.issue()
    _, key = forgery.signing_key(door.state)
    door.refused("token-unknown-key", 401, token=forgery.token(key, key_id))


def test_key_that_a_token_brings_along(gateway: StartGateway, upstream: Upstream) -> None:
    """H35: `jwk`, `jku` and `x5u` are not looked at."""
    door = gateway(upstream, middleware=CHAT)
    mine = Ed25519PrivateKey.generate()
    headers = {"jwk": {"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}, "jku": "http://127.0.0.1:1/", "x5u": "file:///"}
    door.refused("token-unknown-key", 401, token=forgery.token(mine, "mine", headers=headers))


def test_token_issuer_unknown(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=CHAT)
    door.issue()
    key_id, key = forgery.signing_key(door.state)
    door.refused("token-issuer-unknown", 401, token=forgery.token(key, key_id, iss="https://elsewhere.example/"))


def test_token_expired(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=CHAT)
    door.issue()
    key_id, key = forgery.signing_key(door.state)
    past = int(time.time()) - 10
    door.refused("token-expired", 401, token=forgery.token(key, key_id, iat=past - 60, nbf=past - 60, exp=past))


def test_token_not_yet_valid(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=CHAT)
    door.issue()
    key_id, key = forgery.signing_key(door.state)
    door.refused("token-not-yet-valid", 401, token=forgery.token(key, key_id, nbf=int(time.time()) + 600))


def test_token_revoked(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=CHAT)
    text = door.issue("alice", "chat")
    door.revoke(text)
    wait_until(lambda: not admits(door, text), "the revocation is known")
    door.refused("token-revoked", 401, token=text)


def admits(door: Gateway, text: str) -> bool:
    try:
        door.connect(token=text).close()
    except InvalidStatus:
        return False
    return True


@pytest.mark.parametrize("audience", [None, "other", "Chat"])
def test_token_audience_mismatch(gateway: StartGateway, upstream: Upstream, audience: str | None) -> None:
    door = gateway(upstream, middleware=CHAT)
    door.refused("token-audience-mismatch", 401, token=door.issue("alice", audience))


def test_token_scope_missing(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=[token(scopes=["chat.read", "chat.write"])])
    door.refused("token-scope-missing", 403, token=door.issue("alice", None, "--scope", "chat.read"))
    both = door.issue("alice", None, "--scope", "chat.read", "--scope", "chat.write")
    with door.connect(token=both) as socket:
        assert greets(socket)


def test_store_that_cannot_be_read(gateway: StartGateway, upstream: Upstream) -> None:
    """H38: refused, never admitted."""
    door = gateway(upstream, middleware=CHAT)
    text = door.issue("alice", "chat")
    with door.connect(token=text) as socket:
        assert greets(socket)
    for file in door.state.glob("tokens.sqlite*"):
        file.write_bytes(b"not a database" * 1000)
    wait_until(lambda: not admits(door, text), "the broken store is noticed")
    door.refused("token-store-unavailable", 503, token=text)


# Carriers

ALL_CARRIERS = [
    token(
        audience="chat",
        **{
            "from": [
                {"header": "X-Token"},
                {"subprotocol": "bearer."},
                {"cookie": "session"},
                {"query": "access_token"},
            ]
        },
    )
]


def test_bearer_header(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=CHAT)
    with door.connect(token=door.issue("alice", "chat")) as socket:
        assert greets(socket)
    line = door.wait_audit("opened")
    assert line["subject"] == "alice"


@pytest.mark.parametrize("value", ["{}", "Basic {}", "Bearer", "Bearer {} {}"])
def test_authorization_that_is_no_bearer(gateway: StartGateway, upstream: Upstream, value: str) -> None:
    door = gateway(upstream, middleware=CHAT)
    text = door.issue("alice", "chat")
    with pytest.raises(InvalidStatus):
        door.connect(additional_headers={"Authorization": value.replace("{}", text)})
    assert door.wait_audit("refused")["reason"] in ("token-missing", "token-malformed")


def test_header_of_another_name(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=ALL_CARRIERS)
    with door.connect(additional_headers={"X-Token": door.issue("alice", "chat")}) as socket:
        assert greets(socket)


def test_cookie(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=ALL_CARRIERS)
    cookies = f"theme=dark; session={door.issue('alice', 'chat')}; other=1"
    with door.connect(additional_headers={"Cookie": cookies}) as socket:
        assert greets(socket)


def test_query(gateway: StartGateway, upstream: Upstream) -> None:
    """H36: the token does not reach the upstream or a log (`Gateway.stop` looks); the rest of the query does."""
    door = gateway(upstream, middleware=ALL_CARRIERS)
    text = door.issue("alice", "chat")
    with door.connect(f"/echo?room=1&access_token={text}&x=%20y") as socket:
        assert greets(socket)
    seen = upstream.wait("open")
    assert seen["url"] == "/echo?room=1&x=%20y"
    assert text not in json.dumps(seen)


def test_query_token_of_a_refused_request_is_in_no_log(gateway: StartGateway, upstream: Upstream) -> None:
    """H36: whatever it is refused for, also before anything has read the token."""
    door = gateway(upstream, middleware=[{"origin": {"allow": ["https://example.com"]}}, *ALL_CARRIERS])
    text = door.issue("alice", "chat")
    door.refused("origin-missing", 403, f"/echo?access_token={text}")
    door.refused("route-not-found", 404, f"/other?access_token={text}")


@pytest.mark.parametrize("order", [("bearer.{}", "chat"), ("chat", "bearer.{}")])
def test_subprotocol(gateway: StartGateway, upstream: Upstream, order: tuple[str, str]) -> None:
    """H36: neither echoed nor forwarded."""
    door = gateway(upstream, middleware=ALL_CARRIERS)
    text = door.issue("alice", "chat")
    with door.connect(subprotocols=[name.replace("{}", text) for name in order]) as socket:
        assert socket.connection.subprotocol == "chat"
        assert greets(socket)
        assert text not in str(socket.connection.response)
    seen = upstream.wait("open")
    assert seen["headers"]["sec-websocket-protocol"] == "chat"
    assert text not in json.dumps(seen)


def test_subprotocol_alone(gateway: StartGateway, raw_upstream: StartUpstream) -> None:
    """H36: nothing is offered to the upstream then."""

    def serve(peer: Peer) -> bytes:
        peer.switch()
        peer.rest()
        return peer.head

    server = raw_upstream(serve)
    door = gateway(server, middleware=ALL_CARRIERS)
    door.connect(subprotocols=["bearer." + door.issue("alice", "chat")]).close()
    assert b"sec-websocket-protocol" not in server.result().lower()


# Identity lives as long as the socket


@pytest.mark.parametrize("by", ["token", "id", "subject"])
def test_revocation_closes_the_live_socket(gateway: StartGateway, upstream: Upstream, by: str) -> None:
    """H37: within a second of the command, and nobody else's."""
    door = gateway(upstream, middleware=CHAT)
    hers, his = door.issue("alice", "chat"), door.issue("bob", "chat")
    with door.connect(token=hers) as alice, door.connect(token=his) as bob:
        assert greets(alice) and greets(bob)
        token_id = door.wait_audit("opened", subject="alice")["token_id"]
        door.revoke(*{"token": [hers], "id": ["--id", token_id], "subject": ["--subject", "alice"]}[by])
        with pytest.raises(ConnectionClosed) as ended:
            alice.recv(timeout=1 * SLOWNESS)
        assert ended.value.rcvd and (ended.value.rcvd.code, ended.value.rcvd.reason) == (1008, "token-revoked")
        assert greets(bob)
        door.refused("token-revoked", 401, token=hers)
        line = door.wait_audit("closed", subject="alice")
        assert (line["reason"], line["close_code"], line["closed_by"]) == ("token-revoked", 1008, "gateway")
        upstream.wait("close")


def test_revocation_before_the_start_holds(gateway: StartGateway, upstream: Upstream) -> None:
    """Revocations outlive a restart."""
    door = gateway(upstream, middleware=CHAT)
    text = door.issue("alice", "chat")
    door.revoke(text)
    door.stop()
    again = gateway(upstream, middleware=CHAT, state=door.state)
    again.refused("token-revoked", 401, token=text)
    again.connect(token=again.issue("bob", "chat")).close()


def test_new_token_of_a_revoked_subject_is_admitted(gateway: StartGateway, upstream: Upstream) -> None:
    """By subject: everything that was issued until then, and nothing after it."""
    door = gateway(upstream, middleware=CHAT)
    old = door.issue("alice", "chat")
    door.revoke("--subject", "alice")
    wait_until(lambda: not admits(door, old), "the revocation is known")
    # `iat` counts whole seconds: the next one is past the cut-off.
    wait_until(lambda: admits(door, door.issue("alice", "chat")), "a later token is admitted")


def test_expiry_closes_the_live_socket(gateway: StartGateway, upstream: Upstream) -> None:
    """H37."""
    door = gateway(upstream, middleware=CHAT)
    with door.connect(token=door.issue("alice", "chat", "--ttl", "3s")) as socket:
        assert greets(socket)
        assert socket.closing() == (1008, "token-expired")
    line = door.wait_audit("closed")
    assert (line["reason"], line["closed_by"]) == ("token-expired", "gateway")


def test_revocation_inside_a_frame(gateway: StartGateway, raw_upstream: StartUpstream) -> None:
    """A frame that the client has begun does not keep its way to the upstream open: the close deadline is far off."""

    def swallow(peer: Peer) -> None:
        peer.switch()
        while peer.socket.recv(65_536):
            pass

    door = gateway(raw_upstream(swallow), middleware=CHAT, timeouts={"close": "1m"})
    text = door.issue("alice", "chat")
    with door.raw() as client:
        client.upgrade(frames.upgrade_request(Authorization=f"Bearer {text}"))
        client.send(frames.encode(frames.BINARY, bytes(1000))[:500])
        door.revoke(text)
        assert door.wait_audit("closed", patience=5 * SLOWNESS)["reason"] == "token-revoked"
