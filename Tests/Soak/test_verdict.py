"""What a process may not keep is seen: of a child that does on command what a gateway must not."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from exchange import Ledger
from soaked import AuditBook, SoakedGateway
from verdict import Rest, Trend, Vitals

CHILD = "import sys\nfor line in sys.stdin:\n    exec(line)\n    print(flush=True)\n"

Tell = Callable[[str], Rest]


@pytest.fixture
def child() -> Iterator[Tell]:
    """Has a child do something, and says how it rests after that."""
    with subprocess.Popen(
        [sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        assert process.stdin and process.stdout

        def tell(line: str) -> Rest:
            process.stdin.write(line + "\n")  # type: ignore[union-attr]
            process.stdout.readline()  # type: ignore[union-attr]
            before = Vitals.of(process.pid)
            time.sleep(0.5)
            return Rest.between(before, Vitals.of(process.pid), 0.5)

        yield tell
        process.stdin.close()


@pytest.mark.parametrize(
    ("deed", "seen"),
    [
        ("kept = open('/dev/null')", "descriptors at rest: more than before {'/dev/null': 1}"),
        ("kept = socket.socket()", "descriptors at rest: more than before {'socket': 1}"),
        ("kept = bytearray(b'x' * 40_000_000)", "resident memory at rest"),
        ("threading.Thread(target=threading.Event().wait, daemon=True).start()", "threads at rest"),
        ("threading.Thread(target=lambda: [time.sleep(.002) for _ in iter(int, 1)], daemon=True).start()", "wake-ups"),
        ("threading.Thread(target=lambda: [0 for _ in iter(int, 1)], daemon=True).start()", "CPU at rest"),
    ],
)
def test_what_is_left_behind_is_seen(child: Tell, deed: str, seen: str) -> None:
    before = child("import threading, time, socket")
    failures = child(deed).compare(before)
    assert any(failure.startswith(seen) for failure in failures), failures


def test_nothing_left_behind(child: Tell) -> None:
    before = child("pass")
    assert child("open('/dev/null').close()").compare(before) == []


def test_trend() -> None:
    """It is the second half that counts, and a slope in it, not a single sample."""
    flat = [(5.0 * n, 40_000 + 300 * (n % 3)) for n in range(60)]
    assert Trend(flat).failures == []
    assert Trend([(seconds, min(size, 20_000 + 1_000 * n)) for n, (seconds, size) in enumerate(flat)]).failures == []
    assert Trend([(seconds, size + 200 * n) for n, (seconds, size) in enumerate(flat)]).failures
    assert Trend(flat[:3]).failures


def line(event: str) -> dict[str, Any]:
    fields = {"time": "", "request_id": "r1", "listener": "", "client": "", "policy_version": "v", "reason": ""}
    return fields | {"event": event, "path": "/echo/5", "messages": {"from_client": 3, "from_upstream": 2}}


@pytest.mark.parametrize(
    ("events", "mistakes", "live"),
    [
        (["opened", "closed"], 0, 0),
        (["refused"], 0, 0),
        (["opened"], 0, 1),
        (["closed"], 1, 0),
        (["opened", "closed", "closed"], 1, 0),
        (["opened", "opened", "closed"], 1, 0),
        (["opened", "closed", "opened"], 1, 1),
        (["refused", "refused"], 1, 0),
        (["opened", "refused"], 1, 0),
    ],
)
def test_audit_book(events: list[str], mistakes: int, live: int) -> None:
    book = AuditBook(Ledger())
    for event in events:
        book.take(line(event))
    assert (len(book.mistakes), book.live) == (mistakes, live)


@pytest.mark.parametrize(("peers", "faults"), [((3, 2), 0), ((3, 3), 1), ((2, 2), 1)])
@pytest.mark.parametrize("is_audit_first", [True, False])
def test_counts_of_audit_log_and_peers(peers: tuple[int, int], faults: int, is_audit_first: bool) -> None:
    ledger = Ledger()
    book = AuditBook(ledger)
    if not is_audit_first:
        ledger.agree(5, "peers", peers)
    book.take(line("opened"))
    book.take(line("closed"))
    if is_audit_first:
        ledger.agree(5, "peers", peers)
    assert (ledger.fault_count, ledger.unaudited) == (faults, [])


def test_a_connection_that_the_audit_log_does_not_close() -> None:
    ledger = Ledger()
    ledger.agree(5, "peers", (1, 1))
    assert ledger.unaudited == [5]


@pytest.mark.parametrize(("line", "count"), [("notice head.body", 1), ("notice hea", 0)])
def test_a_token_in_the_output(line: str, count: int) -> None:
    """H36: the head that all tokens share is enough."""
    gateway = SoakedGateway.__new__(SoakedGateway)
    gateway.book, gateway.secrets = AuditBook(Ledger()), {"head"}
    gateway.read_log(line)
    assert len(gateway.book.mistakes) == count
