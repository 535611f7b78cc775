"""What message rules can ask for and do, beyond `test_messages.py`: each condition and each action with the real binary."""

import json
import re
from pathlib import Path
from typing import Any

import frames
import policy
import pytest
from conftest import StartGateway
from policy import token
from test_messages import rule
from upstreams import Upstream

CLOSED = (1008, "message-denied")

CONDITIONS: list[tuple[str, dict[str, Any], list[str | bytes], list[str | bytes]]] = [
    ("all", {"all": [{"opcode": "text"}, {"text": {"contains": "a"}}]}, ["cat"], ["dog", b"cat"]),
    ("any", {"any": [{"opcode": "binary"}, {"text": {"contains": "a"}}]}, ["cat", b"dog"], ["dog"]),
    ("not", {"not": {"text": {"contains": "a"}}}, ["dog", b"cat"], ["cat"]),
    ("direction", {"direction": "client"}, ["x"], []),
    ("size", {"size": {"over": "3B", "under": "6B"}}, ["1234", b"12345"], ["123", "123456"]),
    ("matches", {"text": {"matches": r"^\d{3}-(?P<rest>\d+)$"}}, ["123-4"], ["x123-4", b"123-4"]),
    ("json in", {"json": {"pointer": "/t", "in": ["a", 1]}}, ['{"t":"a"}', '{"t":1.0}'], ['{"t":"b"}', "a"]),
    ("json matches", {"json": {"pointer": "/t", "matches": "^a.c$"}}, ['{"t":"a\\u0062c"}'], ['{"t":"abcd"}', '{"t":1}']),
    ("json exists", {"json": {"pointer": "/t", "exists": True}}, ['{"t":null}'], ["{}", "[]"]),
    ("json does not exist", {"json": {"pointer": "/t", "exists": False}}, ["{}", "no"], ['{"t":{}}']),
    ("json type", {"json": {"pointer": "/t", "type": "integer"}}, ['{"t":2.0}'], ['{"t":2.5}', '{"t":"2"}']),
    ("json range", {"json": {"pointer": "/t", "over": 1, "under": 2.5}}, ['{"t":2}'], ['{"t":1}', '{"t":2.5}']),
    ("binary", {"binary": {"prefix": "0aff"}}, [b"\x0a\xff1"], [b"\x0a", "\n"]),
    ("not_json", {"not_json": True}, ["{", "", "{} {}"], ["{}", " 1 "]),
    ("not_utf8", {"not_utf8": True}, [b"\xff", b"a\xc3"], [b"a\xc3\xa9", "é"]),
    ("path", {"path": {"matches": "^/ec"}}, ["x"], []),
    ("query", {"query": {"name": "room", "in": ["a b", "c"]}}, ["x"], []),
    ("query of another value", {"query": {"name": "room", "equals": "z"}}, [], ["x"]),
]


@pytest.mark.parametrize(("name", "when", "denied", "passed"), CONDITIONS, ids=[case[0] for case in CONDITIONS])
def test_condition(
    gateway: StartGateway,
    upstream: Upstream,
    name: str,
    when: dict[str, Any],
    denied: list[str | bytes],
    passed: list[str | bytes],
) -> None:
    door = gateway(upstream, messages=[rule("close", when)])
    with door.connect("/echo?room=a+b&other=1") as socket:
        for message in passed:
            socket.send(message)
            assert socket.recv() == (f"hello:{message}" if isinstance(message, str) else message)
    for message in denied:
        with door.connect("/echo?room=a+b&other=1") as socket:
            socket.send(message)
            assert socket.closing() == CLOSED, message


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "utf-8-sig"])
def test_another_encoding_hides_nothing(gateway: StartGateway, upstream: Upstream, encoding: str) -> None:
    """Python's `json.loads` reads them all from a binary message."""
    door = gateway(upstream, messages=[rule("close", {"json": {"pointer": "/type", "equals": "admin"}})])
    hidden = '{"type":"admin"}'.encode(encoding)
    assert json.loads(hidden) == {"type": "admin"}
    with door.connect() as socket:
        socket.send(hidden)
        assert socket.closing() == CLOSED


def test_rules_for_both_forms_of_a_letter(gateway: StartGateway, upstream: Upstream) -> None:
    """é as one character, and as two that look like it: texts that a program may take for the same."""
    forms = ["\u00e9", "e\u0301"]
    door = gateway(upstream, messages=[rule("close", {"any": [{"text": {"contains": form}} for form in forms]})])
    for form in forms:
        with door.connect() as socket:
            socket.send(form)
            assert socket.closing() == CLOSED, form


def test_what_is_put_between_characters_leaves_text(gateway: StartGateway, upstream: Upstream) -> None:
    with gateway(upstream, messages=[rule({"replace": {"matches": r"\B", "with": "-"}})]).connect() as socket:
        socket.send("aé世")
        assert socket.recv() == "hello:aé-世-"


def test_shadow_counts_what_would_have_acted(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, messages=[rule({"remove": {"pointer": "/x"}}) | {"mode": "shadow"}])
    with door.connect() as socket:
        for message in ['{"a":1}', '{"x":1}', "no JSON"]:
            socket.send(message)
            assert socket.recv() == "hello:" + message
    assert door.wait_audit("closed")["rules"] == [{"rule": "rule", "count": 2, "mode": "shadow"}]


def test_conditions_on_who_it_is(gateway: StartGateway, upstream: Upstream) -> None:
    rules = [
        rule({"reply": {"text": "subject"}}, {"subject": ["alice", "carol"], "text": {"contains": "?"}}, name="a"),
        rule({"reply": {"text": "claim"}}, {"claim": {"pointer": "/org/id", "equals": 7}}, name="b"),
        rule({"reply": {"text": "group"}}, {"claim": {"pointer": "/groups", "contains": "staff"}}, name="c"),
    ]
    door = gateway(upstream, middleware=[token()], messages=rules)
    tokens = {
        "subject": door.issue("alice"),
        "claim": door.issue("bob", None, "--claim", 'org={"id": 7}'),
        "group": door.issue("dave", None, "--claim", 'groups=["users", "staff"]'),
        "hello:?": door.issue("eve", None, "--claim", 'groups=["users"]'),
    }
    for answer, issued in tokens.items():
        with door.connect(token=issued) as socket:
            socket.send("?")
            assert socket.recv() == answer


def test_allow_ends_the_rules(gateway: StartGateway, upstream: Upstream) -> None:
    rules = [rule("allow", {"text": {"contains": "ok"}}, name="first"), rule("close", name="second")]
    door = gateway(upstream, messages=rules)
    with door.connect() as socket:
        socket.send("ok")
        assert socket.recv() == "hello:ok"
        socket.send("no")
        assert socket.closing() == CLOSED
    assert door.wait_audit("closed")["rules"] == [
        {"rule": "first", "count": 1, "mode": "enforce"},
        {"rule": "second", "count": 1, "mode": "enforce"},
    ]


def test_replace_by_a_pattern_with_groups(gateway: StartGateway, upstream: Upstream) -> None:
    when = {"text": {"matches": r"(?P<first>\d{4})-\d{4}-(?P<last>\d{4})"}}
    rules = [rule({"replace": {"with": "${match.first}-****-${match.last}"}}, when)]
    with gateway(upstream, messages=rules).connect() as socket:
        socket.send("a 1111-2222-3333, 4444-5555-6666")
        assert socket.recv() == "hello:a 1111-****-3333, 4444-****-6666"


def test_set_and_remove(gateway: StartGateway, upstream: Upstream) -> None:
    """Every other byte stays as it was, and what a client says of itself is overwritten."""
    rules = [
        rule({"set": {"pointer": "/from", "value": "${token.subject}"}}, {"json": {"pointer": "/from", "exists": True}}),
        rule({"set": {"pointer": "/via", "value": {"ip": "${client.ip}", "n": [1, None]}}}, name="added"),
        rule({"remove": {"pointer": "/secret"}}, {"json": {"pointer": "/secret", "exists": True}}, name="removed"),
    ]
    door = gateway(upstream, middleware=[token()], messages=rules)
    with door.connect(token=door.issue('ali"ce')) as socket:
        socket.send('{ "from":"root", "x" : 1.50,"fr\\u006fm":2 , "secret":[{}], "e":"\\u00e9" }')
        added = '"via":{"ip":"127.0.0.1","n":[1,null]}'
        answer = socket.recv()
        assert isinstance(answer, str)
        assert answer.startswith('hello:{ "from":"ali\\"ce", "x" : 1.50,"fr\\u006fm":"ali\\"ce" , "e":"\\u00e9"')
        assert added in answer and "secret" not in answer
        assert json.loads(answer.removeprefix("hello:"))["via"]["ip"] == "127.0.0.1"


def test_an_edit_of_what_is_no_json_closes(gateway: StartGateway, upstream: Upstream) -> None:
    """A server that reads JSON leniently would see what was to be removed."""
    rules = [rule({"remove": {"pointer": "/secret"}}, {"json": {"pointer": "/secret", "exists": True}})]
    with gateway(upstream, messages=rules).connect() as socket:
        socket.send('{"secret": 1,}')
        assert socket.closing() == CLOSED


def test_reply(gateway: StartGateway, upstream: Upstream) -> None:
    when = {"text": {"matches": "^/whoami (?P<what>.*)"}}
    rules = [rule({"reply": {"json": {"you": "${client.ip}", "asked": "${match.what}"}}}, when)]
    with gateway(upstream, messages=rules).connect() as socket:
        socket.send('/whoami "x"')
        socket.send("to the server")
        assert json.loads(socket.recv()) == {"you": "127.0.0.1", "asked": '"x"'}
        assert socket.recv() == "hello:to the server"


def test_reply_to_the_upstream(gateway: StartGateway, upstream: Upstream) -> None:
    """The upstream's message goes no further, and it gets the answer, which it greets."""
    rules = [
        rule({"reply": {"text": "again"}}, {"text": {"contains": "once"}}, "upstream"),
    ]
    with gateway(upstream, messages=rules).connect() as socket:
        socket.send("once")
        assert socket.recv() == "hello:again"


def test_replies_to_a_client_that_does_not_read_are_bounded(gateway: StartGateway, upstream: Upstream) -> None:
    """Each message brings an answer 60 times its size: the client is not read while its answers wait."""
    rules = [rule({"reply": {"text": "x" * 60_000}})]
    door = gateway(upstream, messages=rules, limits={"buffered_bytes": "64KiB"})
    with door.raw() as client, door.connect() as other:
        client.upgrade()
        before = door.resident_kib()
        sent = 0
        client.socket.settimeout(2)
        try:
            while sent < 4000:
                client.send_frame(frames.TEXT, b"y" * 1000)
                sent += 1
        except TimeoutError:
            pass
        assert door.resident_kib() - before < 16 * 1024
        other.send("z")
        assert other.recv() == "x" * 60_000


def test_log(gateway: StartGateway, upstream: Upstream) -> None:
    rules = [
        rule("log", {"text": {"contains": "a"}}, name="counted"),
        rule({"log": {"payload": True}}, {"text": {"contains": "b"}}, name="written"),
    ]
    door = gateway(upstream, messages=rules)
    with door.connect() as socket:
        for message in ["a", "a", "ab" + "x" * 3000]:
            socket.send(message)
            assert socket.recv() == "hello:" + message
    line = door.wait_audit("message")
    assert (line["rule"], line["from"], line["opcode"], line["size"]) == ("written", "client", "text", 3002)
    assert line["payload"] == "ab" + "x" * 1022 and line["payload_truncated"] is True
    closed = door.wait_audit("closed")
    assert [(entry["rule"], entry["count"]) for entry in closed["rules"]] == [("counted", 3), ("written", 1)]
    assert "payload" not in closed


def test_schema(gateway: StartGateway, upstream: Upstream, tmp_path: Path) -> None:
    schema = {
        "type": "object",
        "required": ["type"],
        "properties": {"type": {"enum": ["chat", "ping"]}, "text": {"type": "string", "maxLength": 5}},
        "additionalProperties": False,
    }
    file = tmp_path / "chat.schema.json"
    file.write_text(json.dumps(schema))
    door = gateway(upstream, messages=[rule({"schema": {"file": str(file)}})])
    with door.connect() as socket:
        socket.send('{"type": "chat", "text": "hello"}')
        assert socket.recv() == 'hello:{"type": "chat", "text": "hello"}'
        socket.send('{"type": "chat", "text": "hello!"}')
        assert socket.closing() == (1007, "schema-mismatch")
    closed = door.wait_audit("closed")
    assert closed["rules"] == [{"rule": "rule", "count": 1, "mode": "enforce", "pointer": "/text"}]
    dropping = gateway(upstream, messages=[rule({"schema": {"file": str(file), "on_failure": "drop"}})])
    with dropping.connect() as socket:
        for message in ["no JSON", '{"type": "x"}', '{"type": "ping"}']:
            socket.send(message)
        assert socket.recv() == 'hello:{"type": "ping"}'


def test_a_changed_schema_is_another_policy(gateway: StartGateway, upstream: Upstream, tmp_path: Path) -> None:
    file = tmp_path / "schema.json"
    file.write_text('{"maxLength": 3}')
    door = gateway(upstream, messages=[rule({"schema": {"file": str(file), "on_failure": "drop"}})])
    with door.connect() as socket:
        version = door.wait_audit("opened")["policy_version"]
        file.write_text('{"maxLength": 9}')
        door.reload()
        with door.connect() as later:
            for connection in (socket, later):
                for message in ('"12345"', '"1"'):
                    connection.send(message)
            assert later.recv() == 'hello:"12345"'
            # A connection keeps the rules under which it was let in.
            assert socket.recv() == 'hello:"1"'
        assert door.wait_audit("closed")["policy_version"] != version


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"when": {"text": {"matches": "(a"}}, "do": "drop"}, "no pattern that RE2 understands: missing ): (a"),
        ({"when": {"json": {"pointer": "a", "exists": True}}, "do": "drop"}, "`a` is no JSON pointer"),
        ({"do": {"schema": {"file": "none.json"}}}, "the schema `none.json` cannot be read"),
    ],
)
def test_bad_rules_are_refused_at_load(
    gateway: StartGateway, upstream: Upstream, entry: dict[str, Any], message: str
) -> None:
    door = gateway(upstream)
    bad = policy.route("echo", messages=[{"name": "bad", "from": "client"} | entry])
    policy.write(door.policies, door.policy | {"routes": [bad]})
    lines = door.fail_to_reload()
    assert any(re.search(r"policy\.yaml:\d+:\d+: error: ", line) and message in line for line in lines), lines
    with door.connect() as socket:
        socket.send("x")
        assert socket.recv() == "hello:x"


@pytest.mark.parametrize("on_exceed", ["drop", "close", "delay"])
def test_limit(gateway: StartGateway, upstream: Upstream, on_exceed: str) -> None:
    """Two of the messages that it describes pass; of the third it says what becomes, and others are not counted."""
    period = "1s" if on_exceed == "delay" else "1h"
    do = {"limit": {"rate": f"1/{period}", "burst": 2, "key": "subject", "on_exceed": on_exceed}}
    door = gateway(upstream, middleware=[token()], messages=[rule(do, {"text": {"contains": "!"}})])
    alice = door.issue("alice")
    with door.connect(token=alice) as first, door.connect(token=alice) as second:
        for socket in (first, second):
            socket.send("a!")
            assert socket.recv() == "hello:a!"
        first.send("free")
        assert first.recv() == "hello:free"
        first.send("b!")
        if on_exceed == "close":
            assert first.closing() == (1008, "message-rate-exceeded")
        else:
            first.send("behind")
            if on_exceed == "delay":
                assert first.recv() == "hello:b!"
            assert first.recv() == "hello:behind"
        with door.connect(token=door.issue("bob")) as other:
            other.send("c!")
            assert other.recv() == "hello:c!"
