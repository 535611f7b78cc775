"""Measures Portcullis beside HAProxy, nginx and Envoy. `./dev bench` builds and installs what this needs first."""

import argparse
import resource
import signal
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path

import report
from measurement import Failed, measure
from proxies import PROXIES, Credentials, Tools
from workloads import ALL, NEEDS, SATURATION, SMOKE, USUAL, WORKLOADS, Kind, Scale, Workload

HERE = Path(__file__).parent


class Bench:
    """The rounds: in each of them every workload runs under every proxy, so that what changes on the machine in the
    course of time changes for all of them."""

    def __init__(self, tools: Tools, credentials: Credentials, proxies: list[str], scale: Scale) -> None:
        self.tools = tools
        self.credentials = credentials
        self.proxies = proxies
        self.scale = scale
        self.runs: report.Runs = {}
        self.failures = 0

    def run(self, workloads: list[Workload], rounds: int) -> None:
        for index in range(rounds):
            for workload in workloads:
                taking_part = [name for name in workload.proxies if name in (*self.proxies, "direct")]
                # Nobody is always the first.
                turn = index % len(taking_part) if taking_part else 0
                for proxy in taking_part[turn:] + taking_part[:turn]:
                    self._one(workload, proxy, f"round {index + 1}/{rounds}")

    def _one(self, workload: Workload, proxy: str, label: str) -> None:
        try:
            scale = self.scale
            if workload.kind is Kind.LATENCY and scale.rate is None:
                scale = replace(scale, rate=self._half_of_saturation())
            found = measure(self.tools, self.credentials, workload, proxy, scale)
        except (Failed, RuntimeError, OSError) as error:
            self.failures += 1
            say(f"{label}  {workload.name:18} {proxy:11} FAILED: {error}")
            return
        self.runs.setdefault((workload.name, proxy), []).append(found)
        say(f"{label}  {workload.name:18} {proxy:11} {summary(workload, found)}")

    def _half_of_saturation(self) -> float:
        """Half of what HAProxy relays at most, found once and kept: all rounds have the same rate."""
        if not self.runs.get((SATURATION, "haproxy")):
            say(f"looking for HAProxy's saturation with {SATURATION}")
            found = measure(self.tools, self.credentials, WORKLOADS[SATURATION], "haproxy", self.scale)
            self.scale = replace(self.scale, rate=found["per_second"] / 2)
        else:
            self.scale = replace(self.scale, rate=report.figure(self.runs, SATURATION, "haproxy", "per_second") / 2)
        say(f"the open loop's rate: {self.scale.rate:.0f} messages a second")
        return self.scale.rate


def summary(workload: Workload, found: dict) -> str:
    match workload.kind:
        case Kind.RELAY | Kind.HANDSHAKE:
            return f"{found['cpu_us']:8.1f} {workload.kind.value}, {found['per_second']:.0f} a second"
        case Kind.IDLE:
            return f"{found['pss_kib']:8.1f} {workload.kind.value} ({found['rss_kib']:.1f} by RSS)"
        case Kind.LATENCY:
            return f"p50 {found['latency_us']['p50']:.0f} µs, p99 {found['latency_us']['p99']:.0f} µs"
    return ", ".join(f"{name} {report.number(value)}" for name, value in found.items())


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help=f"of {', '.join(WORKLOADS)}; default: all")
    parser.add_argument("--rounds", type=int, help="how often each is measured; default 5")
    parser.add_argument("--seconds", type=float, help=f"the measured time of a relay run; default {USUAL.seconds:g}")
    parser.add_argument("--proxies", default=",".join(ALL), help=f"default {','.join(ALL)}")
    parser.add_argument("--pin", action="store_true", help="give the proxy a processor, and all else the others")
    parser.add_argument("--smoke", action="store_true", help="once and shortly, with the proxies that are there")
    parser.add_argument("--results", type=Path, default=HERE / "results", help="the folder that results are kept in")
    given = parser.parse_args()
    for name, known in ((given.workloads, WORKLOADS), (given.proxies.split(","), PROXIES)):
        unknown = [each for each in name if each not in known]
        if unknown:
            parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(known)}")
    if given.rounds is not None and given.rounds < 1 or given.seconds is not None and not 0 < given.seconds <= 3600:
        parser.error("--rounds must be 1 at least, --seconds above 0 and up to 3600")
    return given


def raise_file_limit(scale: Scale) -> None:
    """Each connection is two descriptors of a proxy."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    needed = 2 * max(1000, scale.idle) + 200
    if hard != resource.RLIM_INFINITY and hard < needed:
        sys.exit(f"bench: {needed} open files are needed, and the hard limit is {hard}; raise it (ulimit -Hn)")


def chosen_workloads(names: list[str], is_smoke: bool) -> list[Workload]:
    wanted = set(names or WORKLOADS)
    wanted.update(each for name in names for each in NEEDS.get(name, ()))
    # Look-ups are built apart, and a smoke run builds nothing.
    if is_smoke and not names:
        wanted.discard("lookups")
    return [workload for name, workload in WORKLOADS.items() if name in wanted]


def main() -> int:
    given = arguments()
    scale = SMOKE if given.smoke else USUAL
    if given.seconds:
        scale = replace(scale, seconds=given.seconds)
    rounds = given.rounds or (1 if given.smoke else 5)
    raise_file_limit(scale)
    # As Ctrl-C: what has been started is ended, and what has been measured is kept.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    tools = Tools.find(HERE.parent)
    if given.pin:
        tools = tools.pinned()
    proxies = []
    for name in given.proxies.split(","):
        if missing := PROXIES[name].missing(tools):
            say(f"without {name}: {missing} is not installed")
        else:
            proxies.append(name)
    with tempfile.TemporaryDirectory(prefix="portcullis-bench-") as folder:
        bench = Bench(tools, Credentials(tools, Path(folder)), proxies, scale)
        try:
            bench.run(chosen_workloads(given.workloads, given.smoke), rounds)
        except KeyboardInterrupt:
            say("interrupted; what was measured until now follows")
            bench.failures += 1
    rows = report.rows_of(bench.runs)
    settings = {"rounds": rounds, "pin": given.pin, "failures": bench.failures, **asdict(bench.scale)}
    path = report.keep(given.results, bench.runs, rows, settings, tools)
    print(report.table(rows))
    say(f"kept in {path}")
    return 1 if bench.failures else 0


if __name__ == "__main__":
    sys.exit(main())
