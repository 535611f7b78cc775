"""What the upstream and the client see of each other's headers."""

from typing import Any

import pytest

import forgery
import frames
from client import Client
from conftest import StartGateway, StartUpstream
from policy import token
from upstreams import Upstream


def seen(upstream: Upstream) -> dict[str, str]:
    """The header fields of the upgrade request as it arrived, in lower case."""
    return upstream.wait("open")["headers"]


def test_ordinary_headers_pass(gateway: StartGateway, upstream: Upstream) -> None:
    gateway(upstream).connect(additional_headers={"X-Color": "blue"}, user_agent_header="mine/1").close()
    headers = seen(upstream)
    assert headers["x-color"] == "blue"
    assert headers["user-agent"] == "mine/1"


def test_request_line_and_origin_pass(gateway: StartGateway, upstream: Upstream) -> None:
    gateway(upstream).connect("/echo?a=1&b=%20", origin="https://example.com").close()
    assert upstream.wait("open")["url"] == "/echo?a=1&b=%20"
    assert seen(upstream)["origin"] == "https://example.com"


def test_base_path_of_the_upstream(gateway: StartGateway, upstream: Upstream) -> None:
    gateway(upstream.url + "/base").connect("/echo?a=1").close()
    assert upstream.wait("open")["url"] == "/base/echo?a=1"


def test_subprotocol_is_negotiated_with_the_upstream(gateway: StartGateway, upstream: Upstream) -> None:
    with gateway(upstream).connect(subprotocols=["chat.v2", "chat.v1"]) as socket:
        assert socket.connection.subprotocol == "chat.v2"
    assert seen(upstream)["sec-websocket-protocol"].replace(" ", "") == "chat.v2,chat.v1"


FORWARDED = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Proto": "ftp",
    "X-Forwarded-Host": "evil.example",
    "Forwarded": "for=203.0.113.9",
}


def test_forwarded_headers_are_the_gateways(gateway: StartGateway, upstream: Upstream) -> None:
    """H11: what an untrusted peer says of itself is not passed on."""
    door = gateway(upstream)
    door.connect(source="127.0.0.5", additional_headers=FORWARDED).close()
    headers = seen(upstream)
    assert headers["x-forwarded-for"] == "127.0.0.5"
    assert headers["x-forwarded-proto"] == "https"
    assert headers["x-forwarded-host"] == f"localhost:{door.port}"
    assert "forwarded" not in headers
    assert door.wait_audit("opened")["client"] == "127.0.0.5"


def test_forwarded_for_of_a_trusted_proxy(gateway: StartGateway, upstream: Upstream) -> None:
    """H11: right to left, past trusted hops only; the peer is appended."""
    door = gateway(upstream, listener={"trusted_proxies": ["127.0.0.5/32", "10.0.0.0/8"]})
    chain = "192.0.2.1, 203.0.113.9, 10.1.2.3"
    door.connect(source="127.0.0.5", additional_headers={"X-Forwarded-For": chain}).close()
    assert door.wait_audit("opened")["client"] == "203.0.113.9"
    assert seen(upstream)["x-forwarded-for"].replace(" ", "") == f"{chain}, 127.0.0.5".replace(" ", "")


def test_unreadable_hop_means_the_peer(gateway: StartGateway, upstream: Upstream) -> None:
    """H11."""
    door = gateway(upstream, listener={"trusted_proxies": ["127.0.0.5/32"]})
    door.connect(source="127.0.0.5", additional_headers={"X-Forwarded-For": "203.0.113.9, unknown"}).close()
    assert door.wait_audit("opened")["client"] == "127.0.0.5"


EDITS = {
    "request": {
        "set": {
            "X-Auth-Subject": "${token.subject}",
            "X-Token-ID": "${token.id}",
            "X-Client-IP": "${client.ip}",
            "X-Request-ID": "${request.id}",
        },
        "add": {"X-Via": "portcullis"},
        "remove": ["Cookie", "Authorization"],
    },
    "response": {"set": {"Strict-Transport-Security": "max-age=63072000"}},
}


def admitted(gateway: StartGateway, upstream: Upstream, headers: Any) -> tuple[Client, dict[str, Any]]:
    door = gateway(upstream, middleware=[token(), {"headers": EDITS}])
    socket = door.connect(token=door.issue("alice"), additional_headers=headers)
    socket.close()
    return socket, door.wait_audit("opened")


def test_edits(gateway: StartGateway, upstream: Upstream) -> None:
    sent = {"X-Auth-Subject": "root", "X-Via": "elsewhere", "Cookie": "a=1", "X-Kept": "yes"}
    socket, line = admitted(gateway, upstream, sent)
    headers = seen(upstream)
    assert headers["x-auth-subject"] == "alice"
    assert headers["x-token-id"] == line["token_id"]
    assert headers["x-client-ip"] == "127.0.0.1"
    assert headers["x-request-id"] == line["request_id"]
    assert headers["x-kept"] == "yes"
    assert headers["x-via"].endswith("portcullis")
    assert not {"cookie", "authorization"} & set(headers)
    response = socket.connection.response
    assert response and response.headers["Strict-Transport-Security"] == "max-age=63072000"


@pytest.mark.parametrize("name", ["X_Auth_Subject", "x-auth_subject", "x_auth-SUBJECT"])
def test_names_that_a_server_may_take_for_the_same(gateway: StartGateway, upstream: Upstream, name: str) -> None:
    """H10: `_` and `-` count as equal."""
    admitted(gateway, upstream, {name: "root"})
    headers = seen(upstream)
    assert headers["x-auth-subject"] == "alice"
    assert "root" not in headers.values()


def test_connection_cannot_remove_what_a_policy_sets(gateway: StartGateway, upstream: Upstream) -> None:
    """H9: the client's hop-by-hop headers go first."""
    door = gateway(upstream, middleware=[token(), {"headers": EDITS}])
    text = door.issue("alice")
    with door.raw() as client:
        client.upgrade(
            frames.upgrade_request(
                Connection="Upgrade, X-Auth-Subject, X-Secret-Hop",
                X_Secret_Hop="1",
                Keep_Alive="timeout=5",
                Authorization=f"Bearer {text}",
            )
        )
    headers = seen(upstream)
    assert headers["x-auth-subject"] == "alice"
    assert not {"x-secret-hop", "keep-alive"} & set(headers)


def test_subject_with_a_line_break(gateway: StartGateway, upstream: Upstream) -> None:
    """H12: a value that would end its header line does not become one."""
    door = gateway(upstream, middleware=[token(), {"headers": EDITS}])
    door.issue("alice")
    key_id, key = forgery.signing_key(door.state)
    with door.raw() as client:
        forged = forgery.token(key, key_id, sub="a\r\nX-Admin: yes")
        client.send(frames.upgrade_request(Authorization=f"Bearer {forged}"))
        assert client.head().status >= 400
    assert upstream.count("open") == 0


def test_edits_of_the_101(gateway: StartGateway, raw_upstream: StartUpstream) -> None:
    """What the upstream says of itself can be taken out; what is added stands beside what is there."""
    edits = {"remove": ["Server"], "set": {"X-Set": "policy"}, "add": {"X-Added": "policy"}}
    target = raw_upstream(lambda peer: peer.switch("Server: old/1.0", "X_Set: a", "x-added: upstream", "X-Kept: yes"))
    with gateway(target, middleware=[{"headers": {"response": edits}}]).raw() as client:
        headers = client.upgrade().headers
    assert "Server" not in headers and "X_Set" not in headers
    assert headers.get_all("X-Set") == ["policy"]
    assert headers.get_all("X-Added") == ["upstream", "policy"]
    assert headers["X-Kept"] == "yes"
