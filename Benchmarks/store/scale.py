"""What commands and gateway take with a store of 1,000,000 tokens, of which 100,000 are revoked.

`.venv/bin/python Benchmarks/store/scale.py [TOKENS REVOKED]` prints a table of wall-clock times, medians of several.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import filled

ROOT = Path(__file__).parents[2]
PORTCULLIS = Path(os.environ.get("PORTCULLIS", ROOT / ".build/release/portcullis")).absolute()
TIMES = 7


def main() -> None:
    tokens, revoked = [int(word) for word in sys.argv[1:3]] or [1_000_000, 100_000]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        state = folder / "state"
        show("filling the store, once", [measured(lambda: filled.fill(PORTCULLIS, state, tokens, revoked))])
        ids = sample(state)
        size = (state / "tokens.sqlite").stat().st_size / 2**20
        print(f"{'the file':44} {size:8.0f} MiB")
        measure_commands(state, ids)
        measure_gateway(folder, state)


def sample(state: Path) -> list[str]:
    """Ids of tokens that are good."""
    answer = run("token", "list", "--status", "valid", "--limit", "1000", "--json", "--state", state)
    return [token["id"] for token in json.loads(answer)]


def measure_commands(state: Path, ids: list[str]) -> None:
    words = ["--state", state]
    show("--help (a process and nothing else)", times(lambda _: run("--help")))
    show("token issue", times(lambda number: run("token", "issue", "--subject", f"new-{number}", *words)))
    show("token revoke --id", times(lambda number: run("token", "revoke", "--id", ids[number], *words)))
    show("token revoke --subject", times(lambda number: run("token", "revoke", "--subject", f"user-{number}", *words)))
    show("token list --subject", times(lambda number: run("token", "list", "--subject", f"user-{number}", *words)))
    show("token list --json, everything", [measured(lambda: run("token", "list", "--json", *words))])
    show("token list, everything", [measured(lambda: run("token", "list", *words))])
    show("token list --status revoked, all", [measured(lambda: run("token", "list", "--status", "revoked", *words))])
    first = first_key(state)
    show("key rotate", times(lambda _: run("key", "rotate", *words)))
    show("token revoke --key, most of them", [measured(lambda: run("token", "revoke", "--key", first, *words))])
    show("token revoke --all", [measured(lambda: run("token", "revoke", "--all", *words))])


def first_key(state: Path) -> str:
    return json.loads(run("key", "list", "--json", "--state", state))[0]["id"]


def measure_gateway(folder: Path, state: Path) -> None:
    run("certificate", "--out", folder / "certs")
    policy = {
        "listeners": {
            "public": {
                "address": "127.0.0.1:0",
                "tls": {
                    "certificates": [
                        {"certificate": f"{folder}/certs/server.pem", "private_key": f"{folder}/certs/server.key"}
                    ]
                },
            }
        },
        "upstreams": {"main": {"endpoints": ["ws://127.0.0.1:1"]}},
        "token_issuers": {"local": {"builtin": {}}},
        "routes": [
            {
                "name": "main",
                "match": {"path": "/"},
                "upstream": "main",
                "middleware": [{"token": {"issuers": ["local"]}}],
            }
        ],
    }
    (folder / "policy.yaml").write_text(json.dumps(policy))
    found = []
    for _ in range(TIMES):
        seconds, resident = start(folder, state)
        found.append(seconds)
    show("gateway, until it listens", found)
    print(f"{'its resident memory then':44} {resident:8.0f} MiB")


def start(folder: Path, state: Path) -> tuple[float, float]:
    began = time.monotonic()
    process = subprocess.Popen(
        [PORTCULLIS, "run", "--policies", folder / "policy.yaml", "--state", state, "--audit-log", os.devnull],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    try:
        for line in process.stderr:
            if " listening " in line:
                status = Path(f"/proc/{process.pid}/status").read_text()
                resident = int(status.partition("VmRSS:")[2].split()[0]) / 1024
                return time.monotonic() - began, resident
        raise RuntimeError("the gateway has not started")
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def run(*words: str | Path) -> str:
    return subprocess.run([PORTCULLIS, *words], check=True, capture_output=True, text=True).stdout


def times(body: Callable[[int], object]) -> list[float]:
    return [measured(lambda number=number: body(number)) for number in range(TIMES)]


def measured(body: Callable[[], object]) -> float:
    began = time.monotonic()
    body()
    return time.monotonic() - began


def show(what: str, found: list[float]) -> None:
    median = statistics.median(found) * 1000
    most = f"   at most {max(found) * 1000:.1f}" if len(found) > 1 else ""
    print(f"{what:44} {median:8.1f} ms{most}", flush=True)


if __name__ == "__main__":
    main()
