"""Tokens of other issuers: keys in a file and from a service, and what becomes of sockets when keys go."""

import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import forgery
import policy as policies
from client import Client
from conftest import StartGateway
from gateway import Gateway, run
from key_service import ISSUER, Key, KeyService, key_set, make
from lines import wait_until
from sanitizers import SLOWNESS
from upstreams import Upstream

BOTH = [policies.token(issuers=["local", "corporate"])]


def issuer(keys: dict[str, Any], **settings: Any) -> dict[str, Any]:
    base = {"issuer": ISSUER, "audiences": ["chat"], "algorithms": ["ES256"], "keys": keys}
    return {"corporate": {"jwt": base | settings}}


def token(key: Key, **changes: Any) -> str:
    return key.sign(forgery.claims(**{"iss": ISSUER, "sub": "alice", "jti": None} | changes))


def write(path: Path, *keys: Key) -> None:
    """Puts another file in the place of the old one, as a careful program does."""
    new = path.with_suffix(".new")
    new.write_text(key_set(keys))
    os.replace(new, path)


def greets(socket: Client) -> bool:
    socket.send("hi")
    return socket.recv() == "hello:hi"


def told(door: Gateway, text: str) -> None:
    door.log.wait(lambda line: text in line)


@pytest.fixture
def first() -> Key:
    return make("first")


@pytest.fixture
def second() -> Key:
    return make("second")


@pytest.fixture
def file(tmp_path: Path, first: Key) -> Path:
    path = tmp_path / "jwks.json"
    write(path, first)
    return path


def test_a_route_with_two_issuers(gateway: StartGateway, upstream: Upstream, file: Path, first: Key) -> None:
    door = gateway(upstream, middleware=BOTH, issuers=issuer({"file": str(file)}))
    assert greets(door.connect(token=token(first)))
    assert greets(door.connect(token=door.issue("bob", "chat")))
    door.refused("token-issuer-unknown", 401, token=token(first, iss="https://elsewhere.example/"))
    door.refused("token-audience-mismatch", 401, token=token(first, aud="other"))
    door.refused("token-expired", 401, token=token(first, exp=int(time.time()) - 31))
    assert greets(door.connect(token=token(first, exp=int(time.time()) + 20)))


def test_required_claims_and_scopes(gateway: StartGateway, upstream: Upstream, file: Path, first: Key) -> None:
    settings = issuer(
        {"file": str(file)},
        required_claims=[{"pointer": "/groups", "contains": "staff"}],
        scope_claim="/realm_access/roles",
    )
    route = [policies.token(issuers=["corporate"], scopes=["chat.read"])]
    door = gateway(upstream, middleware=route, issuers=settings)
    roles = {"roles": ["chat.read"]}
    assert greets(door.connect(token=token(first, groups=["x", "staff"], realm_access=roles)))
    door.refused("token-claim-mismatch", 403, token=token(first, groups=["x"], realm_access=roles))
    door.refused("token-scope-missing", 403, token=token(first, groups=["staff"], scope="chat.read"))


def test_revocation_by_subject_reaches_foreign_tokens(
    gateway: StartGateway, upstream: Upstream, file: Path, first: Key
) -> None:
    door = gateway(upstream, middleware=BOTH, issuers=issuer({"file": str(file)}))
    socket = door.connect(token=token(first))
    # Of an issuer whose clock is ahead.
    ahead = door.connect(token=token(first, iat=int(time.time()) + 10))
    assert greets(socket) and greets(ahead)
    # The store revokes subjects that it knows.
    door.issue("alice", "chat")
    door.revoke("--subject", "alice")
    assert socket.closing() == (1008, "token-revoked")
    assert ahead.closing() == (1008, "token-revoked")
    door.refused("token-revoked", 401, token=token(first, iat=int(time.time()) - 60))
    door.refused("token-revoked", 401, token=token(first, iat=None))


def test_keys_in_a_file_change(
    gateway: StartGateway, upstream: Upstream, file: Path, first: Key, second: Key
) -> None:
    """A key that goes takes its sockets along, and no others; a file that cannot be read changes nothing."""
    write(file, first, second)
    door = gateway(upstream, middleware=BOTH, issuers=issuer({"file": str(file)}))
    goes, stays = door.connect(token=token(first)), door.connect(token=token(second))
    assert greets(goes) and greets(stays)
    write(file, second)
    assert goes.closing() == (1008, "token-revoked")
    door.refused("token-unknown-key", 401, token=token(first))
    file.write_text("{")
    told(door, "token keys cannot be read, those known so far stay")
    assert greets(stays)
    assert greets(door.connect(token=token(second)))
    write(file, first, second)
    wait_until(lambda: "keys=2" in door.log.so_far()[-1], "the first key is back")
    assert greets(door.connect(token=token(first)))
    assert greets(stays)


def test_a_missing_file_stops_the_start_and_is_told_by_validate(
    portcullis: Path, gateway: StartGateway, upstream: Upstream, file: Path, first: Key, tmp_path: Path
) -> None:
    door = gateway(upstream, middleware=BOTH, issuers=issuer({"file": str(file)}))
    assert run(portcullis, "validate", "--policies", door.policies).returncode == 0
    for text in [None, "{}", '{"keys":[]}']:
        file.unlink(missing_ok=True)
        if text is not None:
            file.write_text(text)
        answer = run(portcullis, "validate", "--policies", door.policies, check=False)
        assert answer.returncode == 1
        assert f"{file}" in answer.stderr and ": error: " in answer.stderr
        answer = run(portcullis, "run", "--policies", door.policies, "--state", tmp_path / "other", check=False)
        assert answer.returncode != 0
        assert "cannot read the keys of token issuer corporate" in answer.stderr
    # One that runs has its keys, whatever is reloaded.
    door.reload()
    assert greets(door.connect(token=token(first)))


@pytest.mark.parametrize("secure", [False, True])
def test_keys_from_a_service(
    gateway: StartGateway, upstream: Upstream, certificates: Path, first: Key, secure: bool
) -> None:
    with KeyService([first], certificates if secure else None) as service:
        keys = {"url": service.url} | ({"ca": str(certificates / "ca.pem")} if secure else {})
        door = gateway(upstream, middleware=BOTH, issuers=issuer(keys))
        assert greets(door.connect(token=token(first)))
        assert service.requests == 1
        # An issuer that is as it was keeps its keys.
        door.reload()
        assert greets(door.connect(token=token(first)))
        assert service.requests == 1


def test_a_service_that_nobody_vouches_for(
    gateway: StartGateway, upstream: Upstream, certificates: Path, first: Key
) -> None:
    with KeyService([first], certificates) as service:
        door = gateway(upstream, middleware=BOTH, issuers=issuer({"url": service.url}))
        door.refused("token-keys-unavailable", 503, token=token(first))
        told(door, "no token keys, tokens of this issuer are refused: SSL certificate problem")
        assert service.requests == 0


def test_an_authority_that_is_a_pipe(
    gateway: StartGateway, upstream: Upstream, first: Key, tmp_path: Path
) -> None:
    """It is told, and not waited for: all services are asked by one thread."""
    pipe = tmp_path / "pipe.pem"
    os.mkfifo(pipe)
    with KeyService([first]) as service:
        piped = issuer({"url": "https://localhost:1/", "ca": str(pipe)}, issuer="https://piped.example/")["corporate"]
        door = gateway(
            upstream,
            middleware=[policies.token(issuers=["local", "corporate", "piped"])],
            issuers=issuer({"url": service.url}) | {"piped": piped},
        )
        told(door, f"the authorities in {pipe} cannot be read: it is not a regular file")
        assert greets(door.connect(token=token(first)))


def test_an_unknown_key_is_looked_for_once(
    gateway: StartGateway, upstream: Upstream, first: Key, second: Key
) -> None:
    """The handshake waits for the look, and a second one within 30 s is not made."""
    with KeyService([first]) as service:
        door = gateway(upstream, middleware=BOTH, issuers=issuer({"url": service.url}))
        service.keys = [second, first]
        service.answering.clear()
        outcomes: list[bool] = []
        waiting = [
            threading.Thread(target=lambda: outcomes.append(greets(door.connect(token=token(second)))))
            for _ in range(3)
        ]
        for thread in waiting:
            thread.start()
        wait_until(lambda: service.requests == 2, "the keys are fetched again")
        # Others do not wait for it.
        assert greets(door.connect(token=token(first)))
        assert not outcomes
        service.answering.set()
        for thread in waiting:
            thread.join()
        assert outcomes == [True] * 3
        third = make("third")
        service.keys.append(third)
        for kid in ["third", "../../etc/passwd", "' OR 1=1 --"]:
            door.refused("token-unknown-key", 401, token=token(Key(kid, "ES256", third.private)))
        assert service.requests == 2


def test_nothing_is_fetched_for_a_token_that_would_be_refused_all_the_same(
    gateway: StartGateway, upstream: Upstream, first: Key, second: Key
) -> None:
    """H35: nor where a token says that its key is."""
    with KeyService([first]) as service, KeyService([second]) as trap:
        door = gateway(upstream, middleware=BOTH, issuers=issuer({"url": service.url}))
        door.refused("token-unknown-key", 401, token=token(second, exp=1000))
        door.refused("token-unknown-key", 401, token=token(second, aud="x"))
        claims = forgery.claims(iss=ISSUER)
        for header in [{"jku": trap.url}, {"x5u": trap.url}, {"jwk": second.jwk}]:
            door.refused("token-signature-invalid", 401, token=Key("first", "ES256", second.private).sign(claims, **header))
        assert (service.requests, trap.requests) == (1, 0)


def test_a_service_that_is_down(gateway: StartGateway, upstream: Upstream, first: Key) -> None:
    """The gateway starts, says what is missing, and has the keys when the service is there."""
    with KeyService([]) as service:
        port, url = service.port, service.url
    door = gateway(upstream, middleware=BOTH, issuers=issuer({"url": url}))
    door.refused("token-keys-unavailable", 503, token=token(first))
    assert greets(door.connect(token=door.issue("bob", "chat")))
    with KeyService([first], port=port):
        told(door, "token keys read")
        assert greets(door.connect(token=token(first)))


def test_a_service_that_breaks(gateway: StartGateway, upstream: Upstream, first: Key, second: Key) -> None:
    """What it said last stays, it is asked again by itself, and a key that has gone takes its socket along."""
    with KeyService([first]) as service:
        door = gateway(upstream, middleware=BOTH, issuers=issuer({"url": service.url}))
        socket = door.connect(token=token(first))
        service.status = 500
        service.keys = [second]
        door.refused("token-unknown-key", 401, token=token(second))
        told(door, "token keys cannot be read, those known so far stay: the answer has status 500")
        assert greets(socket)
        assert greets(door.connect(token=token(first)))
        service.status = 200
        assert socket.closing(10 * SLOWNESS) == (1008, "token-revoked")
        assert greets(door.connect(token=token(second)))


def test_reload_with_another_issuer(
    gateway: StartGateway, upstream: Upstream, file: Path, first: Key, second: Key
) -> None:
    """Keys of a new issuer are there before its policy is in force; a bad one changes nothing."""
    with KeyService([second]) as service:
        door = gateway(upstream, middleware=BOTH, issuers=issuer({"file": str(file)}))
        other = "https://other.example/"
        policy = door.policy | {
            "token_issuers": door.policy["token_issuers"]
            | {"other": {"jwt": issuer({"url": service.url}, issuer=other)["corporate"]["jwt"]}},
            "routes": [policies.route(middleware=[policies.token(issuers=["corporate", "other"])])],
        }
        bad = policy | {"token_issuers": policy["token_issuers"] | issuer({"file": "/nowhere/jwks.json"})}
        policies.write(door.policies, bad)
        assert "cannot read the keys of token issuer corporate" in "\n".join(door.fail_to_reload())
        door.reload(policy)
        assert greets(door.connect(token=token(second, iss=other)))
        assert greets(door.connect(token=token(first)))
        door.refused("token-unknown-key", 401, token=token(first, iss=other))
