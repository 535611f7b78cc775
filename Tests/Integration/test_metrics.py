"""`GET /metrics`: what is counted, that it agrees with the audit log, and that what is shipped for Prometheus, Grafana and
systemd fits it."""

import json
import re
import shutil
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import frames
import policy as policies
from admin import Admin, LoopbackAdmin
from conftest import ROOT, StartGateway, StartUpstream
from gateway import Gateway
from lines import PATIENCE, wait_until
from metrics import Metrics, of
from policy import route, token
from upstreams import Peer, Upstream

DEPLOY = ROOT / "deploy"


def metrics(door: Gateway) -> Metrics:
    return of(Admin(door).ask("GET", "/metrics"))


def settled(door: Gateway, holds: Callable[[Metrics], Any]) -> Metrics:
    """The first scrape for which that holds: what a client sees may be counted a moment later."""

    def ask() -> Metrics | None:
        found = metrics(door)
        return found if holds(found) else None

    return wait_until(ask, "the metrics")


def shadow(name: str, settings: Any) -> dict[str, Any]:
    return {name: {"mode": "shadow"} | settings}


def rule(name: str, contains: str, do: Any, **more: Any) -> dict[str, Any]:
    return {"name": name, "from": "client", "when": {"text": {"contains": contains}}, "do": do} | more


RICH = [
    rule("no-x", "x", "drop"),
    rule("no-y", "y", "drop", mode="shadow"),
    rule("end", "end", {"close": {"code": 1008, "reason": "end"}}),
]


def test_connections_and_messages_are_counted_exactly(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream)
    before = metrics(door)
    assert before.value("portcullis_websockets_open", route="echo") == 0
    assert before.value("portcullis_messages_total") == 0
    with door.connect() as first, door.connect() as second:
        for message in ["one", "three", b"four"]:
            first.send(message)
            first.recv()
        first.ping("hi")
        during = settled(door, lambda found: found.value("portcullis_websockets_open") == 2)
        assert during.value("portcullis_connections_open", listener="public") == 2
        assert during.value("portcullis_messages_total", direction="from_client", opcode="text") == 2
        second.close(4000, "bye")
        first.close(1001)
    door.wait_audit("closed", close_code=4000)
    door.wait_audit("closed", close_code=1001)
    after = metrics(door)
    assert after.value("portcullis_connections_accepted_total", listener="public") == 2
    assert after.value("portcullis_connections_opened_total", route="echo") == 2
    assert after.by("portcullis_connections_closed_total", "route", "code", "reason", "closed_by") == {
        ("echo", "other", "client-closed", "client"): 1, ("echo", "1001", "client-closed", "client"): 1,
    }
    assert after.value("portcullis_websockets_open") == 0
    received = after.by("portcullis_messages_total", "direction", "opcode")
    assert received["from_client", "text"] == 2 and received["from_client", "binary"] == 1
    assert received["from_client", "ping"] == 1 and received["from_client", "close"] == 2
    sizes = after.by("portcullis_message_bytes_total", "direction", "opcode")
    assert (sizes["from_client", "text"], sizes["from_client", "binary"]) == (len("onethree"), len("four"))
    assert sizes["from_upstream", "text"] >= len("hello:onehello:three")
    assert after.value("portcullis_queued_bytes") == 0


def test_refusals_by_route_and_reason(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=[token(audience="chat")])
    for _ in range(3):
        door.refused("token-missing", 401)
    door.refused("token-malformed", 401, token="no.token")
    wrong = door.issue("alice", "feed")
    door.refused("token-audience-mismatch", 401, token=wrong)
    door.refused("route-not-found", 404, "/nowhere")
    with door.connect(token=door.issue("alice", "chat")):
        pass
    door.wait_audit("closed")
    found = metrics(door)
    assert found.by("portcullis_refusals_total", "route", "reason") == {
        ("echo", "token-missing"): 3, ("echo", "token-malformed"): 1, ("echo", "token-audience-mismatch"): 1,
        ("", "route-not-found"): 1,
    }
    assert found.by("portcullis_token_verifications_total", "issuer", "result") == {
        ("", "token-malformed"): 1, ("local", "token-audience-mismatch"): 1, ("local", "valid"): 1,
    }
    assert found.value("portcullis_handshake_seconds_count", outcome="refused") == 6
    assert found.value("portcullis_handshake_seconds_count", outcome="opened") == 1


def test_admission_drops_at_the_door(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, listener={"admission": [{"ip_filter": {"deny": ["127.0.0.2/32"]}}]})
    with pytest.raises(OSError):
        door.connect(source="127.0.0.2")
    door.wait_audit("refused", reason="ip-denied")
    found = metrics(door)
    assert found.by("portcullis_refusals_total", "route", "reason") == {("", "ip-denied"): 1}
    assert found.value("portcullis_connections_accepted_total") == 1
    assert found.value("portcullis_tls_handshakes_total") == 0
    assert found.value("portcullis_handshake_seconds_count") == 0


def test_shadow_counts_what_would_have_been(gateway: StartGateway, upstream: Upstream) -> None:
    """Middleware by its reason, rules and rates by their names: in the metrics as in the audit log."""
    door = gateway(
        upstream,
        listener={"admission": [shadow("ip_filter", {"deny": ["127.0.0.0/8"]})]},
        middleware=[
            shadow("origin", {"allow": ["https://app.example.com"], "missing": "deny"}),
            shadow("token", {"issuers": ["local"]}),
        ],
        messages=RICH,
        message_rate=[{"rate": "1/1h", "burst": 2, "on_exceed": "drop", "mode": "shadow"}],
    )
    for _ in range(2):
        with door.connect() as client:
            for text in ["x", "y", "z"]:
                client.send(text)
            assert [client.recv(), client.recv()] == ["hello:y", "hello:z"]
    wait_until(lambda: len([1 for line in door.audit.so_far() if line["event"] == "closed"]) == 2, "both closed")
    found = metrics(door)
    assert found.by("portcullis_shadow_refusals_total", "route", "middleware", "reason") == {
        ("echo", "ip_filter", "ip-denied"): 2, ("echo", "origin", "origin-missing"): 2,
        ("echo", "token", "token-missing"): 2,
    }
    assert found.value("portcullis_refusals_total") == 0
    assert found.by("portcullis_rule_hits_total", "route", "rule", "mode") == {
        ("echo", "no-x", "enforce"): 2, ("echo", "no-y", "shadow"): 2,
    }
    assert found.by("portcullis_rate_hits_total", "route", "rate", "mode") == {("echo", "message_rate", "shadow"): 2}
    # A rule that has never acted is there all the same.
    never = frozenset({("route", "echo"), ("rule", "end"), ("mode", "enforce")})
    assert found.samples["portcullis_rule_hits_total", never] == 0


def test_rules_are_counted_while_their_connection_is_open(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, messages=RICH)
    with door.connect() as client:
        client.send("x")
        client.send("z")
        client.recv()
        assert metrics(door).value("portcullis_rule_hits_total", rule="no-x") == 1
        client.send("end")
        assert client.closing() == (1008, "end")
    door.wait_audit("closed")
    found = metrics(door)
    assert found.value("portcullis_rule_hits_total", rule="end") == 1
    assert found.by("portcullis_connections_closed_total", "code", "reason", "closed_by") == {
        ("1008", "message-denied", "gateway"): 1
    }


def test_tls(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream)
    context = door.context()
    with door.raw(context=context) as client:
        client.upgrade()
        client.send_frame(frames.TEXT, b"hi")
        client.frame()
        ticket = client.socket.session
    with door.raw(context=context, session=ticket) as client:
        client.upgrade()
    with socket.create_connection(("127.0.0.1", door.port), PATIENCE) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
        while plain.recv(4096):
            pass
    socket.create_connection(("127.0.0.1", door.port), PATIENCE).close()
    found = settled(door, lambda found: found.value("portcullis_tls_failures_total") == 2)
    assert found.by("portcullis_tls_handshakes_total", "version", "resumed") == {
        ("1.3", "false"): 1, ("1.3", "true"): 1,
    }
    assert found.by("portcullis_tls_failures_total", "reason") == {("protocol",): 1, ("lost",): 1}
    assert found.value("portcullis_tls_handshake_seconds_count") == 2
    end = found.value("portcullis_tls_certificate_expiry_timestamp_seconds", listener="public", name="localhost")
    assert end > time.time()


def test_upstreams(gateway: StartGateway, upstream: Upstream, raw_upstream: StartUpstream) -> None:
    def refuse(peer: Peer) -> bytes:
        peer.switch(status="403 Forbidden")
        return peer.rest()

    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = "ws://127.0.0.1:%d" % closed.getsockname()[1]
    door = gateway(
        upstream,
        routes=[route(), route("gone", upstream="gone"), route("rude", upstream="rude")],
        upstreams={"gone": policies.upstream(nobody), "rude": policies.upstream(raw_upstream(refuse).url)},
    )
    door.refused("upstream-unreachable", 502, "/gone")
    door.refused("upstream-refused", 502, "/rude")
    door.connect().close()
    door.wait_audit("closed")
    found = metrics(door)
    assert found.by("portcullis_upstream_failures_total", "upstream", "reason") == {
        ("gone", "upstream-unreachable"): 1, ("rude", "upstream-refused"): 1,
    }
    assert found.by("portcullis_upstream_connect_failures_total", "upstream") == {("gone",): 1}
    assert found.by("portcullis_upstream_connect_seconds_count", "upstream") == {("main",): 1, ("rude",): 1}
    assert found.by("portcullis_upstream_handshake_seconds_count", "upstream") == {("main",): 1}


def test_reloads_and_the_names_that_they_remove(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, messages=RICH, on_policy_change="keep")
    assert metrics(door).value("portcullis_policy_last_reload_success") == 1
    with door.connect() as before:
        before.send("x")
        version = door.reload(door.policy | {"routes": [route("other")]})
        found = settled(door, lambda found: found.value("portcullis_websockets_open", route="(removed)") == 1)
        assert found.by("portcullis_policy_info", "version") == {(version,): 1}
        assert found.value("portcullis_policy_reloads_total", result="success") == 1
        assert not [labels for _, labels in found.samples if ("route", "echo") in labels]
        before.send("x")
        before.send("z")
        before.recv()
        before.close(1000)
    door.wait_audit("closed")
    found = metrics(door)
    assert found.value("portcullis_connections_closed_total", route="(removed)", code="1000") == 1
    assert found.value("portcullis_rule_hits_total", route="(removed)", rule="(removed)") == 1
    (door.policies / "policy.yaml").write_text("routes: [")
    door.fail_to_reload()
    found = metrics(door)
    assert found.value("portcullis_policy_reloads_total", result="failure") == 1
    assert found.value("portcullis_policy_last_reload_success") == 0
    assert found.by("portcullis_policy_info", "version") == {(version,): 1}
    assert found.value("portcullis_policy_last_reload_timestamp_seconds") >= found.value(
        "portcullis_policy_in_force_since_timestamp_seconds"
    )


def test_metrics_agree_with_the_audit_log(gateway: StartGateway, upstream: Upstream) -> None:
    """A mixed load: whatever the log adds up to, the metrics say."""
    door = gateway(
        upstream,
        routes=[
            route(messages=RICH),
            route("locked", middleware=[token(audience="chat"), shadow("ip_filter", {"deny": ["127.0.0.0/8"]})]),
        ],
    )
    good = door.issue("alice", "chat")
    for turn in range(12):
        with door.connect() as client:
            for text in ["x", "y", "z", "longer " * turn]:
                client.send(text)
            for _ in range(3):
                client.recv()
            if turn % 3 == 0:
                client.send("end")
                client.closing()
        with door.connect("/locked", token=good) as client:
            client.send(b"binary" * turn)
            client.recv()
            client.close(1000 + turn % 2)
        door.refused("token-missing", 401, "/locked")
        door.refused("route-not-found", 404, "/nowhere")
        with door.raw() as client:
            client.upgrade()

    def all_closed() -> list[dict[str, Any]]:
        found = [line for line in door.audit.so_far() if line["event"] == "closed"]
        return found if len(found) == 36 else []

    closed = wait_until(all_closed, "all are closed")
    lines = door.audit.so_far()
    found = metrics(door)

    def tally(event: str, *fields: str) -> dict[tuple[str, ...], int]:
        told = [line for line in lines if line["event"] == event]
        return dict(Counter(tuple(line.get(field) or "" for field in fields) for line in told))

    assert found.by("portcullis_audit_records_total", "event") == dict(Counter((line["event"],) for line in lines))
    assert found.by("portcullis_connections_opened_total", "route") == tally("opened", "route")
    assert found.by("portcullis_refusals_total", "route", "reason") == tally("refused", "route", "reason")
    codes = Counter((line["route"], str(line["close_code"]), line["reason"], line["closed_by"]) for line in closed)
    assert found.by("portcullis_connections_closed_total", "route", "code", "reason", "closed_by") == dict(codes)
    for side in ("from_client", "from_upstream"):
        for name, field in (("messages", "messages"), ("message_bytes", "bytes")):
            metric = f"portcullis_{name}_total"
            data = sum(found.value(metric, direction=side, opcode=kind) for kind in ("text", "binary"))
            assert data == sum(line[field][side] for line in closed)
    rules = Counter()
    for line in closed:
        for hit in line.get("rules", []):
            rules[line["route"], hit["rule"], hit["mode"]] += hit["count"]
    assert rules and found.by("portcullis_rule_hits_total", "route", "rule", "mode") == dict(rules)
    shadows = Counter(
        (line.get("route", ""), refusal["middleware"], refusal["reason"])
        for line in lines if line["event"] != "closed" for refusal in line.get("shadow", [])
    )
    assert shadows and found.by("portcullis_shadow_refusals_total", "route", "middleware", "reason") == dict(shadows)
    assert found.value("portcullis_websockets_open") == 0


def test_nothing_that_a_peer_sends_is_a_label(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream, middleware=[token(audience="chat")])
    secret = door.issue("mallory-the-subject", "chat")
    door.refused("route-not-found", 404, "/a-path-of-its-own?query=marker")
    with door.connect(token=secret, origin="https://origin.marker.example") as client:
        client.send("payload-marker")
        client.recv()
        client.close(4321, "reason-marker")
    door.wait_audit("closed")
    text = metrics(door).text
    for word in (secret, "mallory", "a-path", "marker", "4321", "127.0.0.1"):
        assert word not in text


def test_the_process(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream)
    found = metrics(door)
    assert found.value("portcullis_workers") == found.value("portcullis_workers_answered") == 2
    assert abs(found.value("process_start_time_seconds") - time.time()) < PATIENCE
    assert found.value("process_resident_memory_bytes") > 1 << 20
    assert 0 < found.value("process_open_fds") < found.value("process_max_fds")
    assert found.value("process_cpu_seconds_total") > 0
    assert found.value("portcullis_memory_ceiling_bytes") > 1 << 20
    assert found.value("portcullis_token_store_available") == 1
    assert len(found.by("portcullis_worker_cpu_seconds_total", "worker")) == 2
    again = metrics(door)
    for (name, labels), value in found.samples.items():
        if found.types.get(found.family(name)) == "counter":
            assert again.samples[name, labels] >= value, name


def test_histograms_are_cumulative(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream)
    door.connect().close()
    door.wait_audit("closed")
    found = metrics(door)
    checked = 0
    for (name, labels), count in found.samples.items():
        if not name.endswith("_count"):
            continue
        base = name.removesuffix("_count")
        buckets = sorted(
            (float(dict(series)["le"]), value)
            for (bucket, series), value in found.samples.items()
            if bucket == f"{base}_bucket" and labels <= series
        )
        assert [value for _, value in buckets] == sorted(value for _, value in buckets)
        assert buckets[-1] == (float("inf"), count) and len(buckets) == 16
        assert found.samples[f"{base}_sum", labels] >= 0
        checked += 1
    assert checked >= 5


# What is shipped with it


@pytest.fixture
def scraped(gateway: StartGateway, upstream: Upstream) -> Metrics:
    """Of a gateway that has seen a little of everything."""
    door = gateway(
        upstream,
        messages=RICH,
        middleware=[shadow("ip_filter", {"deny": ["127.0.0.0/8"]}), token()],
        message_rate=[{"rate": "1/1h", "burst": 1, "on_exceed": "drop"}],
    )
    with door.connect(token=door.issue()) as client:
        for text in ["x", "y"]:
            client.send(text)
    door.refused("token-missing", 401)
    door.wait_audit("closed")
    return metrics(door)


def shipped_names(text: str) -> set[str]:
    return set(re.findall(r"\b(?:portcullis|process)_[a-z_]+", text))


def families(found: Metrics) -> set[str]:
    """The names that queries may use."""
    suffixes = ("_bucket", "_sum", "_count")
    return {
        name + suffix
        for name, kind in found.types.items()
        for suffix in (suffixes if kind == "histogram" else ("",))
    }


def queries() -> dict[str, list[str]]:
    dashboard = json.loads((DEPLOY / "grafana-dashboard.json").read_text())
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    asked += [annotation["expr"] for annotation in dashboard["annotations"]["list"]]
    asked += [variable["definition"] for variable in dashboard["templating"]["list"] if "definition" in variable]
    alerts = (DEPLOY / "prometheus-alerts.yaml").read_text()
    return {"dashboard": asked, "alerts": alerts.split("- alert:")[1:]}


def test_dashboard_and_alerts_name_metrics_that_exist(scraped: Metrics) -> None:
    for where, texts in queries().items():
        named = {name for text in texts for name in shipped_names(text)}
        assert len(named) > 10
        assert named <= families(scraped), (where, named - families(scraped))


def test_dashboard_shows_every_metric_of_the_gateway(scraped: Metrics) -> None:
    shown = {scraped.family(name) for text in queries()["dashboard"] for name in shipped_names(text)}
    assert set(scraped.types) - shown == set()


def test_labels_in_queries_exist(scraped: Metrics) -> None:
    """Labels by which dashboard and alerts select and group are those of the documentation."""
    documented = {label for _, labels in documentation().values() for label in labels} | {"le", "instance", "job"}
    for texts in queries().values():
        for text in texts:
            grouped = {label.strip() for group in re.findall(r"\bby \(([^)]*)\)", text) for label in group.split(",")}
            braced = re.findall(r"\{([^{}]*)\}", text)
            selected = {label for group in braced for label in re.findall(r"(\w+)(?:=~|!~|!=|=)\"", group)}
            assert grouped | selected <= documented, text


def documentation() -> dict[str, tuple[str, set[str]]]:
    """The tables of docs/metrics.md: kind and labels of each metric."""
    text = (ROOT / "docs/metrics.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|([^|]*)\| [^|]+ \|$", text, re.MULTILINE)
    assert len(rows) == len({name for name, _, _ in rows})
    return {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}


def test_every_metric_is_documented_and_every_documented_one_exists(scraped: Metrics) -> None:
    documented = documentation()
    assert {name: kind for name, (kind, _) in documented.items()} == scraped.types
    for name, (_, labels) in documented.items():
        if found := scraped.labels(name):
            assert found == labels, name


def promtool(*arguments: str | Path, input: str | None = None) -> str:
    tool = shutil.which("promtool")
    assert tool, "promtool is missing: ./dev test installs it, with the Debian package prometheus"
    done = subprocess.run(
        [tool, *arguments], input=input, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_promtool_finds_nothing_wrong_with_the_metrics(scraped: Metrics) -> None:
    assert promtool("check", "metrics", input=scraped.text) == ""


def test_promtool_finds_nothing_wrong_with_the_alerts() -> None:
    assert "SUCCESS" in promtool("check", "rules", DEPLOY / "prometheus-alerts.yaml")


def test_alerts_fire_when_they_should() -> None:
    assert "SUCCESS" in promtool("test", "rules", Path(__file__).parent / "alerts.yaml")


def test_promtool_finds_nothing_wrong_with_the_scrape_configuration(tmp_path: Path) -> None:
    text = (DEPLOY / "prometheus.yml").read_text()
    (tmp_path / "token").write_text("secret")
    assert "/etc/prometheus/portcullis.token" in text
    (tmp_path / "prometheus.yml").write_text(text.replace("/etc/prometheus/portcullis.token", str(tmp_path / "token")))
    shutil.copy(DEPLOY / "prometheus-alerts.yaml", tmp_path)
    assert "SUCCESS" in promtool("check", "config", tmp_path / "prometheus.yml")


def test_the_door_that_the_scrape_configuration_wants(
    gateway: StartGateway, upstream: Upstream, tmp_path: Path
) -> None:
    """Over TCP, with the token: as Prometheus asks."""
    door = gateway(upstream)
    secret = "0123456789abcdef0123456789abcdef"
    (tmp_path / "admin.token").write_text(secret)
    (tmp_path / "admin.token").chmod(0o600)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    door.secrets.add(secret)
    door.reload(door.policy | {"admin": {"address": f"127.0.0.1:{port}", "token_file": str(tmp_path / "admin.token")}})
    found = wait_until(lambda: ask_over_tcp(port, secret), "the door")
    assert found.value("portcullis_workers") == 2
    assert LoopbackAdmin(port, None).ask("GET", "/metrics").status == 401


def ask_over_tcp(port: int, secret: str) -> Metrics | None:
    try:
        return of(LoopbackAdmin(port, secret).ask("GET", "/metrics"))
    except ConnectionError:
        return None


def test_the_unit_for_systemd(portcullis: Path, tmp_path: Path) -> None:
    text = (DEPLOY / "portcullis.service").read_text()
    assert text.count("/usr/local/bin/portcullis ") == 3
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("there is no systemd on this machine")
    unit = tmp_path / "portcullis.service"
    unit.write_text(text.replace("/usr/local/bin/portcullis ", f"{portcullis} "))
    done = subprocess.run(
        [analyze, "verify", unit], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=PATIENCE
    )
    assert (done.returncode, done.stdout) == (0, "")
