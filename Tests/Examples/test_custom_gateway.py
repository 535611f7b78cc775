"""`Examples/CustomGateway`: a gateway with a middleware and a message filter of its own, under real clients."""

import datetime
import re
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT, StartGateway, certificates, gateway, portcullis, upstream  # noqa: F401  (fixtures)
from gateway import run
from policy import route, token
from sanitizers import no_sanitizer_reports, sanitizer_reports  # noqa: F401  (fixtures)
from upstreams import Upstream

EXAMPLE = ROOT / "Examples/CustomGateway"


def office(**settings: Any) -> dict[str, Any]:
    """An `office_hours` entry that is open at any time."""
    return {"office_hours": {"opens": 0, "closes": 24} | settings}


def closed(**settings: Any) -> dict[str, Any]:
    """One that is closed now, and stays so while the test runs."""
    hour = datetime.datetime.now(datetime.UTC).hour
    opens = hour + 2 if hour < 22 else 0
    return office(opens=opens, closes=opens + 1, **settings)


def test_admitted(gateway: StartGateway, upstream: Upstream) -> None:  # noqa: F811
    """H10: what the middleware sets is the only one that arrives."""
    door = gateway(upstream, middleware=[office()])
    spoofed = {"X-Office-Closes": "never", "x_office_closes": "never", "X-Kept": "1"}
    with door.connect(additional_headers=spoofed) as socket:
        socket.send("hi")
        assert socket.recv() == "hello:hi"
    seen = upstream.wait("open")["headers"]
    assert seen["x-office-closes"] == "24:00" and seen["x-kept"] == "1" and "never" not in str(seen)
    assert "shadow" not in door.wait_audit("opened")


def test_refused(gateway: StartGateway, upstream: Upstream) -> None:  # noqa: F811
    """Its reason is in the answer and in the audit log, as a built-in's would be."""
    door = gateway(upstream, middleware=[closed()])
    response = door.refused("office-hours-closed", 403)
    assert response.json["message"] == "The office is closed."
    assert 1 <= int(response.headers["Retry-After"]) <= 86_400
    assert upstream.count("open") == 0


def test_shadow(gateway: StartGateway, upstream: Upstream) -> None:  # noqa: F811
    door = gateway(upstream, middleware=[closed(mode="shadow")])
    door.connect(additional_headers={"X-Office-Closes": "never"}).close()
    assert door.wait_audit("opened")["shadow"] == [{"middleware": "office_hours", "reason": "office-hours-closed"}]
    assert upstream.wait("open")["headers"]["x-office-closes"] == "never"


def test_knows_the_token(gateway: StartGateway, upstream: Upstream) -> None:  # noqa: F811
    door = gateway(upstream, middleware=[token(), closed(always_for_scope="staff")])
    door.refused("office-hours-closed", 403, token=door.issue("alice"))
    door.connect(token=door.issue("bob", None, "--scope", "staff")).close()
    assert door.wait_audit("opened")["subject"] == "bob"
    assert door.wait_audit("refused")["subject"] == "alice"


def test_behind_a_first_message(gateway: StartGateway, upstream: Upstream) -> None:  # noqa: F811
    """From the 101 on its reason is a close frame's."""
    door = gateway(upstream, middleware=[token(**{"from": [{"first_message": {}}]}), closed()])
    secret = door.issue("alice")
    with door.connect() as socket:
        socket.send(f'{{"token": "{secret}"}}')
        assert socket.closing() == (1008, "office-hours-closed")
    assert door.wait_audit("refused")["reason"] == "office-hours-closed"


def test_reload(gateway: StartGateway, upstream: Upstream) -> None:  # noqa: F811
    door = gateway(upstream, middleware=[closed()])
    door.refused("office-hours-closed", 403)
    door.reload(door.policy | {"routes": [route(middleware=[office()])]})
    door.connect().close()
    door.policy["routes"] = [route(middleware=[office(opens=24)])]
    (door.policies / "policy.yaml").write_text("routes: [{ middleware: [{ office_hours: { opens: 24 } }] }]")
    assert any("`opens` must be from 0 to 23" in line for line in door.fail_to_reload())
    door.connect().close()


def masked(**settings: Any) -> dict[str, Any]:
    """A rule with a `word_mask`."""
    rule = {"name": "no-secrets", "from": "both", "do": {"word_mask": {"words": ["secret", "ärger"]}}}
    return rule | settings


def test_message_edited(gateway: StartGateway, upstream: Upstream) -> None:  # noqa: F811
    door = gateway(upstream, messages=[masked(**{"from": "client"})])
    with door.connect() as socket:
        for sent, back in [("a secret ärger", "a ****** *****"), ("nothing", "nothing"), (b"secret", b"secret")]:
            socket.send(sent)
            assert socket.recv() == (f"hello:{back}" if isinstance(back, str) else back)
    rules = door.wait_audit("closed")["rules"]
    assert rules == [{"rule": "no-secrets", "count": 1, "mode": "enforce"}]


def test_filter_in_shadow(gateway: StartGateway, upstream: Upstream) -> None:  # noqa: F811
    door = gateway(upstream, messages=[masked(mode="shadow")])
    with door.connect() as socket:
        socket.send("a secret")
        assert socket.recv() == "hello:a secret"
    rules = door.wait_audit("closed")["rules"]
    assert [(rule["rule"], rule["mode"]) for rule in rules] == [("no-secrets", "shadow")] * len(rules) and rules


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("office_hours: { opens: 8, closes: 18, mode: shadow }", []),
        (
            "office_hours: { open: 8, closes: 25 }",
            [
                "5:34: error: unknown key `open` in `office_hours`; did you mean `opens`?",
                "5:51: error: `closes` must be from 1 to 24, not `25`",
            ],
        ),
        ("office_hours: { opens: 8, closes: 8 }", ["5:52: error: `closes` must be later than `opens`"]),
        ("office_hours: { closes: 8 }", ["5:32: error: `office_hours` needs `opens`"]),
        (
            "officeHour: { opens: 8, closes: 18 }",
            ["5:18: error: unknown key `officeHour` in a `middleware` entry; did you mean `office_hours`?"],
        ),
    ],
)
def test_validate(portcullis: Path, tmp_path: Path, entry: str, expected: list[str]) -> None:  # noqa: F811
    """Its settings are checked where they stand, all that is wrong at once."""
    file = tmp_path / "policy.yaml"
    file.write_text(
        f"""\
listeners: {{ l: {{ address: "127.0.0.1:0", tls: {{ certificates: [{{ certificate: a, private_key: b }}] }} }} }}
upstreams: {{ u: {{ endpoints: ["ws://127.0.0.1:1"] }} }}
routes:
  - {{ name: r, match: {{ path: / }}, upstream: u, public: true, middleware: [
               {{ {entry} }} ] }}
"""
    )
    result = run(portcullis, "validate", "--no-files", "--policies", file, check=False)
    found = re.findall(rf"^{re.escape(str(file))}:(.*)$", result.stderr, re.MULTILINE)
    assert found == expected, result.stderr
    assert result.returncode == (1 if expected else 0)


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("{ word_mask: { words: [] } }", []),
        ("{ word_mask: { word: [a] } }", ["5:60: error: unknown key `word` in `word_mask`; did you mean `words`?"]),
        ('{ word_mask: { words: [""] } }', ["5:67: error: `words` must not hold an empty one"]),
        ("{ word_mask: { words: a } }", ["5:67: error: `words` must be a list, not `a`"]),
        ("word_mask", ["5:45: error: `word_mask` needs settings: `do: { word_mask: { … } }`"]),
    ],
)
def test_validate_a_filter(portcullis: Path, tmp_path: Path, action: str, expected: list[str]) -> None:  # noqa: F811
    file = tmp_path / "policy.yaml"
    file.write_text(
        f"""\
listeners: {{ l: {{ address: "127.0.0.1:0", tls: {{ certificates: [{{ certificate: a, private_key: b }}] }} }} }}
upstreams: {{ u: {{ endpoints: ["ws://127.0.0.1:1"] }} }}
routes:
  - {{ name: r, match: {{ path: / }}, upstream: u, public: true, messages: [
               {{ name: m, from: client, do: {action} }} ] }}
"""
    )
    result = run(portcullis, "validate", "--no-files", "--policies", file, check=False)
    assert re.findall(rf"^{re.escape(str(file))}:(.*)$", result.stderr, re.MULTILINE) == expected, result.stderr


def test_its_own_policy_is_valid(portcullis: Path) -> None:  # noqa: F811
    result = run(portcullis, "validate", "--no-files", "--policies", EXAMPLE / "policies", check=False)
    assert result.returncode == 0, result.stderr
