"""One run: a proxy, started for it, under one workload of the load generator."""

import json
import subprocess
import tempfile
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any

import processes
from proxies import ORIGIN, PROXIES, Credentials, Direct, Proxy, Tools, Upstream
from workloads import Kind, Scale, Workload

Figures = dict[str, Any]


class Failed(Exception):
    """A run that cannot count: an error, a lost message, a handshake that was not resumed."""


def measure(tools: Tools, credentials: Credentials, workload: Workload, proxy: str, scale: Scale) -> Figures:
    """Figures of one run; what `Row.figure` names is among them."""
    if workload.kind is Kind.LOOKUPS:
        return lookups(tools)
    kind = PROXIES.get(proxy, Direct)
    with tempfile.TemporaryDirectory(prefix="portcullis-bench-") as folder, Upstream(tools) as upstream:
        with kind(tools, credentials, Path(folder), upstream) as running:
            counted, used, grown = run_load(tools, running, load_words(workload, running, credentials, scale), scale)
    check(workload, proxy, counted, scale)
    figures: Figures = dict(counted)
    figures["cpu_ns"] = used
    done = counted["handshakes"] if workload.kind is Kind.HANDSHAKE else counted["messages"]
    if done:
        figures["cpu_us"] = used / done / 1000
        figures["per_second"] = done / counted["seconds"]
    if workload.kind is Kind.IDLE:
        figures |= {f"{name}_kib": value / counted["connections"] for name, value in asdict(grown).items()}
    return figures


def load_words(workload: Workload, proxy: Proxy, credentials: Credentials, scale: Scale) -> list[str]:
    """The load generator's options. Every proxy gets the same requests, tokens and all."""
    words = ["--port", str(proxy.port), "--path", workload.path, "--origin", ORIGIN]
    words += ["--tokens", str(credentials.tokens)] if workload.kind is Kind.HANDSHAKE else ["--token", credentials.token]
    words += workload.load
    match workload.kind:
        case Kind.HANDSHAKE:
            words += ["--handshakes", str(scale.handshakes)]
        case Kind.IDLE:
            words += ["--idle", str(scale.idle), "--hold", str(scale.hold)]
        case _:
            words += ["--seconds", str(scale.seconds), "--warm-up", str(scale.warm_up)]
    if workload.kind is Kind.LATENCY:
        words += ["--rate", str(scale.rate)]
    if workload.name == "rule" and proxy.name == "portcullis":
        words.append("--expect-edits")
    return words + (["--plain"] if proxy.plain else [])


def run_load(
    tools: Tools, proxy: Proxy, words: list[str], scale: Scale
) -> tuple[Figures, int, processes.Memory]:
    """What the load generator counted; the processor time and the memory that the proxy took meanwhile."""
    load = processes.start(
        [tools.load, *words],
        tools.load_processors,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert load.stdin and load.stdout and load.stderr
    # A generator that hangs is ended, and its pipe with it.
    watchdog = threading.Timer(60 + 10 * scale.seconds, load.kill)
    watchdog.start()
    pids = proxy.pids()
    try:
        samples = []
        for word in ("begin", "end"):
            if load.stdout.readline().strip() != word:
                raise Failed(load.stderr.read().strip() or f"the load generator ended before its {word}")
            # It waits meanwhile, so nothing is on the way.
            samples.append((processes.cpu_nanoseconds(pids), processes.memory(pids)))
            load.stdin.write("go\n")
            load.stdin.flush()
        line = load.stdout.readline()
        if not line:
            raise Failed(load.stderr.read().strip() or "the load generator ended without a result")
        counted = json.loads(line)
        if load.wait(processes.PATIENCE) != 0:
            raise Failed(load.stderr.read().strip())
    finally:
        watchdog.cancel()
        processes.end(load)
    (cpu_before, before), (cpu_after, after) = samples
    return counted, cpu_after - cpu_before, processes.Memory(after.pss - before.pss, after.rss - before.rss)


def check(workload: Workload, proxy: str, counted: Figures, scale: Scale) -> None:
    """Fails a run that has not done what its workload says."""
    wanted = {
        Kind.HANDSHAKE: ("handshakes", scale.handshakes),
        Kind.IDLE: ("connections", scale.idle),
    }.get(workload.kind, ("messages", 1))
    if counted["errors"] or counted[wanted[0]] < wanted[1]:
        raise Failed(f"{counted[wanted[0]]} of {wanted[1]} {wanted[0]}, {counted['errors']} errors")
    if workload.name == "handshake-resumed" and counted["resumed"] < counted["handshakes"]:
        raise Failed(f"{counted['resumed']} of {counted['handshakes']} handshakes were resumed")
    if workload.name == "rule" and proxy == "portcullis" and not counted["edited"]:
        raise Failed("the rule has edited nothing")


def lookups(tools: Tools) -> Figures:
    """The look-ups inside the process, by an executable of their own."""
    if not tools.lookups.is_file():
        raise Failed(f"{tools.lookups} is missing; ./dev bench builds it")
    done = subprocess.run([tools.lookups], stdout=subprocess.PIPE, text=True, check=True, timeout=120)
    return json.loads(done.stdout)
