"""How proxies are started and ended, and what the kernel tells about them: processor time and memory."""

import ctypes
import os
import re
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE = 10.0


@dataclass(frozen=True)
class Memory:
    """Of all processes of a proxy together, in KiB. `pss` counts a page that several share as a part for each."""

    pss: int
    rss: int


def start(command: list[str | Path], processors: set[int] | None = None, **streams: Any) -> subprocess.Popen[str]:
    """A child that the kernel ends when this process is gone, however that came about; on these processors only."""

    def prepare() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if processors:
            os.sched_setaffinity(0, processors)

    return subprocess.Popen(command, text=True, preexec_fn=prepare, **streams)


_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:  # it has ended meanwhile
                continue
            parent = int(stat.rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for member in found:
        found.extend(children.get(member, []))
    return found


def cpu_nanoseconds(pids: list[int]) -> int:
    """Time that all threads of these processes have been on a processor."""
    tasks = [task for pid in pids for task in Path(f"/proc/{pid}/task").iterdir()]
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)


def memory(pids: list[int]) -> Memory:
    pss = rss = 0
    for pid in pids:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        pss += int(re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)[1])  # type: ignore[index]
        rss += int(re.search(r"^Rss:\s+(\d+) kB", rollup, re.MULTILINE)[1])  # type: ignore[index]
    return Memory(pss, rss)


def end(process: subprocess.Popen[str]) -> None:
    """By TERM, and by KILL where that is not enough."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream:
            stream.close()
