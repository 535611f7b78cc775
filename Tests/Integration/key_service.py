"""A service that publishes a JSON Web Key Set, and keys of all kinds to sign with."""

import json
import ssl
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import ECAlgorithm, HMACAlgorithm, OKPAlgorithm, RSAAlgorithm

ISSUER = "https://id.example.com/"


@dataclass
class Key:
    """A key that signs by one algorithm."""

    kid: str
    algorithm: str
    private: Any

    @property
    def jwk(self) -> dict[str, Any]:
        """What is published of it; of a secret that is all."""
        if self.algorithm.startswith("HS"):
            fields = HMACAlgorithm.to_jwk(self.private, as_dict=True)
        else:
            kind = {"R": RSAAlgorithm, "P": RSAAlgorithm, "E": ECAlgorithm}[self.algorithm[0]]
            if self.algorithm == "EdDSA":
                kind = OKPAlgorithm
            fields = kind.to_jwk(self.private.public_key(), as_dict=True)
        fields = {name: value for name, value in fields.items() if name != "key_ops"}
        return fields | {"kid": self.kid, "alg": self.algorithm}

    def sign(self, claims: dict[str, Any], **headers: Any) -> str:
        return jwt.encode(claims, self.private, self.algorithm, headers={"kid": self.kid} | headers)


def make(kid: str, algorithm: str = "ES256", secret: bytes = b"") -> Key:
    match algorithm[:2], algorithm[2:]:
        case ("RS" | "PS"), _:
            private: Any = rsa.generate_private_key(65537, 2048)
        case "ES", "256":
            private = ec.generate_private_key(ec.SECP256R1())
        case "ES", "384":
            private = ec.generate_private_key(ec.SECP384R1())
        case "Ed", _:
            private = Ed25519PrivateKey.generate()
        case _:
            private = secret or kid.encode().ljust(64, b".")
    return Key(kid, algorithm, private)


def key_set(keys: Sequence[Key]) -> str:
    return json.dumps({"keys": [key.jwk for key in keys]})


class KeyService:
    """Answers every GET with its keys."""

    def __init__(self, keys: Sequence[Key], certificates: Path | None = None, port: int = 0) -> None:
        self.keys = list(keys)
        self.fields: dict[str, str] = {}
        self.status = 200
        self.requests = 0
        self.answering = threading.Event()
        """Cleared, it has every request wait."""
        self.answering.set()
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                service.requests += 1
                service.answering.wait(30)
                body = key_set(service.keys).encode()
                self.send_response(service.status)
                for name, value in service.fields.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.port: int = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/keys"
        if certificates:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificates / "server.pem", certificates / "server.key")
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            self.url = f"https://localhost:{self.port}/keys"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def __enter__(self) -> "KeyService":
        return self

    def __exit__(self, *_: object) -> None:
        self.answering.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
