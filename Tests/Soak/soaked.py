"""The gateway that is soaked: policies and certificates that change while it runs, and a book of its audit log."""

import json
import os
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import policy as policies
from exchange import Ledger
from gateway import AUDIT_FIELDS, Gateway, make_certificates

ORIGIN = "https://soak.example.com"
AUDIENCE = "soak"
HANDSHAKE_TIMEOUT = 2.0
IDLE_TIMEOUT = 5.0
"""Short, so that what the load leaves behind is over soon."""
BRIEF_IDLE = 1.0
CHECKED_ROUTES = ("echo", "ruled", "deflated", "paced", "changing")
VARIANTS = ("a", "b")
CERTIFICATE_PAIRS = 5
"""After so many, earlier pairs come again: clients trust the authorities of all of them."""

BROKEN = (
    '{"listeners": ',
    '{"listeners": {}, "routes": [], "routs": []}',
    "routes: [*nothing]\n",
)


def policy(certificates: Path, checked: str, rough: str, variant: str) -> policies.Settings:
    """Variants differ in the route `changing` alone: a response header, and its limits."""
    timeouts = {
        "idle": f"{IDLE_TIMEOUT:.0f}s",
        "ping_interval": "2s",
        "pong_timeout": "10s",
        "lifetime": "24h",
        "close": "2s",
    }
    token = policies.token(audience=AUDIENCE)
    carriers = [{"header": "Authorization"}, {"ticket": {}}, {"first_message": {}}]
    anyhow = policies.token(audience=AUDIENCE, **{"from": carriers})
    origin = {"origin": {"allow": [ORIGIN], "missing": "allow"}}

    def route(name: str, upstream: str = "checked", **settings: Any) -> policies.Settings:
        base: dict[str, Any] = {"middleware": [origin, token], "timeouts": timeouts}
        match = {"path_prefix": f"/{name}"}
        return policies.route(name, **(base | {"match": match, "upstream": upstream} | settings))

    changed = {"headers": {"response": {"set": {"X-Soak-Variant": variant}}}}
    # Rules that hold for no message, and yet have every message read.
    rules = [
        {"name": "word", "from": "both", "when": {"text": {"contains": "never said"}}, "do": "drop"},
        {"name": "json", "from": "client", "when": {"json": {"pointer": "/a", "equals": "b"}}, "do": "drop"},
    ]
    return policies.whole(
        listeners={
            "public": policies.listener(
                certificates, limits={"handshake_timeout": f"{HANDSHAKE_TIMEOUT:.0f}s", "connections": 2_000}
            )
        },
        upstreams={"checked": policies.upstream(checked), "rough": policies.upstream(rough)},
        routes=[
            route("echo", middleware=[origin, anyhow]),
            route("ruled", middleware=[origin, anyhow], messages=rules),
            route("deflated", compression="inspect", messages=rules),
            route("paced", message_rate={"rate": "100/1s", "burst": 5, "on_exceed": "delay"}),
            route("changing", middleware=[token, changed], limits={"fragments": 256 if variant == "a" else 128}),
            route("idle", timeouts=timeouts | {"idle": f"{BRIEF_IDLE:.0f}s"}),
            route("rough", upstream="rough"),
        ],
    )


class AuditBook:
    """Each request's events: one `opened` and then one `closed`, or one `refused` or `ticket`. Keeps nothing else of a line."""

    remembered = 500_000
    """Requests that are over; of older ones, a further line would be taken for a new one's."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.opened = self.closed = self.tickets = 0
        self.refused: Counter[str] = Counter()
        self.closings: Counter[str] = Counter()
        self.versions: Counter[str] = Counter()
        self.mistakes: list[str] = []
        self._open: set[str] = set()
        self._over: dict[str, None] = {}

    @property
    def live(self) -> int:
        return len(self._open)

    def take(self, line: dict[str, Any]) -> None:
        event, request = line["event"], line["request_id"]
        if not AUDIT_FIELDS <= set(line):
            self._mistake(f"fields are missing: {line}")
        if request in self._over or (event != "closed") == (request in self._open):
            self._mistake(f"{event} out of its turn: {line}")
        if event == "opened":
            self.opened += 1
            self.versions[line["policy_version"]] += 1
            self._open.add(request)
            return
        if event == "ticket":
            self.tickets += 1
        elif event == "closed":
            self.closed += 1
            self._compare(line)
            self.closings[line["reason"]] += 1
        else:
            self.refused[line["reason"]] += 1
        self._open.discard(request)
        self._over[request] = None
        if len(self._over) > self.remembered:
            del self._over[next(iter(self._over))]

    def _compare(self, line: dict[str, Any]) -> None:
        route, _, connection = line["path"].removeprefix("/").rpartition("/")
        if route in CHECKED_ROUTES:
            messages = line["messages"]
            self._ledger.agree(int(connection), "audit log", (messages["from_client"], messages["from_upstream"]))

    def _mistake(self, text: str) -> None:
        if len(self.mistakes) < 20:
            self.mistakes.append(f"audit log: {text}")


class SoakedGateway(Gateway):
    """A gateway whose output is too long to be kept: it is looked at line by line."""

    def __init__(self, binary: Path, folder: Path, checked: str, rough: str, ledger: Ledger) -> None:
        self.book = AuditBook(ledger)
        self.takes_reloads = True
        """Until it says that it does not."""
        self._turns = 0
        self._upstreams = (checked, rough)
        self._folder = folder
        self._pairs = [make_certificates(binary, folder / "certificates-0", "localhost")]
        # The pair in use is a copy: its files are replaced later, by renames.
        live = folder / "certificates"
        live.mkdir()
        self._put_pair(live, self._pairs[0])
        os.link(self._pairs[0] / "ca.pem", live / "ca.pem")
        super().__init__(binary, folder, live, policy(live, checked, rough, VARIANTS[0]), None)

    # What changes

    def write_variant(self, variant: str) -> None:
        policies.write(self._folder / "next", policy(self.certificates, *self._upstreams, variant))
        os.replace(self._folder / "next/policy.yaml", self.policies / "policy.yaml")

    def write_broken(self, text: str) -> None:
        (self._folder / "next").mkdir(exist_ok=True)
        (self._folder / "next/policy.yaml").write_text(text)
        os.replace(self._folder / "next/policy.yaml", self.policies / "policy.yaml")

    def replace_certificate(self) -> None:
        """Another authority's certificate in the place of the one in use; clients trust it from before."""
        self._turns += 1
        if len(self._pairs) < CERTIFICATE_PAIRS:
            folder = self._folder / f"certificates-{len(self._pairs)}"
            self._pairs.append(make_certificates(self.binary, folder, "localhost"))
            self.context().load_verify_locations(folder / "ca.pem")
        self._put_pair(self.certificates, self._pairs[self._turns % len(self._pairs)])

    def _put_pair(self, live: Path, pair: Path) -> None:
        for name in ("server.key", "server.pem"):
            staged = live / f"{name}.next"
            staged.write_bytes((pair / name).read_bytes())
            staged.chmod(0o600)
            os.replace(staged, live / name)

    def hang_up(self) -> None:
        """Has it read policies and certificates again; nobody waits for that."""
        self.process.send_signal(signal.SIGHUP)

    # What it writes

    def read_audit(self, line: str) -> None:
        self._look_for_secrets(line)
        try:
            self.book.take(json.loads(line))
        except (ValueError, KeyError) as error:
            self.book.mistakes.append(f"audit log: {error!r} in {line!r}")

    def read_log(self, line: str) -> str:
        self._look_for_secrets(line)
        if "HUP is ignored" in line:
            self.takes_reloads = False
        return line

    def issue(self, subject: str = "alice", audience: str | None = AUDIENCE, *more: str) -> str:
        """Of all tokens, only what they share is kept as a secret: the head, which names the key."""
        token = super().issue(subject, audience, *more)
        self.secrets = {token.partition(".")[0]}
        return token

    def _look_for_secrets(self, line: str) -> None:
        for secret in tuple(self.secrets):
            if secret in line:
                self.book.mistakes.append("a token is in the gateway's output")

    def _check_audit(self) -> None:
        if self.book.live:
            self.book.mistakes.append(f"audit log: {self.book.live} requests opened and never closed")
        assert not self.book.mistakes, "\n".join(self.book.mistakes)

    def _check_secrets(self) -> None:
        """Done line by line."""
