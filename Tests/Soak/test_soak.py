"""A soak that is long enough for each kind of load to have been there."""

from pathlib import Path

import pytest

from conftest import portcullis  # noqa: F401  (fixture)
from sanitizers import SLOWNESS, no_sanitizer_reports, sanitizer_reports  # noqa: F401  (fixtures)
from soak import soak


@pytest.mark.timeout(180 * SLOWNESS)
def test_soak(portcullis: Path) -> None:  # noqa: F811
    """H25, H37 and the whole of what the relay promises, at once."""
    outcome = soak(portcullis, seconds=12)
    assert not outcome.failures, "\n".join([*outcome.failures, str(outcome.figures)])
