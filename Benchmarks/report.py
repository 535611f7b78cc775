"""From runs to figures: medians, ratios, verdicts, the table, and the file in which they are kept."""

import json
import os
import platform
import statistics
import subprocess
import time
from pathlib import Path
from typing import Any

from proxies import Tools, program
from workloads import ALL, ROWS, WORKLOADS, Kind, Row

Runs = dict[tuple[str, str], list[dict[str, Any]]]
"""What was measured, by workload and proxy, a round after the other."""


def figure(runs: Runs, workload: str, proxy: str, name: str) -> float | None:
    """The median over all rounds."""
    if name.startswith("added_"):
        through = latency(runs, proxy, name.removeprefix("added_").removesuffix("_us"))
        direct = latency(runs, "direct", name.removeprefix("added_").removesuffix("_us"))
        return None if through is None or direct is None else through - direct
    values = [run[name] for run in runs.get((workload, proxy), []) if name in run]
    return statistics.median(values) if values else None


def latency(runs: Runs, proxy: str, percentile: str) -> float | None:
    values = [run["latency_us"][percentile] for run in runs.get(("latency", proxy), [])]
    return statistics.median(values) if values else None


def evaluate(row: Row, runs: Runs) -> dict[str, Any]:
    """A row's figures, its ratio, and whether it holds."""
    values = {proxy: figure(runs, row.workload, proxy, row.figure) for proxy in ALL}
    own = values["portcullis"]
    base: float | None = 1
    if row.against in ALL:
        base = values[row.against]
    elif row.against:
        workload, _, name = row.against.partition("/")
        base = figure(runs, workload, "portcullis", name)
    # A difference to the base line that is not above zero is noise, and so is what is compared with it.
    ratio = own / base if own is not None and own > 0 and base and base > 0 else None
    return {
        "row": row.title,
        "workload": row.workload,
        "unit": row.figure,
        "values": values,
        "ratio": ratio if row.against else None,
        "spread": spread(row, runs),
        "bar": row.bar,
        "goal": row.goal,
        "verdict": verdict(row, values, ratio),
    }


def spread(row: Row, runs: Runs) -> tuple[float, float] | None:
    """The least and the greatest ratio of one round to a proxy: what the ratio of medians can be trusted to."""
    if row.against not in ALL or row.figure.startswith("added_"):
        return None
    own, base = (runs.get((row.workload, proxy), []) for proxy in ("portcullis", row.against))
    ratios = [mine[row.figure] / other[row.figure] for mine, other in zip(own, base, strict=False)]
    return (min(ratios), max(ratios)) if len(ratios) > 1 else None


def verdict(row: Row, values: dict[str, float | None], ratio: float | None) -> str:
    if row.bar is None:
        return ""
    own = values["portcullis"]
    if ratio is None or own is None:
        return "not measured"
    over = [name for name in row.below if (other := values[name]) is not None and own >= other]
    over += [name for name in row.at_most if (other := values[name]) is not None and own > other]
    if ratio > row.bar:
        return "misses the bar"
    if over:
        return f"not below {', '.join(over)}"
    return "goal" if row.goal is not None and ratio <= row.goal else "bar"


def rows_of(runs: Runs) -> list[dict[str, Any]]:
    measured = {workload for workload, _ in runs}
    return [evaluate(row, runs) for row in ROWS if row.workload in measured]


def table(rows: list[dict[str, Any]]) -> str:
    head = ["workload", *ALL, "ratio", "in rounds", "bar", "goal", "verdict"]
    lines = [head]
    for row in rows:
        own_only = WORKLOADS[row["workload"]].kind is Kind.LOOKUPS
        figures = ["" if own_only and name != "portcullis" else number(row["values"][name]) for name in ALL]
        ratio, bar, goal = (number(row[name], "") for name in ("ratio", "bar", "goal"))
        rounds = "–".join(number(end) for end in row["spread"] or ())
        lines.append([row["row"], *figures, ratio, rounds, bar, goal, row["verdict"]])
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    lines.insert(1, ["-" * width for width in widths])
    texts = []
    for line in lines:
        cells = [
            cell.ljust(width) if column in (0, len(head) - 1) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        texts.append(" | ".join(cells).rstrip())
    return "\n".join(texts)


def number(value: float | None, nothing: str = "-") -> str:
    if value is None:
        return nothing
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def keep(folder: Path, runs: Runs, rows: list[dict[str, Any]], settings: dict[str, Any], tools: Tools) -> Path:
    """Writes everything as JSON; the path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / time.strftime("%Y%m%d-%H%M%S.json", time.gmtime())
    whole = {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "system": system(),
        "versions": versions(tools),
        "settings": settings,
        "rows": rows,
        "runs": [{"workload": key[0], "proxy": key[1], "rounds": found} for key, found in runs.items()],
    }
    path.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n")
    return path


def system() -> dict[str, Any]:
    cpu = ""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            cpu = line.partition(":")[2].strip()
            break
    return {"kernel": platform.release(), "cpu": cpu, "processors": os.cpu_count(), "load": os.getloadavg()}


def versions(tools: Tools) -> dict[str, str]:
    commands = {
        "haproxy": [program("haproxy"), "-v"],
        "nginx": [program("nginx"), "-v"],
        "envoy": [tools.envoy, "--version"],
        "commit": ["git", "describe", "--always", "--dirty"],
    }
    found = {}
    for name, command in commands.items():
        if not command[0]:
            continue
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=30, cwd=Path(__file__).parent)
        except OSError:
            continue
        lines = (done.stdout + done.stderr).strip().splitlines()
        found[name] = lines[0].strip() if lines else ""
    return found
