"""A policy that changes reaches the connections that live: those end that would now be refused, and no others are touched."""

import re
import signal
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

import forgery
import frames
import policy as policies
from authorization_service import AuthorizationService, says
from client import Client
from conftest import StartGateway, StartUpstream
from gateway import Gateway
from key_service import ISSUER, key_set, make
from lines import PATIENCE, wait_until
from policy import Settings
from test_reload import replace_policy, with_routes
from upstreams import Peer, Upstream

CHANGED = (1008, "policy-changed")
DENIED = {"ip_filter": {"deny": ["127.0.0.2/32"]}}


def greets(socket: Client) -> bool:
    socket.send("hi")
    return socket.recv() == "hello:hi"


def judged(door: Gateway, policy: Settings, expected: int) -> tuple[int, str]:
    """Reloads, and waits until so many connections were judged: how many were closed, and why, as the log tells."""
    before = len(door.log.so_far())
    door.reload(policy)
    pattern = re.compile(r"live connections judged .*closed=(\d+) judged=(\d+) .*reasons=(.*) worker=")

    def all_of_them() -> list[Any]:
        found = [match for line in door.log.so_far()[before:] if (match := pattern.search(line))]
        return found if sum(int(match[2]) for match in found) >= expected else []

    found = wait_until(all_of_them, f"{expected} connections are judged")
    assert sum(int(match[2]) for match in found) == expected
    reasons = sorted({reason for match in found for reason in re.findall(r"[a-z][a-z-]+", match[3])} - {"none"})
    return sum(int(match[1]) for match in found), " ".join(reasons)


def closings(sockets: Iterable[Client]) -> list[tuple[int, str]]:
    return [socket.closing() for socket in sockets]


def test_500_sockets_over_a_reload(gateway: StartGateway, upstream: Upstream) -> None:
    """Of two routes one changes: nobody on the other one notices, and on this one those end that would be refused."""
    door = gateway(upstream, routes=[policies.route("steady"), policies.route("changing")])
    steady = [door.connect("/steady", source=f"127.0.0.{1 + number % 2}") for number in range(250)]
    staying = [door.connect("/changing") for _ in range(125)]
    ending = [door.connect("/changing", source="127.0.0.2") for _ in range(125)]
    routes = [policies.route("steady"), policies.route("changing", middleware=[DENIED])]
    # All of them, and none on the route that is the same.
    assert judged(door, with_routes(door, *routes), 250) == (125, "ip-denied")
    assert set(closings(ending)) == {CHANGED}
    assert all(greets(socket) for socket in steady + staying)
    wait_until(lambda: upstream.count("close") == 125, "the server behind is told")
    assert {line["code"] for line in upstream.events.so_far() if line["event"] == "close"} == {1001}
    wait_until(lambda: sum(line["event"] == "closed" for line in door.audit.so_far()) == 125, "they are written down")
    closed = [line for line in door.audit.so_far() if line["event"] == "closed"]
    assert {(line["reason"], line["close_code"], line["closed_by"]) for line in closed} == {
        ("policy-changed", 1008, "gateway")
    }


def test_layout_is_no_change(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=[DENIED])
    with door.connect() as before:
        text = (door.policies / "policy.yaml").read_text()
        (door.policies / "policy.yaml").write_text("# of no importance\n\n\n" + text.replace("\n", "   # either\n"))
        door.reload()
        assert greets(before)
    assert not any("judged" in line for line in door.log.so_far())


def test_kept(gateway: StartGateway, upstream: Upstream) -> None:
    """on_policy_change: keep. Taking it back is a change like any other."""
    door = gateway(upstream, on_policy_change="keep")
    with door.connect(source="127.0.0.2") as before:
        door.reload(with_routes(door, policies.route(middleware=[DENIED], on_policy_change="keep")))
        door.refused("ip-denied", 403, source="127.0.0.2")
        assert greets(before)
        assert judged(door, with_routes(door, policies.route(middleware=[DENIED])), 1) == (1, "ip-denied")
        assert before.closing() == CHANGED


def test_route_that_goes_and_route_that_takes_over(gateway: StartGateway, upstream: Upstream) -> None:
    """What nobody would route any more ends; what another route takes is judged by that one, from then on."""
    door = gateway(upstream, routes=[policies.route("one"), policies.route("two"), policies.route("three")])
    one, two = door.connect("/one"), door.connect("/two")
    three = door.connect("/three")
    renamed = policies.route("successor", path="/two")
    assert judged(door, with_routes(door, renamed, policies.route("three")), 2) == (1, "route-not-found")
    assert one.closing() == CHANGED
    assert greets(two) and greets(three)
    denied = policies.route("successor", path="/two", middleware=[{"ip_filter": {"deny": ["127.0.0.1/32"]}}])
    assert judged(door, with_routes(door, denied, policies.route("three")), 1) == (1, "ip-denied")
    assert two.closing() == CHANGED
    assert greets(three)


EVERYTHING = policies.route("all", match={"path_prefix": "/"})
GUARDED = policies.route("admin", match={"path_prefix": "/admin"}, middleware=[policies.token()])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([EVERYTHING], [GUARDED, EVERYTHING]),
        ([EVERYTHING, GUARDED], [GUARDED, EVERYTHING]),
        ([GUARDED | {"match": {"path": "/admin/y"}}, EVERYTHING], [GUARDED, EVERYTHING]),
    ],
    ids=["a new one before it", "places changed", "another one widened"],
)
def test_route_that_is_another_one_now(
    gateway: StartGateway, upstream: Upstream, before: list[Settings], after: list[Settings]
) -> None:
    """The connection's own route has not changed, but it would come to another one now, which refuses it."""
    door = gateway(upstream, routes=before)
    guarded, open_to_all = door.connect("/admin/x"), door.connect("/x")
    assert judged(door, with_routes(door, *after), 1) == (1, "token-missing")
    assert guarded.closing() == CHANGED
    assert greets(open_to_all)
    door.refused("token-missing", 401, path="/admin/x")


def test_route_that_comes_back(gateway: StartGateway, upstream: Upstream) -> None:
    """Another route has taken over meanwhile."""
    door = gateway(upstream, routes=[policies.route("one"), EVERYTHING])
    before = door.connect("/one")
    elsewhere = policies.route("one", path="/elsewhere")
    assert judged(door, with_routes(door, elsewhere, EVERYTHING), 1) == (0, "")
    assert greets(before)
    denying = policies.route("one", middleware=[{"ip_filter": {"deny": ["127.0.0.1/32"]}}])
    assert judged(door, with_routes(door, denying, EVERYTHING), 1) == (1, "ip-denied")
    assert before.closing() == CHANGED


def test_listener_that_comes_back(gateway: StartGateway, upstream: Upstream, certificates: Path) -> None:
    door = gateway(upstream)
    before = door.connect(source="127.0.0.2")
    public = door.policy["listeners"]["public"]
    door.reload(door.policy | {"listeners": {"other": policies.listener(certificates)}})
    assert greets(before)
    door.reload(door.policy | {"listeners": {"public": public | {"admission": [DENIED]}}})
    assert before.closing() == CHANGED


def test_token_that_is_now_demanded_or_must_say_more(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, routes=[policies.route(), policies.route("scoped", middleware=[policies.token()])])
    without = door.connect()
    reader = door.connect("/scoped", token=door.issue("alice", None, "--scope", "read"))
    writer = door.connect("/scoped", token=door.issue("bob", None, "--scope", "read", "--scope", "write"))
    routes = [
        policies.route(middleware=[policies.token()]),
        policies.route("scoped", middleware=[policies.token(scopes=["write"])]),
    ]
    assert judged(door, with_routes(door, *routes), 3) == (2, "token-missing token-scope-missing")
    assert closings([without, reader]) == [CHANGED] * 2
    assert greets(writer)


def test_token_lives_by_the_new_rules(gateway: StartGateway, upstream: Upstream) -> None:
    """A shorter life that is not over yet ends the connection when it is."""
    door = gateway(upstream, middleware=[policies.token()])
    with door.connect(token=door.issue()) as before:
        assert judged(door, with_routes(door, policies.route(middleware=[policies.token(max_age="2s")])), 1)[0] <= 1
        assert before.closing() in [(1008, "token-too-old"), CHANGED]


def test_issuer_that_is_removed(gateway: StartGateway, upstream: Upstream, tmp_path: Path) -> None:
    key = make("first")
    keys = tmp_path / "jwks.json"
    keys.write_text(key_set([key]))
    jwt = {"issuer": ISSUER, "audiences": ["chat"], "algorithms": ["ES256"], "keys": {"file": str(keys)}}
    both = [policies.token(issuers=["local", "corporate"])]
    door = gateway(upstream, middleware=both, issuers={"corporate": {"jwt": jwt}})
    foreign = door.connect(token=key.sign(forgery.claims(**{"iss": ISSUER, "sub": "alice", "jti": None})))
    own = door.connect(token=door.issue())
    # Another audience first, which both versions name by the same issuer.
    wider = door.policy["token_issuers"] | {"corporate": {"jwt": jwt | {"audiences": ["chat", "feed"]}}}
    assert judged(door, door.policy | {"token_issuers": wider}, 2) == (0, "")
    assert greets(foreign)
    without = with_routes(door, policies.route(middleware=[policies.token()])) | {
        "token_issuers": {"local": {"builtin": {}}}
    }
    assert judged(door, without, 2) == (1, "token-issuer-unknown")
    assert foreign.closing() == CHANGED
    assert greets(own)


def test_keys_that_are_others_under_the_same_name(gateway: StartGateway, upstream: Upstream, tmp_path: Path) -> None:
    """A `kid` is a name: where the keys come from elsewhere, another key may bear it."""
    key, other = make("first"), make("first")
    files = {name: tmp_path / name for name in ("one.json", "two.json")}
    files["one.json"].write_text(key_set([key]))
    files["two.json"].write_text(key_set([other]))

    def issuers(name: str) -> Settings:
        keys = {"file": str(files[name])}
        return {"jwt": {"issuer": ISSUER, "audiences": ["chat"], "algorithms": ["ES256"], "keys": keys}}

    door = gateway(
        upstream, middleware=[policies.token(issuers=["corporate"])], issuers={"corporate": issuers("one.json")}
    )
    before = door.connect(token=key.sign(forgery.claims(**{"iss": ISSUER, "sub": "alice", "jti": None})))
    changed = door.policy | {"token_issuers": {"local": {"builtin": {}}, "corporate": issuers("two.json")}}
    assert judged(door, changed, 1) == (1, "token-unknown-key")
    assert before.closing() == CHANGED


def test_limit_that_is_lowered(gateway: StartGateway, upstream: Upstream) -> None:
    """As many go as are too many, of each address, on however many workers."""
    door = gateway(upstream, middleware=[{"connection_limit": {"maximum": 20}}])
    sockets = [door.connect(source=f"127.0.0.{1 + number % 2}") for number in range(40)]
    lowered = with_routes(door, policies.route(middleware=[{"connection_limit": {"maximum": 15}}]))
    assert judged(door, lowered, 40) == (10, "connection-limit-exceeded")
    wait_until(lambda: sum(line["event"] == "closed" for line in door.audit.so_far()) == 10, "ten are closed")
    door.refused("connection-limit-exceeded", 429)
    ended = [socket for socket in sockets if not is_open(socket)]
    assert set(closings(ended)) == {CHANGED} and len(ended) == 10
    # A limit where there was none before, or another one, counts those that are there.
    lowered = with_routes(door, policies.route(middleware=[{"connection_limit": {"maximum": 4, "ipv6_prefix": 56}}]))
    assert judged(door, lowered, 30) == (22, "connection-limit-exceeded")
    door.refused("connection-limit-exceeded", 429)


def is_open(socket: Client) -> bool:
    try:
        return greets(socket)
    except Exception:  # noqa: BLE001 - however it ended
        return False


def test_admission_that_denies(gateway: StartGateway, upstream: Upstream) -> None:
    """Who came by a listener that would drop it now ends, on whichever route, but where that keeps its connections."""
    door = gateway(upstream, routes=[policies.route(), policies.route("kept", on_policy_change="keep")])
    staying, ending = door.connect(), door.connect(source="127.0.0.2")
    kept = door.connect("/kept", source="127.0.0.2")
    with door.raw(source="127.0.0.2") as early:
        listeners = {"public": door.policy["listeners"]["public"] | {"admission": [DENIED]}}
        assert judged(door, door.policy | {"listeners": listeners}, 3) == (2, "ip-denied")
        # It had asked for nothing yet.
        assert early.is_ended()
    assert ending.closing() == CHANGED
    assert greets(staying) and greets(kept)
    dropped = door.wait_audit("refused")
    assert (dropped["reason"], dropped["client"]) == ("ip-denied", "127.0.0.2")


def test_answer_of_an_authorisation_service(gateway: StartGateway, upstream: Upstream) -> None:
    """It holds as long as the same is asked of the same service; what the client was judged by is not kept."""
    with AuthorizationService(says()) as service:

        def route(**settings: Any) -> Settings:
            return policies.route(middleware=[{"authorize": {"url": service.url} | settings}])

        door = gateway(upstream, routes=[route()])
        before = door.connect()
        assert judged(door, with_routes(door, route(timeout="2s")), 1) == (0, "")
        assert greets(before)
        assert judged(door, with_routes(door, route(copy_request_headers=["Cookie"])), 1) == (
            1,
            "authorization-required",
        )
        assert before.closing() == CHANGED


def test_handshake_on_its_way(gateway: StartGateway, raw_upstream: StartUpstream) -> None:
    """Admitted by the old policy, and open only under the new one: it is refused before it has had its 101."""
    asked, goes_on = threading.Event(), threading.Event()

    def serve(peer: Peer) -> None:
        asked.set()
        goes_on.wait(PATIENCE)
        peer.switch()
        peer.rest()

    door = gateway(raw_upstream(serve))
    with door.raw(source="127.0.0.2") as client:
        client.send(frames.upgrade_request())
        assert asked.wait(PATIENCE)
        version = door.reload(with_routes(door, policies.route(middleware=[DENIED])))
        goes_on.set()
        line = door.check_refusal(client.response(), "ip-denied", 403)
        assert line["policy_version"] == version


def test_reloads_that_follow_each_other(gateway: StartGateway, upstream: Upstream) -> None:
    """The next policy takes over those whose turn has not come: each is judged, and by what is in force then."""
    door = gateway(upstream)
    ending = [door.connect(source="127.0.0.2") for _ in range(60)]
    staying = [door.connect() for _ in range(20)]
    for number in range(5):
        settings = {"timeouts": {"idle": f"{5 + number}m"}, "middleware": [DENIED] if number == 4 else []}
        replace_policy(door, with_routes(door, policies.route(**settings)))
        door.reload()
    assert set(closings(ending)) == {CHANGED}
    assert all(greets(socket) for socket in staying)


def test_drain_takes_over(gateway: StartGateway, upstream: Upstream) -> None:
    """Whoever has not been judged when the drain begins ends by the drain, and the process with its window."""
    door = gateway(upstream, listener={"limits": {"drain_window": "500ms"}})
    sockets = [door.connect(source="127.0.0.2") for _ in range(60)]
    found: list[tuple[int, str]] = []
    threads = [threading.Thread(target=lambda ws=ws: found.append(ws.closing())) for ws in sockets]
    for thread in threads:
        thread.start()
    door.reload(with_routes(door, policies.route(middleware=[DENIED])))
    door.terminate()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(found) == 60 and set(found) <= {CHANGED, (1012, "draining")}
    assert door.wait_ended() == 0


def test_reload_during_a_drain(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, listener={"limits": {"drain_window": "2s"}})
    sockets = [door.connect(source="127.0.0.2") for _ in range(4)]
    door.terminate()
    door.wait_until_draining()
    policies.write(door.policies, with_routes(door, policies.route(middleware=[DENIED])))
    door.process.send_signal(signal.SIGHUP)
    assert {socket.closing() for socket in sockets} == {(1012, "draining")}
    assert door.wait_ended() == 0
    assert not any("judged" in line or "policies reloaded" in line for line in door.log.so_far())


def test_first_message_under_way(gateway: StartGateway, upstream: Upstream) -> None:
    """A client that has had its 101, and has yet to send its token, is judged when it has."""
    first = [policies.token(**{"from": [{"first_message": {}}]})]
    door = gateway(upstream, middleware=first)
    token = door.issue()
    with door.raw(source="127.0.0.2") as client:
        client.upgrade()
        door.reload(with_routes(door, policies.route(middleware=[DENIED, *first])))
        client.send_frame(frames.TEXT, b'{"token":"%s"}' % token.encode())
        closing = client.close_frame()
        assert closing.payload[2:] == b"ip-denied"
    assert door.wait_audit("refused")["reason"] == "ip-denied"
