"""`portcullis schema`, as programs of other people read it."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from conftest import ROOT
from gateway import run

SOUND = """\
listeners:
  public:
    address: 127.0.0.1:8443
    tls: { certificates: [{ certificate: server.pem, private_key: server.key }], minimum_version: 1.2 }
upstreams: { main: { endpoints: ["ws://127.0.0.1:9001"] } }
token_issuers: { local: { builtin: {} } }
routes:
  - name: chat
    match: { path: /chat }
    upstream: main
    middleware: [{ token: { issuers: [local], from: [{ header: X-Token, scheme: Token }] } }]
    timeouts: { idle: 5m }
    messages:
      - { name: a, from: client, when: { all: [{ not: { opcode: binary } }] }, do: drop }
"""


@pytest.fixture(scope="module")
def schema(portcullis: Path) -> Draft202012Validator:
    text = json.loads(run(portcullis, "schema").stdout)
    Draft202012Validator.check_schema(text)
    return Draft202012Validator(text)


def test_policies_that_ship_fit(schema: Draft202012Validator) -> None:
    files = [file for file in (ROOT / "policies").rglob("*.yaml") if not file.name.endswith(".test.yaml")]
    assert len(files) >= 5
    for file in files:
        assert [str(error) for error in schema.iter_errors(yaml.safe_load(file.read_text()))] == [], file


def test_sound_policy_fits(schema: Draft202012Validator) -> None:
    assert list(schema.iter_errors(yaml.safe_load(SOUND))) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("address:", "adress:"),
        ("upstream: main", "upstream: [main]"),
        ("{ builtin: {} }", "{ builtin: {}, jwt: {} }"),
        ("{ builtin: {} }", "{}"),
        ("{ path: /chat }", "{ path: /chat, path_prefix: /chat }"),
        ("{ path: /chat }", "{}"),
        ("idle: 5m", "idle: 5"),
        ("idle: 5m", "idle: 5min"),
        ("issuers: [local]", "issuers: []"),
        ("{ token: {", "{ tokens: {"),
        ("scheme: Token", "schema: Token"),
        ("opcode: binary", "opcode: binery"),
        ("opcode: binary", "opcodes: binary"),
        ("do: drop", "do: dropp"),
        ("do: drop", "do: { close: { code: 99 } }"),
        ("do: drop", "do: { close: {}, drop: {} }"),
        ("private_key: server.key", "key: server.key"),
        ("minimum_version: 1.2", "minimum_version: 1.1"),
        ("name: chat", "name: [chat]"),
    ],
)
def test_what_the_gateway_refuses_does_not_fit(
    portcullis: Path, schema: Draft202012Validator, tmp_path: Path, right: str, wrong: str
) -> None:
    text = SOUND.replace(right, wrong, 1)
    assert text != SOUND
    assert list(schema.iter_errors(yaml.safe_load(text)))
    (tmp_path / "p.yaml").write_text(text)
    assert run(portcullis, "validate", "--no-files", "--policies", tmp_path, check=False).returncode == 1


def test_every_key_is_told(schema: Draft202012Validator) -> None:
    """For hover: titles and descriptions."""

    def properties(node: Any) -> list[tuple[str, Any]]:
        found = list(node.get("properties", {}).items())
        return found + [inner for choice in node.get("oneOf", []) for inner in properties(choice)]

    mappings = schema.schema["$defs"].values()
    keys = [found for mapping in mappings for found in properties(mapping)]
    assert len(keys) > 150
    for name, node in keys:
        assert node["title"].startswith(f"{name}: ") and node["description"], name


def test_reference_is_the_page(portcullis: Path) -> None:
    assert run(portcullis, "schema", "--markdown").stdout == (ROOT / "docs" / "policy-reference.md").read_text()
