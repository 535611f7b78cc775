"""What a process holds, seen from outside, and whether it holds more than it should."""

import os
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, linear_regression

MEMORY_SHARE = 0.10
MEMORY_FLOOR_KIB = 4 * 1024
"""What resident memory may differ by: a tenth, or 4 MiB where that is more. An allocator keeps what a burst needed, in
arenas of 64 KiB and up for each thread, and how large the largest burst was is chance; 1 KiB lost for each connection
goes past this within some thousands of them."""

IDLE_CPU_SHARE = 0.01
IDLE_SECONDS = 3.0
WAKE_UPS_MORE = 20.0
"""A second, of all threads of an idle process: a timer that was left behind and runs each 50 ms is seen."""


@dataclass
class Vitals:
    """A process at one moment."""

    resident_kib: int
    descriptors: Counter[str]
    """By kind: what each link in /proc/PID/fd names, without numbers."""
    threads: int
    cpu_seconds: float
    wake_ups: int
    """Voluntary context switches of all its threads."""

    @classmethod
    def of(cls, pid: int) -> "Vitals":
        process = Path(f"/proc/{pid}")
        ticks = (process / "stat").read_text().rpartition(")")[2].split()[11:13]
        tasks = [(task / "status").read_text() for task in (process / "task").iterdir()]
        return cls(
            # `status` would be rounded by what each CPU has not yet added up.
            resident_kib=_field((process / "smaps_rollup").read_text(), "Rss"),
            descriptors=_descriptors(process / "fd"),
            threads=len(tasks),
            cpu_seconds=sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK"),
            wake_ups=sum(_field(task, "voluntary_ctxt_switches") for task in tasks),
        )


def _field(status: str, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+)", status, re.MULTILINE)
    assert found, f"no {name} in /proc"
    return int(found[1])


def _descriptors(folder: Path) -> Counter[str]:
    kinds: Counter[str] = Counter()
    for entry in folder.iterdir():
        try:
            kinds[re.sub(r"\[?\d+\]?$", "", os.readlink(entry)).rstrip(":")] += 1
        except FileNotFoundError:
            pass  # closed since
    return kinds


@dataclass
class Rest:
    """A process with nothing to do, watched for a while."""

    vitals: Vitals
    cpu_share: float
    wake_ups_per_second: float

    @classmethod
    def between(cls, before: Vitals, after: Vitals, seconds: float) -> "Rest":
        return cls(
            after,
            (after.cpu_seconds - before.cpu_seconds) / seconds,
            (after.wake_ups - before.wake_ups) / seconds,
        )

    def compare(self, before: "Rest") -> list[str]:
        """In what it is worse than the baseline."""
        failures = []
        grown = self.vitals.resident_kib - before.vitals.resident_kib
        if grown > memory_allowance(before.vitals.resident_kib):
            failures.append(
                f"resident memory at rest: {self.vitals.resident_kib} KiB, {grown} KiB more than before; "
                f"{memory_allowance(before.vitals.resident_kib):.0f} KiB are allowed"
            )
        if self.vitals.descriptors != before.vitals.descriptors:
            now, then = self.vitals.descriptors, before.vitals.descriptors
            failures.append(f"descriptors at rest: more than before {dict(now - then)}, fewer {dict(then - now)}")
        if self.vitals.threads != before.vitals.threads:
            failures.append(f"threads at rest: {self.vitals.threads}, and {before.vitals.threads} before")
        if self.cpu_share >= IDLE_CPU_SHARE:
            failures.append(f"CPU at rest: {self.cpu_share:.1%} of a core; {IDLE_CPU_SHARE:.0%} is the limit")
        if self.wake_ups_per_second > before.wake_ups_per_second + WAKE_UPS_MORE:
            failures.append(
                f"wake-ups at rest: {self.wake_ups_per_second:.0f} a second, {before.wake_ups_per_second:.0f} before"
            )
        return failures


def memory_allowance(resident_kib: float) -> float:
    return max(MEMORY_SHARE * resident_kib, MEMORY_FLOOR_KIB)


@dataclass
class Trend:
    """Resident memory under load: seconds and KiB."""

    samples: list[tuple[float, int]] = field(default_factory=list)

    @property
    def second_half(self) -> list[tuple[float, int]]:
        return self.samples[len(self.samples) // 2 :]

    @property
    def growth_kib(self) -> float:
        """By how much the straight line through the second half rises from its first sample to its last."""
        half = self.second_half
        if len(half) < 3:
            return 0.0
        seconds, sizes = zip(*half, strict=True)
        return linear_regression(seconds, sizes).slope * (seconds[-1] - seconds[0])

    @property
    def failures(self) -> list[str]:
        if len(self.second_half) < 3:
            return ["memory under load: too few samples for a trend"]
        mean = fmean(size for _, size in self.second_half)
        if self.growth_kib <= memory_allowance(mean):
            return []
        return [
            f"memory under load: grew by {self.growth_kib:.0f} KiB over the second half, {mean:.0f} KiB on average; "
            f"{memory_allowance(mean):.0f} KiB are allowed"
        ]
