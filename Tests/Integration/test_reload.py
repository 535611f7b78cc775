"""HUP: policies and certificates are swapped in place."""

import os
import re
import signal
import socket
import ssl
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import frames
import policy as policies
from client import RawClient
from conftest import StartGateway
from gateway import Gateway, make_certificates
from lines import PATIENCE
from policy import Settings
from upstreams import Upstream


def with_routes(door: Gateway, *routes: Settings) -> Settings:
    return door.policy | {"routes": list(routes)}


def with_listeners(door: Gateway, **listeners: Settings) -> Settings:
    return door.policy | {"listeners": listeners}


def test_reload_changes_what_is_admitted_and_touches_no_socket(gateway: StartGateway, upstream: Upstream) -> None:
    """Where the route says that its connections are kept; `test_recheck.py` has what becomes of others."""
    door = gateway(upstream, on_policy_change="keep")
    with door.connect() as before:
        opened = door.wait_audit("opened")
        version = door.reload(with_routes(door, policies.route("other")))
        assert version != opened["policy_version"]
        door.refused("route-not-found", 404)
        with door.connect("/other") as after:
            after.send("hi")
            assert after.recv() == "hello:hi"
        assert door.wait_audit("opened", route="other")["policy_version"] == version
        before.send("still here")
        assert before.recv() == "hello:still here"
    # What was decided under a policy is told under its version to the end.
    assert door.wait_audit("closed", route="echo")["policy_version"] == opened["policy_version"]


def test_same_files_have_the_same_version(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream)
    door.connect().close()
    assert door.reload() == door.wait_audit("opened")["policy_version"]


@pytest.mark.parametrize("broken", ["routes: [", "listeners: {}", "rotues: []"])
def test_broken_file_leaves_all_as_it_was(gateway: StartGateway, upstream: Upstream, broken: str) -> None:
    """H40."""
    door = gateway(upstream)
    with door.connect() as before:
        (door.policies / "policy.yaml").write_text(broken)
        said = door.fail_to_reload()
        assert any(re.match(r".*policy\.yaml:\d+:\d+: error: ", line) for line in said), said
        before.send("hi")
        assert before.recv() == "hello:hi"
        door.connect().close()
    lines = [line for line in door.audit.so_far() if line["event"] == "opened"]
    assert len({line["policy_version"] for line in lines}) == 1


def test_certificate_that_cannot_be_read_leaves_all_as_it_was(
    gateway: StartGateway, upstream: Upstream, portcullis: Path, tmp_path: Path
) -> None:
    """H33: a bad file: the old one stays, with an error in the log."""
    own = make_certificates(portcullis, tmp_path / "own", "localhost")
    door = gateway(upstream, listener={"tls": {"certificates": [policies.certificate_pair(own)]}})
    trusting = ssl.create_default_context(cafile=str(own / "ca.pem"))
    whole = (own / "server.pem").read_bytes()
    for bad in (whole[: len(whole) // 2], b"", (own / "server.key").read_bytes()):
        (own / "server.pem").write_bytes(bad)
        said = door.fail_to_reload()
        assert any("server.pem" in line and "error" in line for line in said), said
        with door.raw(context=trusting) as client:
            client.upgrade()
    (own / "server.pem").write_bytes(whole)
    door.reload()
    door.raw(context=trusting).close()


def test_listeners_come_and_go(gateway: StartGateway, upstream: Upstream, certificates: Path) -> None:
    """A listener that both policies have keeps its socket; connections outlive the listener that they came by."""
    door = gateway(upstream)
    public = door.policy["listeners"]["public"]
    lines = len(door.log.so_far())
    door.reload(with_listeners(door, public=public, second=policies.listener(certificates)))
    port = door.listening("second", after=lines)
    with RawClient(port, door.context()) as client:
        client.upgrade()
        door.reload(with_listeners(door, public=public))
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), PATIENCE)
        client.send_frame(frames.TEXT, b"hi")
        assert client.frame().payload == b"hello:hi"
    assert door.wait_audit("closed", listener="second")["reason"] == "client-lost"
    door.connect().close()


def test_address_that_is_taken_leaves_all_as_it_was(
    gateway: StartGateway, upstream: Upstream, certificates: Path
) -> None:
    door = gateway(upstream)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = "127.0.0.1:%d" % taken.getsockname()[1]
        changed = with_listeners(door, public=policies.listener(certificates, address=address))
        policies.write(door.policies, changed)
        place = r"policy\.yaml:\d+:\d+: error: listener `public`: `address` cannot be listened on: bind "
        said = door.fail_to_reload()
        assert any(re.search(f"{place}{address}: Address already in use", line) for line in said), said
        door.connect().close()


def test_rates_and_counts_go_on(gateway: StartGateway, upstream: Upstream) -> None:
    """A reload hands nobody a fresh allowance."""
    limited = [{"connection_rate": {"rate": "1/1h", "burst": 2}}, {"connection_limit": {"maximum": 1}}]
    door = gateway(upstream, middleware=limited)
    with door.connect():
        door.reload()
        door.refused("connection-limit-exceeded", 429)
        door.reload()
        door.refused("connection-rate-exceeded", 429)


def test_upstream_changes_for_new_connections(gateway: StartGateway, upstream: Upstream) -> None:
    other = Upstream()
    try:
        door = gateway(upstream)
        with door.connect() as before:
            door.reload(door.policy | {"upstreams": {"main": policies.upstream(other.url)}})
            with door.connect() as after:
                after.send("hi")
                assert after.recv() == "hello:hi"
                assert (upstream.count("open", 1), other.count("open", 1)) == (1, 1)
            before.send("hi")
            assert before.recv() == "hello:hi"
    finally:
        other.end()


def test_request_is_judged_by_the_policy_of_its_moment(gateway: StartGateway, upstream: Upstream) -> None:
    """Who has connected before the reload and asks after it gets no old answer."""
    door = gateway(upstream)
    with door.raw() as client:
        version = door.reload(with_routes(door, policies.route("other")))
        client.send(frames.upgrade_request())
        line = door.check_refusal(client.response(), "route-not-found", 404)
        assert line["policy_version"] == version


def test_listener_that_is_gone_answers_who_came_by_it(
    gateway: StartGateway, upstream: Upstream, certificates: Path
) -> None:
    door = gateway(upstream)
    with door.raw() as client:
        door.reload(with_listeners(door, second=policies.listener(certificates)))
        client.send(frames.upgrade_request())
        door.check_refusal(client.response(), "draining", 503)


def test_certificate_that_is_demanded_meanwhile(gateway: StartGateway, upstream: Upstream, certificates: Path) -> None:
    """Who has finished TLS before a certificate was demanded, and asks after it, has shown none."""
    door = gateway(upstream)
    demand = {"authority": str(certificates / "ca.pem"), "mode": "require"}
    tls = {"certificates": [policies.certificate_pair(certificates)], "client_certificates": demand}
    with door.raw() as client, door.raw() as other:
        other.upgrade()
        door.reload(with_listeners(door, public=policies.listener(certificates, tls=tls)))
        client.send(frames.upgrade_request())
        door.check_refusal(client.response(), "client-certificate-missing", 403)
        # Who was admitted before stays.
        other.send_frame(frames.TEXT, b"hi")
        assert other.frame().payload == b"hello:hi"


def test_connection_is_counted_where_it_came(gateway: StartGateway, upstream: Upstream, certificates: Path) -> None:
    """A listener that goes and comes back counts anew, and nobody leaves it who has not come by it."""
    door = gateway(upstream, listener={"limits": {"connections": 1}})
    public = door.policy["listeners"]["public"]
    with door.raw() as client:
        door.reload(with_listeners(door, second=policies.listener(certificates)))
        lines = len(door.log.so_far())
        door.reload(with_listeners(door, public=public))
        door.port = door.listening("public", after=lines)
        client.upgrade()
    door.wait_audit("closed")
    with door.raw():
        with pytest.raises((ssl.SSLError, ConnectionError)):
            door.raw().close()


class Visitors:
    """Threads that shake hands all the time and count what fails."""

    def __init__(self, visit: Any, count: int = 3) -> None:
        self._visit = visit
        self._ends = threading.Event()
        self.visits = 0
        self.failures: list[str] = []
        self._threads = [threading.Thread(target=self._run) for _ in range(count)]

    def _run(self) -> None:
        while not self._ends.is_set():
            try:
                self._visit()
            except Exception as error:  # noqa: BLE001 - whatever it is, it is a handshake that failed
                self.failures.append(repr(error))
            self.visits += 1

    def __enter__(self) -> "Visitors":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        for thread in self._threads:
            thread.join(PATIENCE)


def test_certificates_reloaded_a_thousand_times(
    gateway: StartGateway, upstream: Upstream, portcullis: Path, tmp_path: Path
) -> None:
    """H33: under load, no failed handshake, and the new certificate is the one that is shown."""
    pairs = [make_certificates(portcullis, tmp_path / name, "localhost") for name in ("one", "two")]
    shown = tmp_path / "shown"
    shown.mkdir()
    trusting = ssl.create_default_context()
    for pair in pairs:
        trusting.load_verify_locations(str(pair / "ca.pem"))

    def show(pair: Path) -> None:
        # As one does it: the new files beside the old ones, then renamed over them.
        for name in ("server.pem", "server.key"):
            (shown / f"{name}.new").write_bytes((pair / name).read_bytes())
        for name in ("server.key", "server.pem"):
            os.replace(shown / f"{name}.new", shown / name)

    show(pairs[0])
    tls = {"certificates": [policies.certificate_pair(shown)]}
    door = gateway(upstream, listener={"tls": tls}, timeouts={"ping_interval": "1h"})
    seen: set[bytes] = set()

    def visit() -> None:
        with door.raw(context=trusting) as client:
            seen.add(client.socket.getpeercert(binary_form=True))
            client.upgrade()

    held = [door.raw(context=trusting) for _ in range(5)]
    for client in held:
        client.upgrade()
    with Visitors(visit) as visitors:
        for number in range(1000):
            show(pairs[(number + 1) % 2])
            door.reload()
    assert visitors.failures == []
    assert visitors.visits >= 20 and len(seen) == 2
    for client in held:
        client.send_frame(frames.TEXT, b"hi")
        assert client.frame().payload == b"hello:hi"
        client.close()


def test_reloads_under_handshakes(gateway: StartGateway, upstream: Upstream) -> None:
    """H40: at a hundred reloads a second each decision is made by one policy and logs that one's version; a bad file
    leaves the policy before it in force."""
    door = gateway(upstream)

    def policy(name: str) -> Settings:
        # Two places in which a decision could mix two policies: which routes there are, and what they set.
        fields = {"X-Policy": name, "X-Request-ID": "${request.id}"}
        headers = {"headers": {"response": {"set": fields}}}
        routes = [policies.route(path, middleware=[headers]) for path in ("echo", f"only-{name}")]
        return with_routes(door, *routes)

    both = {name: policy(name) for name in ("a", "b")}
    versions = {door.reload(settings): name for name, settings in both.items()}
    answers: dict[str, str] = {}

    def visit() -> None:
        for path in ("/echo", "/only-a", "/only-b"):
            with door.raw() as client:
                client.send(frames.upgrade_request(path))
                head = client.head()
                assert head.status in (101, 404)
                if head.status == 101:
                    answers[head.headers["X-Request-ID"]] = head.headers["X-Policy"]

    started = time.monotonic()
    sent = 0
    with Visitors(visit) as visitors:
        while time.monotonic() < started + 5:
            if sent % 10 == 9:
                (door.policies / "policy.yaml").write_text("routes: [")
            else:
                replace_policy(door, both["ab"[sent % 2]])
            door.process.send_signal(signal.SIGHUP)
            sent += 1
            time.sleep(max(0.0, started + sent * 0.01 - time.monotonic()))
    assert visitors.failures == []
    assert sent >= 100 and visitors.visits >= 10
    door.log.wait(lambda line: "not reloaded" in line)
    decided = [line for line in door.audit.so_far() if line["event"] in ("opened", "refused")]
    assert {versions[line["policy_version"]] for line in decided} == {"a", "b"}
    for line in decided:
        name = versions[line["policy_version"]]
        is_admitted = line["event"] == "opened"
        assert is_admitted == (line["path"] in ("/echo", f"/only-{name}")), line
        if is_admitted:
            assert answers[line["request_id"]] == name, line


def replace_policy(door: Gateway, settings: Settings) -> None:
    """Whole files only: a policy is renamed into its place."""
    aside = door.policies.parent / "aside"
    policies.write(aside, settings)
    os.replace(aside / "policy.yaml", door.policies / "policy.yaml")
