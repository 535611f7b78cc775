"""Message rules: drop, close and replace, by opcode, size, text, JSON and scope."""

import json
from typing import Any

import frames
from conftest import StartGateway
from policy import token
from upstreams import Upstream


def rule(do: Any, when: dict[str, Any] | None = None, source: str = "client", **more: Any) -> dict[str, Any]:
    return {"name": "rule", "from": source, "do": do} | ({"when": when} if when else {}) | more


def test_drop(gateway: StartGateway, upstream: Upstream) -> None:
    rules = [rule("drop", {"text": {"contains": "noise"}})]
    with gateway(upstream, messages=rules).connect() as socket:
        socket.send("some noise here")
        socket.send("a signal")
        assert socket.recv() == "hello:a signal"


def test_drop_from_the_upstream(gateway: StartGateway, upstream: Upstream) -> None:
    rules = [rule("drop", {"text": {"contains": "noise"}}, "upstream")]
    with gateway(upstream, messages=rules).connect() as socket:
        socket.send("noise")
        socket.send("signal")
        assert socket.recv() == "hello:signal"


def test_close(gateway: StartGateway, upstream: Upstream) -> None:
    do = {"close": {"code": 1008, "reason": "admin is not allowed"}}
    rules = [rule(do, {"json": {"pointer": "/type", "equals": "admin"}})]
    door = gateway(upstream, messages=rules)
    with door.connect() as socket:
        socket.send(json.dumps({"type": "chat"}))
        assert socket.recv() == 'hello:{"type": "chat"}'
        socket.send('{"a": {"type": "admin"}}')
        assert socket.recv()
        # The same key, written so that it does not look like it.
        socket.send('{"ty\\u0070e": "\\u0061dmin"}')
        assert socket.closing() == (1008, "admin is not allowed")
    line = door.wait_audit("closed")
    assert (line["reason"], line["close_code"], line["closed_by"]) == ("message-denied", 1008, "gateway")
    assert line["rule"] == "rule"
    upstream.wait("close")


def test_close_says_message_denied_by_itself(gateway: StartGateway, upstream: Upstream) -> None:
    rules = [rule("close", {"opcode": "binary"})]
    with gateway(upstream, messages=rules).connect() as socket:
        socket.send(b"\x00")
        assert socket.closing() == (1008, "message-denied")


def test_close_with_a_code_of_ones_own(gateway: StartGateway, upstream: Upstream) -> None:
    rules = [rule({"close": {"code": 4008, "reason": "too long"}}, {"size": {"over": "16B"}})]
    with gateway(upstream, messages=rules).connect() as socket:
        socket.send(b"x" * 16)
        assert socket.recv() == b"x" * 16
        socket.send(b"x" * 17)
        assert socket.closing() == (4008, "too long")


def test_duplicate_key_counts_in_each_place(gateway: StartGateway, upstream: Upstream) -> None:
    rules = [rule("close", {"json": {"pointer": "/type", "equals": "admin"}})]
    for message in ['{"type": "admin", "type": "chat"}', '{"type": "chat", "type": "admin"}']:
        with gateway(upstream, messages=rules).connect() as socket:
            socket.send(message)
            assert socket.closing() == (1008, "message-denied")


REPLACE = {"replace": {"with": "****"}}
SECRET = {"text": {"contains": "4111-1111"}}


def test_replace(gateway: StartGateway, upstream: Upstream) -> None:
    with gateway(upstream, messages=[rule(REPLACE, SECRET)]).connect() as socket:
        socket.send("card 4111-1111, again 4111-1111.")
        assert socket.recv() == "hello:card ****, again ****."
        socket.send("nothing to hide")
        assert socket.recv() == "hello:nothing to hide"


def test_replace_from_the_upstream(gateway: StartGateway, upstream: Upstream) -> None:
    with gateway(upstream, messages=[rule(REPLACE, SECRET, "upstream")]).connect() as socket:
        socket.send("fragment:card 41|11-1|111.")
        assert socket.recv() == "card ****."


def test_replace_in_a_fragmented_message_with_pings_between(gateway: StartGateway, upstream: Upstream) -> None:
    with gateway(upstream, messages=[rule(REPLACE, SECRET)]).raw() as client:
        client.upgrade()
        client.send_frame(frames.TEXT, b"card 4111", final=False)
        client.send_frame(frames.PING, b"1")
        client.send_frame(frames.CONTINUATION, b"-1", final=False)
        client.send_frame(frames.CONTINUATION, b"", final=False)
        client.send_frame(frames.PING, b"2")
        client.send_frame(frames.CONTINUATION, b"111.")
        answers = [client.frame() for _ in range(3)]
        assert answers[0] == frames.Frame(frames.PONG, b"1")
        assert frames.Frame(frames.PONG, b"2") in answers
        assert frames.Frame(frames.TEXT, b"hello:card ****.") in answers


def test_rules_run_in_order(gateway: StartGateway, upstream: Upstream) -> None:
    """What a rule has replaced, the next one sees."""
    rules = [
        rule({"replace": {"with": "b"}}, {"text": {"contains": "a"}}, name="first"),
        rule("drop", {"text": {"contains": "a"}}, name="second"),
        rule({"replace": {"with": "c"}}, {"text": {"contains": "b"}}, name="third"),
    ]
    with gateway(upstream, messages=rules).connect() as socket:
        socket.send("a")
        assert socket.recv() == "hello:c"


def test_shadow_rule(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, messages=[rule("drop", SECRET, mode="shadow")])
    with door.connect() as socket:
        socket.send("4111-1111")
        assert socket.recv() == "hello:4111-1111"
    assert door.wait_audit("closed")["rules"] == [{"rule": "rule", "count": 1, "mode": "shadow"}]


def test_scopes(gateway: StartGateway, upstream: Upstream) -> None:
    rules = [rule("close", {"json": {"pointer": "/type", "equals": "admin"}, "lacks_scope": "chat.admin"})]
    door = gateway(upstream, middleware=[token()], messages=rules)
    message = json.dumps({"type": "admin"})
    with door.connect(token=door.issue("guest")) as guest:
        guest.send(message)
        assert guest.closing()[0] == 1008
    with door.connect(token=door.issue("chief", None, "--scope", "chat.admin")) as chief:
        chief.send(message)
        assert chief.recv() == "hello:" + message


def test_json_values(gateway: StartGateway, upstream: Upstream) -> None:
    cases = [
        ("/n", 1, '{"n": 1}'),
        ("/n", True, '{"n": true}'),
        ("/n", None, '{"n": null}'),
        ("/a/1", "x", '{"a": [0, "x"]}'),
        ("/a~1b/~0", "y", '{"a/b": {"~": "y"}}'),
        ("", "whole", '"whole"'),
    ]
    for pointer, value, message in cases:
        rules = [rule("close", {"json": {"pointer": pointer, "equals": value}})]
        with gateway(upstream, messages=rules).connect() as socket:
            for other in ['{"n": "1"}', '{"n": 2}', "[]", "not json", '{"a": ["x", 0]}', '{"unfinished": ']:
                socket.send(other)
                assert socket.recv() == "hello:" + other
            socket.send(message)
            assert socket.closing() == (1008, "message-denied")


def test_message_over_the_limit_is_not_gathered(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, messages=[rule("drop", SECRET)], limits={"message_bytes": "1KiB"})
    with door.raw() as client:
        client.upgrade()
        client.send_frame(frames.TEXT, b"x" * 1000, final=False)
        client.send_frame(frames.CONTINUATION, b"x" * 25)
        assert client.close_frame().code == 1009
    assert upstream.wait("close")["code"] == 1001


def test_many_messages_through_rules(gateway: StartGateway, upstream: Upstream) -> None:
    rules = [rule(REPLACE, SECRET, "both"), rule("drop", {"text": {"contains": "drop me"}}, name="other")]
    with gateway(upstream, messages=rules, limits={"message_bytes": "1MiB"}).connect(max_queue=None) as socket:
        for number in range(500):
            socket.send(f"{number}: 4111-1111")
            socket.send("drop me")
        for number in range(500):
            assert socket.recv() == f"hello:{number}: ****"
        large = "x" * 500_000
        socket.send(large + "4111-1111")
        assert socket.recv() == "hello:" + large + "****"
