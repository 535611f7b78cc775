"""The lines of the hardening list, and the tests that hold them: each names its line as `H22`.

`./dev test integration -k hardening_index -s` prints them all.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parents[1]
LINES = range(1, 42)

IN_PART = {
    35: "held for the tokens that the gateway issues; other issuers of JWT are yet to come",
    41: "held for all parsers that there are; PROXY headers are not read",
}
"""Lines of which a test holds what there is, and what is missing."""

NUMBER = re.compile(r"\bH(\d{1,2})\b")
SWIFT_NAME = re.compile(r'@Test\(\s*"([^"]*)"|^\s*== (H\d+ .*)|name: "(H\d+ [^"]*)"', re.MULTILINE)


def names() -> Iterator[tuple[Path, str]]:
    """What each test calls itself: a Swift test's name, the docstring of a Python test, a scenario's title."""
    for path in sorted(TESTS.rglob("*.swift")):
        for found in SWIFT_NAME.finditer(path.read_text()):
            yield path, found[1] or found[2] or found[3]
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield path, f"{node.name}: {ast.get_docstring(node) or ''}"
    for path in sorted(TESTS.rglob("*.scenario")):
        yield path, path.read_text().split("\n", 1)[0]


def index() -> dict[int, list[str]]:
    tests = defaultdict(list)
    for path, name in names():
        for number in {int(number) for number in NUMBER.findall(name)}:
            tests[number].append(f"{path.relative_to(TESTS)}: {name}")
    return tests


def test_every_line_is_held() -> None:
    tests = index()
    for number in LINES:
        print(f"H{number}", IN_PART.get(number) or "", *tests[number], sep="\n    ")
    missing = [number for number in LINES if not tests[number]]
    assert not missing, f"no test names these lines: {missing}"
    assert all(tests[number] for number in IN_PART)
    strange = sorted(number for number in tests if tests[number] and number not in LINES)
    assert not strange, f"there are no such lines: {strange}"
