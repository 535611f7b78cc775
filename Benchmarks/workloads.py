"""What is measured, and what Portcullis is held to. All of it is data; `measurement.py` runs it."""

from dataclasses import dataclass
from enum import Enum

ALL = ("portcullis", "haproxy", "nginx", "envoy")


class Kind(Enum):
    RELAY = "CPU µs per message"
    HANDSHAKE = "CPU µs per handshake"
    IDLE = "KiB per connection"
    LATENCY = "added latency, µs"
    LOOKUPS = "in process"


@dataclass(frozen=True)
class Scale:
    """How long one run takes, and how much it opens."""

    seconds: float
    warm_up: float
    handshakes: int
    idle: int
    hold: float
    rate: float | None = None
    """Messages a second of the open loop; None: half of what HAProxy can do."""


USUAL = Scale(seconds=4, warm_up=1, handshakes=2000, idle=3000, hold=1.5)
SMOKE = Scale(seconds=0.3, warm_up=0.1, handshakes=20, idle=40, hold=0.1, rate=400)


@dataclass(frozen=True)
class Workload:
    name: str
    kind: Kind
    load: tuple[str, ...] = ()
    """Options of the load generator, but for those of `Scale`."""
    path: str = "/bench"
    proxies: tuple[str, ...] = ALL


@dataclass(frozen=True)
class Row:
    """A line of the table: a figure of a workload, and the most that it may be."""

    title: str
    workload: str
    figure: str
    bar: float | None = None
    goal: float | None = None
    against: str | None = "haproxy"
    """What the bar is a ratio to: a proxy, `WORKLOAD/FIGURE` of Portcullis itself, or None: it is the figure itself."""
    below: tuple[str, ...] = ()
    at_most: tuple[str, ...] = ()
    """Proxies that Portcullis must be below, or not above, whatever the ratio says."""


def messages(connections: int, in_flight: int, size: int) -> tuple[str, ...]:
    return ("--connections", str(connections), "--in-flight", str(in_flight), "--size", str(size))


WORKLOADS = {
    each.name: each
    for each in (
        Workload("relay-64x64", Kind.RELAY, messages(64, 1, 64)),
        Workload("relay-64x1000", Kind.RELAY, messages(1000, 1, 64)),
        Workload("relay-1k", Kind.RELAY, messages(100, 4, 1024)),
        Workload("relay-16k", Kind.RELAY, messages(50, 2, 16 * 1024)),
        Workload("relay-256k", Kind.RELAY, messages(8, 1, 256 * 1024), path="/large"),
        Workload("rule", Kind.RELAY, (*messages(100, 4, 1024), "--json-payload"), "/rule", ("portcullis", "haproxy")),
        Workload("handshake", Kind.HANDSHAKE, ("--connections", "8")),
        Workload("handshake-resumed", Kind.HANDSHAKE, ("--connections", "8", "--resume")),
        Workload("idle", Kind.IDLE, ("--size", "64")),
        Workload("latency", Kind.LATENCY, messages(64, 1, 64), proxies=("direct", *ALL)),
        Workload("lookups", Kind.LOOKUPS, proxies=("portcullis",)),
    )
}

SATURATION = "relay-64x64"
"""Its closed loop says what HAProxy can do at most."""

NEEDS = {"handshake-resumed": ("handshake",)}
"""Workloads whose rows compare with another one, which then runs as well."""

ROWS = (
    Row("64 B × 64 × 1", "relay-64x64", "cpu_us", 0.85, 0.70, below=("nginx", "envoy")),
    Row("64 B × 1,000 × 1", "relay-64x1000", "cpu_us", 0.75, 0.50),
    Row("1 KiB × 100 × 4", "relay-1k", "cpu_us", 0.85, 0.65),
    Row("16 KiB × 50 × 2", "relay-16k", "cpu_us", 0.62, 0.45, below=("envoy",)),
    Row("256 KiB × 8 × 1", "relay-256k", "cpu_us", 0.65, 0.50, at_most=("envoy",)),
    Row("1 KiB JSON, a rule", "rule", "cpu_us", 1.2, 1.0),
    Row("TLS 1.3 handshake", "handshake", "cpu_us", 1.0, 0.75),
    Row("resumed handshake", "handshake-resumed", "cpu_us"),
    Row("resumed / full", "handshake-resumed", "cpu_us", 0.6, 0.4, against="handshake/cpu_us"),
    Row("idle, KiB a connection", "idle", "pss_kib", 12, 8, against=None),
    Row("64 B at half the rate", "latency", "cpu_us"),
    Row("latency, added p50", "latency", "added_p50_us"),
    Row("latency, added p99", "latency", "added_p99_us", 1.0, 0.5),
    Row("ip_filter, ns", "lookups", "ip_filter_ns", 200, 50, against=None),
    Row("revoked id, ns", "lookups", "revocation_ns", 300, 50, against=None),
    Row("loading both, s", "lookups", "load_seconds", 2, against=None),
    Row("loading both, MiB", "lookups", "load_peak_mib", 150, against=None),
)
