"""`portcullis explain`: every reason that it can show, and that a running gateway does the same."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import forgery
import frames
import gateway as gateways
import policy as policies
from conftest import StartGateway, StartUpstream
from gateway import Gateway
from policy import route, token
from upstreams import Peer

PAGE = "https://app.example.com"

CORPORATE = {
    "jwt": {
        "issuer": "https://id.example.com/",
        "audiences": ["chat"],
        "algorithms": ["RS256"],
        "keys": {"url": "http://127.0.0.1:1/keys"},
        "required_claims": [{"pointer": "/plan", "equals": "pro"}],
    }
}

ROUTES = [
    route("open"),
    route(
        "token",
        middleware=[
            token(**{"from": [{"header": "Authorization"}, {"query": "t"}]}, audience="chat", scopes=["read"], renew={})
        ],
    ),
    route("corporate", middleware=[{"token": {"issuers": ["corporate"]}}]),
    route("old", middleware=[token(max_age="1h", failures={"rate": "2/1m", "block": "5m"})]),
    route(
        "page",
        middleware=[
            {"origin": {"allow": [PAGE, "https://*.example.org"]}},
            token(**{"from": [{"header": "Authorization"}, {"ticket": {}}]}),
        ],
    ),
    route("first", middleware=[token(**{"from": [{"first_message": {}}]})]),
    route("net", middleware=[{"ip_filter": {"allow": ["10.0.0.0/8"], "deny": ["10.66.0.0/16"]}}]),
    route("rate", middleware=[{"connection_rate": {"rate": "1/1h", "burst": 2}}]),
    route("live", middleware=[{"connection_limit": {"maximum": 2}}]),
    route("ask", middleware=[{"authorize": {"url": "http://127.0.0.1:1/check", "subject_header": "X-User"}}]),
    route(
        "shadow",
        middleware=[
            {"origin": {"allow": [PAGE], "mode": "shadow"}},
            {"headers": {"request": {"set": {"X-Client": "${client.ip}"}, "remove": ["Cookie"]}}},
        ],
    ),
    route(
        "edits",
        middleware=[
            token(**{"from": [{"query": "t"}, {"subprotocol": "bearer."}, {"cookie": "session"}]}),
            {
                "headers": {
                    "request": {"set": {"X-Subject": "${token.subject}"}, "add": {"X-More": "1"}, "remove": ["X-Gone"]},
                    "response": {"set": {"X-Frame": "deny"}},
                }
            },
        ],
    ),
    route(
        "rules",
        messages=[
            {
                "name": "no-admin",
                "from": "client",
                "when": {"json": {"pointer": "/type", "equals": "admin"}},
                "do": {"close": {"code": 1008, "reason": "not you"}},
            },
            {
                "name": "watched",
                "from": "both",
                "mode": "shadow",
                "when": {"text": {"contains": "card"}},
                "do": {"drop": {}},
            },
            {
                "name": "hide",
                "from": "both",
                "when": {"text": {"matches": r"\d{4}"}},
                "do": {"replace": {"with": "****"}},
            },
        ],
    ),
]


def listeners(certificates: Path) -> dict[str, Any]:
    demand = {"client_certificates": {"authority": str(certificates / "ca.pem"), "mode": "require"}}
    tls = {"certificates": [policies.certificate_pair(certificates)]}
    return {
        "public": policies.listener(certificates, trusted_proxies=["127.0.0.3"], limits={"header_bytes": "4KiB"}),
        "locked": policies.listener(certificates, tls=tls | demand),
        "strict": policies.listener(certificates, admission=[{"ip_filter": {"deny": ["203.0.113.0/24"]}}]),
    }


class Explainer:
    """The command, with policies and a state folder."""

    def __init__(self, binary: Path, policies: Path, state: Path) -> None:
        self.binary, self.policies, self.state = binary, policies, state

    def run(self, url: str, *words: str, input: str | None = None) -> subprocess.CompletedProcess[str]:
        return gateways.run(
            self.binary,
            *("explain", "--url", url, "--policies", self.policies, "--state", self.state, *words),
            input=input,
            check=False,
        )

    def __call__(self, path: str, *words: str, code: int | None = None, input: str | None = None) -> dict[str, Any]:
        found = self.run(f"wss://localhost{path}", "--json", *words, input=input)
        assert code is None or found.returncode == code, found
        return json.loads(found.stdout)

    def issue(self, *words: str) -> str:
        command = ("token", "issue", "--subject", "alice", "--audience", "chat", "--scope", "read")
        return gateways.run(self.binary, *command, *words, "--state", self.state).stdout.strip()


@pytest.fixture
def explain(portcullis: Path, certificates: Path, tmp_path: Path) -> Explainer:
    folder = tmp_path / "policies"
    policies.write(
        folder,
        policies.whole(
            listeners(certificates),
            {"main": policies.upstream("ws://127.0.0.1:9/base")},
            ROUTES,
            {"corporate": CORPORATE},
        ),
    )
    return Explainer(portcullis, folder, tmp_path / "state")


def good(**changes: Any) -> list[str]:
    return ["--claims", json.dumps({"subject": "alice", "audience": "chat", "scopes": "read"} | changes)]


def too_many_tickets(explain: Explainer) -> dict[str, Any]:
    words = ["--origin", PAGE, "--method", "POST", "--header", "Upgrade:", "--repeat", "65"]
    return explain("/.portcullis/ticket", *words, "--token", explain.issue())


def revoked(explain: Explainer) -> dict[str, Any]:
    text = explain.issue()
    gateways.run(explain.binary, "token", "revoke", "--subject", "alice", "--state", explain.state)
    return explain("/token", "--token", text)


def unreadable(explain: Explainer) -> dict[str, Any]:
    explain.state.mkdir()
    store = explain.state / "tokens.sqlite"
    store.write_bytes(b"x")
    store.chmod(0o600)
    return explain("/token", *good())


def foreign(explain: Explainer) -> dict[str, Any]:
    text = forgery.unsigned({"alg": "RS256", "kid": "k"}, "AAAA", iss="https://id.example.com/", plan="pro")
    return explain("/corporate", "--token", text, "--fetch-keys")


def of_another(explain: Explainer) -> dict[str, Any]:
    text, command = explain.issue(), ("token", "issue", "--subject", "bob", "--audience", "chat", "--scope", "read")
    other = gateways.run(explain.binary, *command, "--state", explain.state).stdout.strip()
    message = json.dumps({"portcullis": {"token": other}})
    [found] = explain("/token", "--token", text, "--message", message, code=3)["messages"]
    return {"outcome": {"reason": found["reason"]}}


REASONS: dict[str, list[str] | Callable[[Explainer], dict[str, Any]]] = {
    "malformed-request": ["/open/../open"],
    "malformed-upgrade": ["/open", "--header", "Sec-WebSocket-Key: short"],
    "upgrade-required": ["/open", "--header", "Upgrade:"],
    "version-unsupported": ["/open", "--header", "Sec-WebSocket-Version: 8"],
    "headers-too-large": ["/open", "--header", "X: " + "x" * 4096],
    "route-not-found": ["/nowhere"],
    "client-certificate-missing": ["/open", "--listener", "locked"],
    "ip-denied": ["/open", "--listener", "strict", "--ip", "203.0.113.7"],
    "ip-not-allowed": ["/net"],
    "origin-missing": ["/page"],
    "origin-denied": ["/page", "--origin", "https://example.org"],
    "connection-rate-exceeded": ["/rate", "--repeat", "3"],
    "connection-limit-exceeded": ["/live", "--repeat", "3"],
    "token-missing": ["/token"],
    "token-malformed": ["/token", "--token", "x"],
    "token-signature-invalid": lambda explain: explain(
        "/token", "--token", forgery.with_other_signature(explain.issue())
    ),
    "token-unknown-key": ["/token", "--token", forgery.unsigned({"alg": "EdDSA", "kid": "other"}, "AAAA")],
    "token-issuer-unknown": ["/corporate", *good()],
    "token-expired": ["/token", *good(expires_in=-1)],
    "token-not-yet-valid": ["/token", *good(nbf=4_000_000_000)],
    "token-revoked": revoked,
    "token-audience-mismatch": ["/token", *good(audience="news")],
    "token-scope-missing": ["/token", *good(scopes=[])],
    "token-claim-mismatch": ["/corporate", *good(issuer="corporate", plan="free")],
    "token-ambiguous": ["/token?t=other", *good()],
    "token-too-old": ["/old", *good(iat=1_700_000_000)],
    "token-address-mismatch": ["/token", *good(from_address=["10.0.0.0/8"])],
    "token-exhausted": ["/token", *good(uses=1, jti="one"), "--repeat", "2"],
    "token-failures-exceeded": ["/old", "--token", "x", "--repeat", "4"],
    "token-store-unavailable": unreadable,
    "token-keys-unavailable": foreign,
    "token-subject-mismatch": of_another,
    "ticket-unknown": ["/page?ticket=x", "--origin", PAGE],
    "ticket-limit-exceeded": too_many_tickets,
    "authorization-required": ["/ask", "--authorize", "401"],
    "authorization-denied": ["/ask", "--authorize", "403"],
    "authorization-unavailable": ["/ask", "--authorize", "500"],
}


@pytest.mark.parametrize("reason", REASONS)
def test_reason(explain: Explainer, reason: str) -> None:
    case = REASONS[reason]
    found = case(explain) if callable(case) else explain(*case, code=3)
    assert found["outcome"]["reason"] == reason
    if "steps" not in found:
        return
    if reason not in ("ticket-limit-exceeded",):
        last = found["steps"][-1]
        assert (last["decision"], last["reason"]) == ("refused", reason)
    answer = found.get("response")
    assert (answer is None) == (reason in ("client-certificate-missing", "ip-denied"))
    if answer:
        assert json.loads(answer["body"])["error"] == reason
        assert answer["status"] == found["outcome"]["status"]
        assert {"name": "Connection", "value": "close"} in answer["headers"]


NOT_SHOWN = {
    "malformed-proxy-header": "it comes before all that is explained",
    "client-certificate-invalid": "TLS refuses the certificate itself",
    "middleware-unavailable": "only with plug-ins; the Swift tests show it",
    "ticket-used": "takes two different requests; the Swift tests show it",
    "ticket-expired": "takes two different requests; the Swift tests show it",
    "request-timeout": "the client is too slow",
    "upstream-unreachable": "no upstream is dialled",
    "upstream-refused": "no upstream is dialled",
    "upstream-invalid-response": "no upstream is dialled",
    "upstream-timeout": "no upstream is dialled",
    "capacity-exceeded": "the whole gateway's connections and memory",
    "draining": "the whole gateway's end",
}


def test_no_reason_is_forgotten() -> None:
    source = Path(__file__).parents[2] / "Sources/PolicyModel/Reason.swift"
    enumeration = source.read_text().split("enum CloseReason")[0]
    every = {line.split('"')[1] for line in enumeration.splitlines() if line.strip().startswith("case ")}
    assert every == set(REASONS) | set(NOT_SHOWN)


# What it prints


def test_a_claim_that_does_not_hold(explain: Explainer) -> None:
    def notes(**claims: Any) -> list[str]:
        return explain("/corporate", *good(issuer="corporate", **claims), code=3)["steps"][-1]["notes"]

    assert notes(plan="free")[-1] == 'corporate wants /plan equals "pro"; the token has "free" there'
    assert notes()[-1] == 'corporate wants /plan equals "pro"; the token has nothing there'


def test_undecided(explain: Explainer) -> None:
    assert explain("/ask", code=4)["outcome"]["waits_for"] == "authorization"
    assert explain("/first", code=4)["outcome"]["waits_for"] == "first-message"
    text = forgery.unsigned({"alg": "RS256", "kid": "k"}, "AAAA", iss="https://id.example.com/", plan="pro")
    assert explain("/corporate", "--token", text, code=4)["outcome"]["waits_for"] == "issuer-keys"


def test_first_message(explain: Explainer) -> None:
    found = explain("/first", *good(), code=0)
    assert found["outcome"]["decision"] == "admitted" and found["identity"]["subject"] == "alice"
    found = explain("/first", "--first-message", "{}", code=3)
    assert (found["outcome"]["reason"], found["outcome"]["close_code"]) == ("token-missing", 1008)


def test_messages(explain: Explainer) -> None:
    words = ["--message", "card 1234", "--message", '{"type":"admin"}', "--message", "late"]
    edited, closed, late = explain("/rules", *words, code=3)["messages"]
    assert (edited["verdict"], edited["output"]) == ("edited", "card ****")
    assert [(hit["name"], hit["shadow"]) for hit in edited["hits"]] == [("watched", True), ("hide", False)]
    assert all(hit["position"]["file"].endswith("policy.yaml") and hit["position"]["line"] for hit in edited["hits"])
    assert (closed["code"], closed["reason"], closed["rule"]) == (1008, "not you", "no-admin")
    assert late["verdict"] == "closed"
    [passed] = explain("/rules", "--from", "upstream", "--message", '{"type":"admin"}', code=0)["messages"]
    assert passed["verdict"] == "passed"


def test_text(explain: Explainer) -> None:
    """A token never stands in what is printed, nor does a control character of somebody else's."""
    text = explain.issue()
    found = explain.run("wss://localhost/token", "--token", "-", "--header", "X-A: \u009b31m", input=text)
    assert found.returncode == 0, found
    assert "admitted" in found.stdout and "policy.yaml:" in found.stdout
    assert "sub \"alice\"" in found.stdout and "audience chat" in found.stdout
    assert "\\u{9b}31m" in found.stdout and "\u009b" not in found.stdout
    for part in text.split("."):
        assert part not in found.stdout + found.stderr
    assert text.split(".")[2] not in explain.run("wss://localhost/token", "--token", text, "--json").stdout


def test_broken_policies(explain: Explainer) -> None:
    file = explain.policies / "policy.yaml"
    file.write_text(file.read_text().replace("connection_limit", "conection_limit").replace("ip_filter", "ip_filtr"))
    found = explain.run("wss://localhost/open")
    assert found.returncode == 1 and found.stdout == ""
    assert found.stderr.count("error: ") >= 3


@pytest.mark.parametrize(
    "words",
    [
        ["--url", "http://localhost/"],
        ["--url", "wss://localhost/", "--ip", "nowhere"],
        ["--url", "wss://localhost/", "--claims", "[]"],
        ["--url", "wss://localhost/", "--claims", '{"expires_in": "1h"}'],
        ["--url", "wss://localhost/", "--header", "no colon"],
        ["--url", "wss://localhost/", "--token", "x", "--claims", "{}"],
        ["--url", "wss://localhost/", "--repeat", "0"],
        ["--url", "wss://localhost/", "--time", "soon"],
    ],
)
def test_usage(portcullis: Path, words: list[str]) -> None:
    assert gateways.run(portcullis, "explain", *words, check=False).returncode == 64


def test_state_stays_as_it_is(explain: Explainer) -> None:
    text = explain.issue("--uses", "1")
    before = {name: (explain.state / name).read_bytes() for name in os.listdir(explain.state)}
    for _ in range(2):
        assert explain("/token", "--token", text, code=0)["outcome"]["decision"] == "admitted"
    assert {name: (explain.state / name).read_bytes() for name in os.listdir(explain.state)} == before


# The same handshakes, with a gateway that runs

HANDSHAKES: dict[str, tuple[str, dict[str, str]]] = {
    "open": ("/open?a=b", {"X-Kept": "1", "X-Forwarded-For": "203.0.113.9", "Forwarded": "for=x"}),
    "hop by hop": ("/open", {"Connection": "Upgrade, X-Gone", "X-Gone": "1", "TE": "trailers"}),
    "other spelling": ("/edits?t=TOKEN&a=b", {"X_Subject": "root", "X-Subject": "root", "X-Gone": "1"}),
    "cookie": ("/edits", {"Cookie": "a=b; session=TOKEN"}),
    "subprotocol": ("/edits", {"Sec-WebSocket-Protocol": "chat, bearer.TOKEN"}),
    "header": ("/token", {"Authorization": "Bearer TOKEN"}),
    "shadow": ("/shadow", {"Cookie": "a=b", "Origin": "https://other.example.com"}),
    "page": ("/page", {"Origin": PAGE, "Authorization": "Bearer TOKEN"}),
    "page of another": ("/page", {"Origin": "https://app.example.com.evil.org", "Authorization": "Bearer TOKEN"}),
    "page without origin": ("/page", {"Authorization": "Bearer TOKEN"}),
    "subdomain": ("/page", {"Origin": "https://a.b.example.org", "Authorization": "Bearer TOKEN"}),
    "no token": ("/token", {}),
    "no token at all": ("/token", {"Authorization": "Bearer x"}),
    "another scheme": ("/token", {"Authorization": "Basic TOKEN"}),
    "two tokens": ("/token?t=x", {"Authorization": "Bearer TOKEN"}),
    "not allowed": ("/net", {}),
    "nowhere": ("/nowhere", {}),
    "dots": ("/open/../open", {}),
    "encoded": ("/%6fpen", {}),
    "old version": ("/open", {"Sec-WebSocket-Version": "8"}),
    "no key": ("/open", {"Sec-WebSocket-Key": ""}),
    "no upgrade": ("/open", {"Upgrade": ""}),
    "protocol twice": ("/open", {"Sec-WebSocket-Protocol": "a, a"}),
    "too large": ("/open", {"X": "x" * 4096}),
}

OWN = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}

SECRET = ("authorization", "cookie")


def fields(text: bytes) -> list[tuple[str, str]]:
    lines = text.decode().split("\r\n")[1:]
    pairs = [line.split(": ", 1) for line in lines if line]
    return [(name, value) for name, value in pairs if name != "Sec-WebSocket-Key"]


@pytest.mark.parametrize("source", ["127.0.0.1", "127.0.0.3"])
def test_as_a_gateway_does(
    gateway: StartGateway, raw_upstream: StartUpstream, certificates: Path, portcullis: Path, source: str
) -> None:
    """Decision, reason, status, and what the upstream is sent, for each handshake, from a client and from a proxy."""
    heads: list[bytes] = []

    def serve(peer: Peer) -> None:
        heads.append(peer.head)
        peer.switch()
        peer.rest()

    door: Gateway = gateway(
        raw_upstream(serve),
        routes=ROUTES,
        issuers={"corporate": CORPORATE},
        listener={"trusted_proxies": ["127.0.0.3"], "limits": {"header_bytes": "4KiB"}},
    )
    text = door.issue("alice", "chat", "--scope", "read")
    explain = Explainer(portcullis, door.policies, door.state)
    for name, (path, given) in HANDSHAKES.items():
        path = path.replace("TOKEN", text)
        headers = {field: value.replace("TOKEN", text) for field, value in given.items()}
        words = [word for field, value in headers.items() for word in ("--header", f"{field}: {value}")]
        found = explain(path, "--ip", source, *words)
        sent = {"Host": "localhost"} | OWN | headers
        seen = len(heads)
        with door.raw(source=source) as client:
            client.send(frames.request(path, {field: value for field, value in sent.items() if value}))
            response = client.head()
            assert found["outcome"]["status"] == response.status, name
            if response.status != 101:
                response.body = frames.read_exactly(client.stream, int(response.headers["Content-Length"]))
                assert found["outcome"]["decision"] == "refused", name
                assert found["outcome"]["reason"] == response.json["error"], name
                expected = {field["name"]: field["value"] for field in found["response"]["headers"]}
                body = json.loads(found["response"]["body"])
                assert body | {"request_id": ""} == response.json | {"request_id": ""}, name
                for field, value in expected.items():
                    if field != "Content-Length":
                        assert response.headers[field] == value, name
                continue
        assert found["outcome"]["decision"] == "admitted", name
        head = heads[seen]
        assert head.split(b" ")[1].decode() == found["upstream"]["target"], name
        told = [(field["name"], field["value"]) for field in found["upstream"]["headers"]]
        told = [(field, value) for field, value in told if field != "Sec-WebSocket-Key"]
        real = [(field, "(hidden)" if field.lower() in SECRET else value) for field, value in fields(head)]
        assert told == real, name
        edits = {edit.split(" ")[0] for edit in found["response_edits"]}
        assert all(field in response.headers for field in edits), name
