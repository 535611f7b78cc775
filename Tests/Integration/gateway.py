"""The gateway's binary: a running one, and its other commands."""

import json
import re
import signal
import socket
import ssl
import subprocess
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp
import websockets.asyncio.client
from websockets.datastructures import Headers
from websockets.exceptions import InvalidStatus

import policy as policies
from client import Client, RawClient, Response
from lines import PATIENCE, Lines, wait_until

AUDIT_FIELDS = {"time", "event", "request_id", "listener", "client", "policy_version"}
"""What every audit line has."""


def run(
    binary: Path, *arguments: str | Path, input: str | None = None, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Runs a command of the binary to its end."""
    return subprocess.run(
        [binary, *arguments], input=input, capture_output=True, text=True, timeout=PATIENCE, check=check
    )


def make_certificates(binary: Path, folder: Path, *hosts: str) -> Path:
    run(binary, "certificate", "--out", folder, *(word for host in hosts for word in ("--host", host)))
    return folder


class Gateway:
    """`portcullis run` with a policy in a folder of its own.

    `stop` ends it by TERM and looks at what must hold after every test: exit 0, an audit log whose every request has
    one `opened` and one `closed` or else one `refused` or `ticket`, and no secret in any of its output.
    """

    options: list[str | Path] = []
    """Further words of its command line."""

    def __init__(
        self,
        binary: Path,
        folder: Path,
        certificates: Path,
        policy: policies.Settings,
        state: Path | None,
        options: Sequence[str | Path] = (),
    ) -> None:
        self.binary = binary
        self.certificates = certificates
        self.policies = folder / "policies"
        self.state = state or folder / "state"
        self.secrets: set[str] = set()
        self.stopped = False
        self.policy = policy
        policies.write(self.policies, policy)
        self._default_context = ssl.create_default_context(cafile=str(certificates / "ca.pem"))
        self.process = subprocess.Popen(
            [binary, "run", "--policies", self.policies, "--state", self.state, "--workers", "2"]
            + [*self.options, *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout and self.process.stderr
        self.audit = Lines(self.process.stdout, self.read_audit)
        self.log = Lines(self.process.stderr, self.read_log)
        try:
            self.port = self.listening("public")
        except BaseException:
            self.process.kill()
            self.wait_ended()
            raise

    def __enter__(self) -> "Gateway":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def listening(self, listener: str, after: int = 0) -> int:
        """The port of a listener, which the system chose, told behind the first `after` lines of the log."""
        pattern = re.compile(rf" listening address=127\.0\.0\.1:(\d+) listener={listener}$")
        line = self.log.wait(lambda line: pattern.search(line) is not None, after=after)
        return int(pattern.search(line)[1])  # type: ignore[index]

    # Clients

    def context(self, **settings: Any) -> ssl.SSLContext:
        """A client's TLS settings that trust the gateway's authority, with these attributes set."""
        if not settings:
            return self._default_context
        context = ssl.create_default_context(cafile=str(self.certificates / "ca.pem"))
        for name, value in settings.items():
            setattr(context, name, value)
        return context

    def url(self, path: str = "/echo") -> str:
        return f"wss://localhost:{self.port}{path}"

    def connect(
        self, path: str = "/echo", token: str | None = None, source: str = "127.0.0.1", **options: Any
    ) -> Client:
        """A connection of the `websockets` library; `options` are that library's."""
        headers = Headers(options.pop("additional_headers", {}))
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return Client(
            self.url(path),
            sock=socket.create_connection(("127.0.0.1", self.port), PATIENCE, (source, 0)),
            ssl=self.context(),
            additional_headers=headers,
            proxy=None,
            open_timeout=PATIENCE,
            **({"max_size": None} | options),
        )

    def connect_async(self, path: str = "/echo", **options: Any) -> websockets.asyncio.client.connect:
        return websockets.asyncio.client.connect(
            self.url(path), host="127.0.0.1", ssl=self.context(), proxy=None, open_timeout=PATIENCE, **options
        )

    def aiohttp(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(ssl=self.context(), force_close=True)
        return aiohttp.ClientSession(connector=connector)

    def raw(self, **options: Any) -> RawClient:
        return RawClient(self.port, options.pop("context", None) or self.context(), **options)

    def refused(self, reason: str, status: int, path: str = "/echo", **options: Any) -> Response:
        """Connects with the `websockets` library, and sees it refused for this reason, in response and audit log."""
        try:
            self.connect(path, **options).close()
        except InvalidStatus as error:
            found = error.response
            response = Response(found.status_code, found.headers, bytes(found.body or b""))
        else:
            raise AssertionError(f"admitted; expected {reason}")
        self.check_refusal(response, reason, status)
        return response

    def check_refusal(self, response: Response, reason: str, status: int) -> dict[str, Any]:
        """Compares a response with docs/refusals.md; the audit line that belongs to it."""
        body = response.json
        assert (body["error"], response.status) == (reason, status)
        assert set(body) == {"error", "message", "request_id"}
        assert body["message"]
        assert response.headers["Connection"] == "close"
        assert response.headers["Content-Type"] == "application/json"
        line = self.wait_audit("refused", request_id=body["request_id"])
        assert (line["reason"], line["status"]) == (reason, status)
        return line

    # What it writes

    def read_audit(self, line: str) -> Any:
        """What is kept of an audit line."""
        return json.loads(line)

    def read_log(self, line: str) -> str:
        """What is kept of a line on standard error."""
        return line

    def wait_audit(self, event: str, patience: float = PATIENCE, **fields: Any) -> dict[str, Any]:
        """The first audit line of that event with these fields."""
        wanted = {"event": event, **fields}
        return self.audit.wait(lambda line: wanted.items() <= line.items(), patience)

    def resident_kib(self) -> int:
        # `status` would be rounded by what each CPU has not yet added up.
        memory = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return int(re.search(r"Rss:\s+(\d+) kB", memory)[1])  # type: ignore[index]

    def cpu_seconds(self) -> float:
        """CPU time of all its threads: other work on the machine does not count."""
        threads = Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9

    def descriptors(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    # Its tokens

    def issue(self, subject: str = "alice", audience: str | None = None, *more: str) -> str:
        """A new token, which must never be seen in any output from now on."""
        words = ["--subject", subject, *(["--audience", audience] if audience else []), *more]
        token = run(self.binary, "token", "issue", *words, "--state", self.state).stdout.strip()
        self.secrets.add(token)
        return token

    def revoke(self, *arguments: str) -> None:
        run(self.binary, "token", "revoke", *arguments, "--state", self.state)

    # Its policy

    def reload(self, policy: policies.Settings | None = None) -> str:
        """Has it read `policy`, or the one that it has, once more; the version that is in force then."""
        if policy:
            self.policy = policy
            policies.write(self.policies, policy)
        before = len(self.log.so_far())
        self.process.send_signal(signal.SIGHUP)
        line = self.log.wait(lambda line: "policies reloaded" in line or "not reloaded" in line, after=before)
        assert "policies reloaded" in line, "\n".join(self.log.so_far()[before:])
        return re.search(r"policy_version=(\w+)", line)[1]  # type: ignore[index]

    def fail_to_reload(self) -> list[str]:
        """Has it read files that cannot be run; what it says of them."""
        before = len(self.log.so_far())
        self.process.send_signal(signal.SIGHUP)
        line = self.log.wait(lambda line: "policies reloaded" in line or "not reloaded" in line, after=before)
        assert "not reloaded" in line, line
        return self.log.so_far()[before:]

    # Its end

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def wait_until_draining(self) -> None:
        """Until new connections are no longer accepted."""

        def is_refused() -> bool:
            try:
                socket.create_connection(("127.0.0.1", self.port), PATIENCE).close()
            except ConnectionError:
                return True
            return False

        wait_until(is_refused, "the gateway stops accepting")

    def stop(self) -> None:
        if self.stopped:
            return
        self.stopped = True
        if self.process.poll() is None:
            self.terminate()
        code = self.wait_ended()
        log = "\n".join(self.log.so_far())
        assert code == 0, f"exit {code}\n{log}"
        self._check_audit()
        self._check_secrets()

    def wait_ended(self) -> int:
        """Waits for the process to end by itself; kills it after that, whatever it did."""
        self.stopped = True
        try:
            return self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            self.process.wait()
            self.audit.to_end()
            self.log.to_end()
            self.process.stdout.close()  # type: ignore[union-attr]
            self.process.stderr.close()  # type: ignore[union-attr]

    def _check_audit(self) -> None:
        events = defaultdict(list)
        for line in self.audit.to_end():
            assert AUDIT_FIELDS <= set(line), line
            if line["event"] != "message":
                events[line["request_id"]].append(line["event"])
        wrong = {key: found for key, found in events.items() if found not in (["opened", "closed"], ["refused"], ["ticket"])}
        assert not wrong, wrong

    def _check_secrets(self) -> None:
        output = "\n".join([json.dumps(line) for line in self.audit.to_end()] + self.log.to_end())
        leaked = [secret for secret in self.secrets if secret in output]
        assert not leaked, f"in the gateway's output: {leaked}"
