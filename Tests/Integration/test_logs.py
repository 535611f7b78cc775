"""Where the logs go, how they are rotated, and what ties their lines together."""

import json
import signal
from pathlib import Path

import pytest
from websockets.datastructures import Headers

import policy as policies
from conftest import StartGateway, StartUpstream
from gateway import Gateway
from lines import wait_until
from upstreams import Upstream

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACE_PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_rotation(gateway: StartGateway, upstream: Upstream, tmp_path: Path) -> None:
    """The log is moved away, and USR1 opens a new one: no record is lost on the way, and no connection notices."""
    log, old = tmp_path / "audit.log", tmp_path / "audit.log.1"
    door = gateway(upstream, options=["--audit-log", log])
    with door.connect() as socket:
        wait_until(lambda: len(lines(log)) == 1, "the first record")
        log.rename(old)
        door.process.send_signal(signal.SIGUSR1)
        wait_until(log.exists, "a new file")
        socket.send("still there")
        assert socket.recv() == "hello:still there"
        door.connect().close()
    wait_until(lambda: len(lines(log)) == 3, "the records after it")
    assert [line["event"] for line in lines(old)] == ["opened"]
    assert sorted(line["event"] for line in lines(log)) == ["closed", "closed", "opened"]
    assert log.stat().st_mode & 0o777 == 0o600


def test_rotation_where_the_log_is_standard_output(gateway: StartGateway, upstream: Upstream) -> None:
    door = gateway(upstream)
    door.process.send_signal(signal.SIGUSR1)
    door.connect().close()
    door.wait_audit("closed")


class Structured(Gateway):
    """One whose operational log is JSON."""

    options = ["--log-format", "json"]

    def read_log(self, line: str) -> str:
        event = json.loads(line)
        assert {"time", "level", "message"} <= event.keys()
        rest = sorted((name, value) for name, value in event.items() if name not in ("time", "level", "message"))
        fields = "".join(f" {name}={value}" for name, value in rest)
        return f"{event['time']} {event['level']} {event['message']}{fields}"


def test_operational_log_as_json(
    portcullis: Path, certificates: Path, tmp_path: Path, raw_upstream: StartUpstream
) -> None:
    """An object a line, with the ids of the audit log where it is about a connection."""
    target = raw_upstream(lambda peer: peer.switch(accept="wrong"))
    policy = policies.whole(
        listeners={"public": policies.listener(certificates)},
        upstreams={"main": policies.upstream(target.url)},
        routes=[policies.route()],
    )
    with Structured(portcullis, tmp_path, certificates, policy, None) as door:
        response = door.refused("upstream-invalid-response", 502, additional_headers={"traceparent": TRACE_PARENT})
        line = door.log.wait(lambda line: "upstream did not upgrade" in line)
    assert f"request_id={response.json['request_id']}" in line
    assert f"trace_id={TRACE}" in line


@pytest.mark.parametrize(
    ("sent", "arrives"),
    [
        ([("traceparent", TRACE_PARENT), ("tracestate", "vendor=1")], True),
        ([("TraceParent", TRACE_PARENT)], True),
        ([("traceparent", TRACE_PARENT[:-1]), ("tracestate", "vendor=1")], False),
        ([("traceparent", TRACE_PARENT), ("traceparent", TRACE_PARENT)], False),
        ([("tracestate", "vendor=1")], False),
    ],
)
def test_a_trace_goes_on(
    gateway: StartGateway, upstream: Upstream, sent: list[tuple[str, str]], arrives: bool
) -> None:
    """W3C Trace Context: a valid place in a trace is passed on as it is; one that is not ends the trace."""
    door = gateway(upstream)
    door.connect(additional_headers=Headers(sent)).close()
    headers = upstream.wait("open")["headers"]
    closed = door.wait_audit("closed")
    if arrives:
        assert headers["traceparent"] == TRACE_PARENT
        assert headers.get("tracestate") == dict(sent).get("tracestate")
        assert closed["trace_id"] == TRACE
    else:
        assert "traceparent" not in headers and "tracestate" not in headers
        assert "trace_id" not in closed
