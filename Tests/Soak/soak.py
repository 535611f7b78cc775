"""A soak of the release binary: everything at once for some minutes, and then nothing may be left of it.

    soak.py MINUTES [--json FILE]

The load runs first for a warm-up, so that what the process keeps for good (arenas, tables, caches) is in the baseline
that is taken then, at rest; and then for MINUTES. Exit 0 and `soak passed`, or each failure and exit 1.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import Any

from changes import REVOCATION_LIMIT
from exchange import CheckedUpstream, Ledger
from lines import PATIENCE
from load import Load
from rough import RoughUpstream
from soaked import VARIANTS, SoakedGateway
from verdict import IDLE_SECONDS, Rest, Trend, Vitals

ROOT = Path(__file__).parents[2]
PROGRESS_INTERVAL = 10.0
SAMPLE_INTERVAL = 5.0
SETTLE_SECONDS = 1.5
"""After the last connection: past the gateway's close deadline and its look at the token store."""


@dataclass
class Outcome:
    figures: dict[str, Any] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)


class Soak:
    """One soak, from the start of the gateway to its end."""

    def __init__(self, binary: Path, folder: Path, seconds: float) -> None:
        self._binary = binary
        self._folder = folder
        self._seconds = seconds
        self._warm_up = min(30.0, max(3.0, seconds / 5))
        self._ledger = Ledger()
        self._trend = Trend()
        self._longest_stall = 0.0
        self._began = time.monotonic()

    async def run(self) -> Outcome:
        rough_upstream = RoughUpstream()
        try:
            async with CheckedUpstream(self._ledger) as upstream:
                urls = (upstream.url, rough_upstream.url)
                self._gateway = SoakedGateway(self._binary, self._folder, *urls, self._ledger)
                try:
                    return await self._with_gateway(upstream)
                finally:
                    if self._gateway.process.poll() is None:
                        self._gateway.process.kill()
                        self._gateway.wait_ended()
        finally:
            rough_upstream.end()

    async def _with_gateway(self, upstream: CheckedUpstream) -> Outcome:
        watch = [asyncio.create_task(work()) for work in (self._report, self._notice_stalls)]
        outcome = Outcome()
        await self._load(upstream, self._warm_up)
        before = await self._rest(outcome)
        sampling = asyncio.create_task(self._sample())
        warm = self._ledger.counts.copy()
        await self._load(upstream, self._seconds)
        sampling.cancel()
        after = await self._rest(outcome)
        for task in watch:
            task.cancel()
        outcome.failures += after.compare(before) + self._trend.failures
        await self._end(outcome)
        self._judge(outcome)
        self._fill(outcome, before, after, warm)
        return outcome

    async def _load(self, upstream: CheckedUpstream, seconds: float) -> None:
        load = Load(self._gateway, upstream, self._ledger)
        await load.start(seconds)
        end = time.monotonic() + seconds
        while time.monotonic() < end and self._gateway.process.poll() is None:
            await asyncio.sleep(0.2)
        await load.stop()

    async def _rest(self, outcome: Outcome) -> Rest:
        """Waits until the last connection is over, and watches the process do nothing."""
        end = time.monotonic() + PATIENCE
        while self._gateway.book.live and time.monotonic() < end:
            await asyncio.sleep(0.1)
        if self._gateway.book.live:
            outcome.failures.append(f"connections: {self._gateway.book.live} live {PATIENCE:.0f} s after the load")
        await asyncio.sleep(SETTLE_SECONDS)
        if self._gateway.process.poll() is not None:
            raise GatewayEnded(f"the gateway ended by itself, exit {self._gateway.process.poll()}", self._gateway)
        pid, began = self._gateway.process.pid, time.monotonic()
        before = Vitals.of(pid)
        await asyncio.sleep(IDLE_SECONDS)
        return Rest.between(before, Vitals.of(pid), time.monotonic() - began)

    async def _end(self, outcome: Outcome) -> None:
        """The gateway drains; its exit status and its audit log are looked at."""
        try:
            await asyncio.to_thread(self._gateway.stop)
        except AssertionError as error:
            outcome.failures.append(str(error))

    # While it runs

    async def _sample(self) -> None:
        interval = min(SAMPLE_INTERVAL, self._seconds / 12)
        while self._gateway.process.poll() is None:
            self._trend.samples.append((time.monotonic() - self._began, self._gateway.resident_kib()))
            await asyncio.sleep(interval)

    async def _notice_stalls(self) -> None:
        """How long this process itself did not come to its turn: no latency is the gateway's by that much."""
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.05)
            self._longest_stall = max(self._longest_stall, time.monotonic() - began - 0.05)

    async def _report(self) -> None:
        while self._gateway.process.poll() is None:
            counts = self._ledger.counts
            print(
                f"{time.monotonic() - self._began:6.0f} s  live {self._gateway.book.live:3}  "
                f"messages {counts['messages']}  connections {self._gateway.book.opened}  "
                f"revocations {counts['revocations']}  reloads {counts['reloads']}  "
                f"RSS {self._gateway.resident_kib() / 1024:.1f} MiB  fds {self._gateway.descriptors()}  "
                f"faults {self._ledger.fault_count}",
                flush=True,
            )
            await asyncio.sleep(PROGRESS_INTERVAL)

    # What came of it

    def _judge(self, outcome: Outcome) -> None:
        ledger, book = self._ledger, self._gateway.book
        outcome.failures += ledger.faults
        if ledger.fault_count > len(ledger.faults):
            outcome.failures.append(f"and {ledger.fault_count - len(ledger.faults)} faults more")
        limit = REVOCATION_LIMIT + self._longest_stall
        late = [f"{seconds:.2f}" for seconds in ledger.latencies if seconds > limit]
        if late:
            outcome.failures.append(f"revocations: sockets closed after {late} s; the limit is {limit:.2f} s")
        if book.tickets != ledger.counts["tickets"]:
            outcome.failures.append(f"audit log: {book.tickets} tickets, and clients got {ledger.counts['tickets']}")
        if book.opened != ledger.counts["admitted"]:
            outcome.failures.append(f"audit log: {book.opened} opened, and clients saw {ledger.counts['admitted']}")
        if ledger.unaudited:
            outcome.failures.append(f"audit log: no end of connections {ledger.unaudited[:10]}")
        for reason, count in ledger.refusals.items():
            if book.refused[reason] != count:
                outcome.failures.append(f"audit log: {book.refused[reason]} {reason}, and clients saw {count}")
        if len(book.versions) > len(VARIANTS):
            outcome.failures.append(f"reloads: {len(book.versions)} policies were in force; {len(VARIANTS)} were valid")
        if self._gateway.takes_reloads and min(len(book.versions), len(ledger.certificates)) < 2:
            outcome.failures.append(
                f"reloads: {len(book.versions)} policies and {len(ledger.certificates)} certificates were ever in force"
            )
        for kind in ("messages", "churned", "revocations", "reloads", "slow readers", "clients vanished"):
            if not ledger.counts[kind]:
                outcome.failures.append(f"load: no {kind}")

    def _fill(self, outcome: Outcome, before: Rest, after: Rest, warm: dict[str, int]) -> None:
        ledger, book = self._ledger, self._gateway.book
        latencies = sorted(ledger.latencies) or [0.0]
        percentiles = quantiles(latencies, n=100) if len(latencies) > 1 else latencies * 99
        outcome.figures = {
            "seconds of load": round(self._warm_up + self._seconds),
            "of them warm-up": round(self._warm_up),
            **dict(sorted(ledger.counts.items())),
            "messages a second": round((ledger.counts["messages"] - warm["messages"]) / self._seconds),
            "faults": ledger.fault_count,
            "audit opened": book.opened,
            "audit closed": book.closed,
            "audit closed for": dict(book.closings.most_common()),
            "audit refused for": dict(book.refused.most_common()),
            "policies in force": len(book.versions),
            "certificates in force": len(ledger.certificates),
            "revocation latency ms": {
                "median": round(1000 * percentiles[49]),
                "p99": round(1000 * percentiles[98]),
                "largest": round(1000 * latencies[-1]),
            },
            "longest stall of this tool ms": round(1000 * self._longest_stall),
            "RSS under load KiB": {
                "first": self._trend.samples[0][1],
                "largest": max(size for _, size in self._trend.samples),
                "last": self._trend.samples[-1][1],
                "growth over the second half": round(self._trend.growth_kib),
            },
            "RSS at rest KiB": [before.vitals.resident_kib, after.vitals.resident_kib],
            "descriptors at rest": [rest.vitals.descriptors.total() for rest in (before, after)],
            "threads at rest": [before.vitals.threads, after.vitals.threads],
            "CPU at rest %": [round(100 * before.cpu_share, 2), round(100 * after.cpu_share, 2)],
            "wake-ups a second at rest": [round(before.wake_ups_per_second, 1), round(after.wake_ups_per_second, 1)],
            "gateway CPU seconds": round(after.vitals.cpu_seconds, 1),
        }


class GatewayEnded(Exception):
    """Ended where it should have gone on; with what it said last."""

    def __init__(self, text: str, gateway: SoakedGateway) -> None:
        gateway.wait_ended()
        super().__init__("\n".join([text, *gateway.log.so_far()[-20:]]))


def soak(binary: Path, seconds: float) -> Outcome:
    """Runs a soak in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="portcullis-soak-") as folder:
        try:
            return asyncio.run(Soak(binary, Path(folder), seconds).run())
        except GatewayEnded as error:
            return Outcome(failures=[str(error)])


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev soak", description="Soaks the release binary.")
    parser.add_argument("minutes", type=float, metavar="MINUTES")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    arguments = parser.parse_args()
    if not 0 < arguments.minutes <= 24 * 60:
        parser.error("MINUTES must be more than 0, and a day at most")
    binary = Path(os.environ.get("PORTCULLIS", ROOT / ".build/release/portcullis")).absolute()
    if not binary.is_file():
        parser.error(f"{binary} is missing; ./dev soak builds it")
    if arguments.json and not arguments.json.absolute().parent.is_dir():
        parser.error(f"there is no folder for {arguments.json}")
    try:
        outcome = soak(binary, 60 * arguments.minutes)
    except KeyboardInterrupt:
        print("soak interrupted", file=sys.stderr)
        return 130
    if arguments.json:
        arguments.json.write_text(json.dumps(vars(outcome), indent=2) + "\n")
    for name, value in outcome.figures.items():
        print(f"{name:32} {value}")
    for failure in outcome.failures:
        print(f"failure: {failure}", file=sys.stderr)
    print("soak failed" if outcome.failures else "soak passed")
    return 1 if outcome.failures else 0


if __name__ == "__main__":
    sys.exit(main())
