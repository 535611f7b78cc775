"""The benchmarks, shortly: that they measure what they say. No figure is looked at, as any of them may be right."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import bench  # noqa: E402
import processes  # noqa: E402
import report  # noqa: E402
from proxies import ORIGIN, PROXIES, Credentials, Tools, Upstream  # noqa: E402
from workloads import ROWS, WORKLOADS, Kind, Row  # noqa: E402

PATIENCE = 60


@pytest.fixture(scope="module")
def tools() -> Tools:
    return Tools.find(HERE.parent)


def load(tools: Tools, upstream: Upstream, *words: str) -> subprocess.Popen[str]:
    """The load generator, straight at the echo server."""
    return subprocess.Popen(
        [tools.load, "--port", str(upstream.port), "--plain", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.timeout(300)
def test_every_workload_runs_under_every_proxy_that_is_installed(tools: Tools, tmp_path: Path) -> None:
    """Without an error, with a table and a file of all that was measured."""
    done = subprocess.run(
        [sys.executable, HERE / "bench.py", "--smoke", "--results", tmp_path],
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    kept = json.loads(next(tmp_path.glob("*.json")).read_text())
    runs = {(run["workload"], run["proxy"]): run["rounds"] for run in kept["runs"]}
    installed = {name for name, proxy in PROXIES.items() if proxy.missing(tools) is None}
    assert "portcullis" in installed
    for workload in WORKLOADS.values():
        if workload.kind is Kind.LOOKUPS:
            continue
        for proxy in installed.intersection(workload.proxies):
            (run,) = runs[workload.name, proxy]
            counted = {Kind.HANDSHAKE: "handshakes", Kind.IDLE: "connections"}.get(workload.kind, "messages")
            assert run[counted] > 0 and run["errors"] == 0, (workload.name, proxy, run)
            # Idle connections may do nothing at all.
            assert run["cpu_ns"] > 0 or workload.kind is Kind.IDLE
    for row in ROWS:
        if WORKLOADS[row.workload].kind is not Kind.LOOKUPS:
            assert f"\n{row.title} " in done.stdout
    assert runs["rule", "portcullis"][0]["edited"] > 0
    resumed = runs["handshake-resumed", "portcullis"][0]
    assert resumed["resumed"] == resumed["handshakes"]
    assert runs["handshake", "portcullis"][0]["resumed"] == 0


def test_portcullis_checks_the_token_while_it_is_measured(tools: Tools, tmp_path: Path) -> None:
    """With the token it admits; a character less, and it refuses."""
    credentials = Credentials(tools, tmp_path)
    with Upstream(tools) as upstream, PROXIES["portcullis"](tools, credentials, tmp_path, upstream) as proxy:
        words = ["--port", proxy.port, "--path", "/bench", "--origin", ORIGIN, "--messages", 10, "--warm-up", 0]
        for token, code in ((credentials.token, 0), (credentials.token[:-1], 1)):
            done = subprocess.run(
                [tools.load, *map(str, words), "--token", token],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=PATIENCE,
            )
            assert (done.returncode, "the upgrade is refused" in done.stderr) == (code, bool(code)), done.stderr


def test_an_echo_that_is_not_what_was_sent_is_an_error(tools: Tools) -> None:
    """The server edits nothing, and edits are expected."""
    with Upstream(tools) as upstream:
        generator = load(tools, upstream, "--json-payload", "--expect-edits", "--size", "512", "--messages", "100")
        output, errors = generator.communicate(timeout=PATIENCE)
    assert generator.returncode == 1
    assert "no true echo" in errors
    counted = json.loads(output.splitlines()[-1])
    assert counted["errors"] >= 10 and counted["edited"] == 0 and counted["messages"] == 100


@pytest.mark.parametrize("who", ["server", "generator"])
def test_an_open_loop_charges_a_standstill_to_all_messages_that_were_due(tools: Tools, who: str) -> None:
    """One of the two stands still for 0.8 s of 2: two of five messages are due then, and wait for its end."""
    with Upstream(tools) as upstream:
        generator = load(tools, upstream, "--rate", "500", "--connections", "4", "--seconds", "2", "--warm-up", "0.05")
        assert generator.stdin and generator.stdout
        assert generator.stdout.readline() == "begin\n"
        generator.stdin.write("go\n")
        generator.stdin.flush()
        stopped = upstream.process if who == "server" else generator
        time.sleep(0.1)
        stopped.send_signal(signal.SIGSTOP)
        time.sleep(0.8)
        stopped.send_signal(signal.SIGCONT)
        output, errors = generator.communicate(timeout=PATIENCE)
    assert generator.returncode == 0, errors
    counted = json.loads(output.splitlines()[-1])
    assert counted["messages"] == 1000
    assert counted["latency_us"]["p90"] > 300_000
    assert counted["latency_us"]["max"] > 700_000


def test_children_of_a_proxy_count(tools: Tools) -> None:
    """nginx does its work in a child of the process that was started."""
    parent = subprocess.Popen(
        ["sh", "-c", "read line; cat; :"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdin and parent.stdout
    try:
        assert processes.family(parent.pid) == [parent.pid]
        parent.stdin.write("start\nback\n")
        parent.stdin.flush()
        assert parent.stdout.readline() == "back\n"
        family = processes.family(parent.pid)
        assert len(family) == 2
        assert processes.cpu_nanoseconds(family) > processes.cpu_nanoseconds(family[:1])
        assert processes.memory(family).rss > processes.memory(family[:1]).rss
    finally:
        processes.end(parent)


def test_a_harness_that_is_killed_leaves_nothing_behind(tools: Tools, tmp_path: Path) -> None:
    """Proxy, echo server and load generator end with it."""
    words = ["relay-1k", "--proxies", "portcullis", "--rounds", "1", "--seconds", "60", "--results", tmp_path]
    harness = subprocess.Popen([sys.executable, HERE / "bench.py", *words], stderr=subprocess.DEVNULL, text=True)
    try:
        wait_until(lambda: len(processes.family(harness.pid)) == 4)
        children = processes.family(harness.pid)[1:]
    finally:
        harness.kill()
        harness.wait()
    try:
        wait_until(lambda: not any(is_alive(pid) for pid in children))
    finally:
        for pid in filter(is_alive, children):
            os.kill(pid, signal.SIGKILL)


def test_pinned_processes_are_apart(tools: Tools, tmp_path: Path) -> None:
    """Where there are two processors, nothing else runs on the proxy's."""
    pinned = tools.pinned()
    credentials = Credentials(tools, tmp_path)
    with Upstream(pinned) as upstream, PROXIES["portcullis"](pinned, credentials, tmp_path, upstream) as proxy:
        of_proxy, of_upstream = (os.sched_getaffinity(pid) for pid in (proxy.process.pid, upstream.process.pid))
    everywhere = os.sched_getaffinity(0)
    assert len(of_proxy) == 1
    assert of_proxy | of_upstream == everywhere
    assert len(everywhere) == 1 or not of_proxy & of_upstream


def is_alive(pid: int) -> bool:
    """A process that nobody has waited for is none any more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE / 2
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


ROW = Row("title", "relay-1k", "cpu_us", bar=0.8, goal=0.5, below=("envoy",))


@pytest.mark.parametrize(
    ("own", "envoy", "expected"),
    [
        (5.0, 9.0, "goal"),
        (8.0, 9.0, "bar"),
        (8.1, 9.0, "misses the bar"),
        (7.0, 7.0, "not below envoy"),
        (7.0, None, "bar"),
    ],
)
def test_verdicts(own: float, envoy: float | None, expected: str) -> None:
    """Of medians: one round of three does not decide."""
    runs: report.Runs = {
        ("relay-1k", "portcullis"): [{"cpu_us": value} for value in (own, 1000.0, 0.001)],
        ("relay-1k", "haproxy"): [{"cpu_us": 10.0}],
    }
    if envoy is not None:
        runs["relay-1k", "envoy"] = [{"cpu_us": envoy}]
    assert report.evaluate(ROW, runs)["verdict"] == expected


def test_what_is_not_measured_has_no_verdict() -> None:
    runs: report.Runs = {("relay-1k", "portcullis"): [{"cpu_us": 1.0}]}
    assert report.evaluate(ROW, runs)["verdict"] == "not measured"


def test_workloads_that_rows_compare_with_are_measured_as_well() -> None:
    names = [workload.name for workload in bench.chosen_workloads(["handshake-resumed"], is_smoke=False)]
    assert names == ["handshake", "handshake-resumed"]
