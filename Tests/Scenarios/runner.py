"""Scenarios: what a client, the gateway and an upstream say to each other, one case a file.

    H7 Upgrade with Content-Length                    the title: the line of the hardening list, and what is tried
    # why                                             a comment
    policy          route.limits.message_bytes: 1KiB  a setting of `listener`, `upstream` or `route`: a word, or JSON
    client sends    upgrade with "Content-Length: 5"  a step; a line that begins with a space continues the one before
    client gets     HTTP 400 malformed-upgrade
    upstream gets   nothing
    audit           refused malformed-upgrade

Steps of `client` and `upstream`; `client-2`, `upstream-2`, … are further connections:

    client connects    plain | tls VERSION | cipher NAME | alpn NAME    otherwise the first step connects, by valid TLS
    client opens                       upgrade, the upstream's 101, and the gateway's
    sends BYTES
    drips BYTES                        a byte every 10 ms, until an answer or the end comes
    closes | resets                    the TCP connection, without a close frame
    gets nothing                       an upstream only: no connection, or no byte more for 200 ms
    gets end                           whoever sees it closes as well
    client gets no TLS                 a client's TLS handshake fails, or what is not TLS gets nothing but an alert
    gets HTTP STATUS [REASON]          a client only; REASON is looked for in response body and audit log
    gets contains TEXT | lacks TEXT    in the head that came last
    gets [N x] FRAME
    gets BYTES                         a client only; BYTES begin with "text" or <81 85>
    audit refused REASON | opened | closed CODE BY [REASON]

BYTES is one or more of these, one after another, each with `N x` before it to repeat it:

    "text"            escapes \\r \\n \\t \\0 \\" \\\\ \\xNN; {key} is a valid key, {accept} the answer to the gateway's key
    <81 85>           bytes in hexadecimal
    upgrade | 101     a valid request or response: [line "FIRST LINE"] [without NAME]… [with "NAME: VALUE"]…
    FRAME             frame KIND [part] [masked|unmasked] [rsv1|rsv2|rsv3] [PAYLOAD], or close [CODE ["REASON"]]

A frame is the last of its message unless it is a `part`, and masked where its sender is a client. KIND is `text`,
`binary`, `continuation`, `close`, `ping`, `pong` or a number. Every other word is an error.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from play import Run, Scenario, Step, drip, end_connection, expect_bytes, expect_end, expect_frames, expect_in
from words import TOKEN, ScenarioError, Token, Words, frame_words, sent_bytes

POLICY_PARTS = ("listener", "upstream", "route")
HARDENING_LINES = range(1, 42)


def read(path: Path) -> Scenario:
    lines = path.read_text().split("\n")
    title = re.fullmatch(r"H(\d+) \S.*", lines[0])
    if not title or int(title[1]) not in HARDENING_LINES:
        raise ScenarioError(f"{path}:1: error: not a title such as `H7 Upgrade with Content-Length`")
    scenario = Scenario(path, lines[0])
    for number, text in logical_lines(path, lines[1:]):
        if text[0].startswith("policy "):
            read_policy(scenario, number, text[0][7:])
        else:
            scenario.steps.append(read_step(path, number, text))
    if not scenario.steps:
        raise ScenarioError(f"{path}:{len(lines)}: error: there is no step")
    return scenario


def logical_lines(path: Path, lines: list[str]) -> list[tuple[int, list[str]]]:
    """The steps, each with its first line's number and all its lines."""
    found: list[tuple[int, list[str]]] = []
    for number, line in enumerate(lines, start=2):
        if not line.strip() or line.startswith("#"):
            continue
        if line[0] != " ":
            found.append((number, [line]))
        elif found and number == found[-1][0] + len(found[-1][1]):
            found[-1][1].append(line)
        else:
            raise ScenarioError(f"{path}:{number}: error: there is no step that this line continues")
    return found


def read_policy(scenario: Scenario, number: int, text: str) -> None:
    name, colon, value = text.strip().partition(": ")
    keys = name.split(".")
    if not colon or len(keys) < 2 or keys[0] not in POLICY_PARTS:
        raise ScenarioError(f"{scenario.path}:{number}: error: not a setting such as `route.limits.fragments: 8`")
    settings = scenario.policy
    for key in keys[:-1]:
        settings = settings.setdefault(key, {})
    try:
        settings[keys[-1]] = json.loads(value) if value[0] in '[{"' or value.isdigit() else value
    except json.JSONDecodeError as error:
        raise ScenarioError(f"{scenario.path}:{number}: error: {error}") from None


def read_step(path: Path, number: int, lines: list[str]) -> Step:
    tokens = [token for offset, line in enumerate(lines) for token in read_tokens(path, number + offset, line)]
    words = Words(path, tokens)
    run = step(words)
    words.end()
    return Step(number, " ".join(token.text for token in tokens), run)


def read_tokens(path: Path, number: int, line: str) -> Iterator[Token]:
    for match in TOKEN.finditer(line.rstrip()):
        if match[1] is None:
            raise ScenarioError(f"{path}:{number}: error: stray {match[2]}; is a quotation mark missing?")
        yield Token(match[1], number)


# --- The steps ---


def step(words: Words) -> Callable[["Run"], None]:
    actor = words.take("an actor")
    if actor == "audit":
        return audit_step(words)
    match = re.fullmatch(r"(client|upstream)(?:-([2-9]))?", actor)
    if not match:
        raise words.error(f"unknown word {actor}; a step begins with policy, client, upstream or audit")
    index = int(match[2] or 1) - 1
    return client_step(words, index) if match[1] == "client" else upstream_step(words, index)


def client_step(words: Words, index: int) -> Callable[["Run"], None]:
    verb = words.choose("connects", "opens", "sends", "drips", "closes", "resets", "gets")
    match verb:
        case "connects":
            kind = words.choose("plain", "tls", "cipher", "alpn")
            value = "" if kind == "plain" else words.take("a value")
            return lambda run: run.connect(index, kind, value)
        case "opens":
            return lambda run: run.open(index)
        case "gets":
            return client_expectation(words, index)
        case "sends" | "drips":
            data = sent_bytes(words, from_client=True)
            if verb == "drips":
                return lambda run: drip(run.client(index), data)
            return lambda run: run.client(index).send(data)
    return lambda run: end_connection(run.client(index), abruptly=verb == "resets")


def upstream_step(words: Words, index: int) -> Callable[["Run"], None]:
    verb = words.choose("sends", "drips", "closes", "resets", "gets")
    if verb == "gets":
        return upstream_expectation(words, index)
    if verb in ("sends", "drips"):
        data = sent_bytes(words, from_client=False)
        if verb == "drips":
            return lambda run: drip(run.peer(index), data)
        return lambda run: run.answer(index, data)
    return lambda run: end_connection(run.peer(index), abruptly=verb == "resets")


def client_expectation(words: Words, index: int) -> Callable[["Run"], None]:
    if words.takes("no"):
        words.choose("TLS")
        return lambda run: run.expect_no_tls(index)
    if words.takes("end"):
        return lambda run: expect_end(run.client(index), run.client(index).is_ended())
    if words.takes("HTTP"):
        status = words.number("a status")
        reason = words.take("a reason") if words.peek() else None
        return lambda run: run.expect_response(index, status, reason)
    if verb := words.takes("contains", "lacks"):
        text = words.text()
        return lambda run: expect_in(run.response_head(index), text, verb == "contains")
    token = words.peek()
    if token and token.is_bytes:
        data = sent_bytes(words, from_client=False)
        return lambda run: expect_bytes(run.client(index), data)
    count, frame = words.times(), frame_words(words)
    return lambda run: expect_frames(run.client(index).frame, frame, count, False)


def upstream_expectation(words: Words, index: int) -> Callable[["Run"], None]:
    if words.takes("nothing"):
        return lambda run: run.expect_silence(index)
    if words.takes("end"):
        return lambda run: expect_end(run.peer(index), not run.peer(index).rest())
    if verb := words.takes("contains", "lacks"):
        text = words.text()
        return lambda run: expect_in(run.peer(index).head.decode("latin-1"), text, verb == "contains")
    count, frame = words.times(), frame_words(words)
    return lambda run: expect_frames(run.peer(index).frame, frame, count, True)


def audit_step(words: Words) -> Callable[["Run"], None]:
    event = words.choose("refused", "opened", "closed")
    fields: dict[str, Any] = {}
    if event == "closed":
        fields["close_code"] = words.number("a close code")
        fields["closed_by"] = words.choose("client", "upstream", "gateway")
    if event == "refused" or event == "closed" and words.peek():
        fields["reason"] = words.take("a reason")
    return lambda run: run.door.gateway.wait_audit(event, client=run.source, **fields) and None
