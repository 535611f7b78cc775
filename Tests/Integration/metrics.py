"""What `GET /metrics` says, read strictly and without the help of a Prometheus library."""

import re
from typing import NamedTuple

from client import Response

Labels = frozenset[tuple[str, str]]

LINE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (\S+)')
LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"')
ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


class Metrics(NamedTuple):
    """One scrape."""

    text: str
    types: dict[str, str]
    samples: dict[tuple[str, Labels], float]

    def value(self, name: str, /, **labels: str) -> float:
        """The sum over all series that have these labels, 0 where there is none."""
        wanted = set(labels.items())
        return sum(value for (found, series), value in self.samples.items() if found == name and wanted <= series)

    def by(self, name: str, *labels: str) -> dict[tuple[str, ...], float]:
        """What is above 0, by the values of these labels."""
        sums: dict[tuple[str, ...], float] = {}
        for (found, series), value in self.samples.items():
            if found == name and value > 0:
                key = tuple(dict(series)[label] for label in labels)
                sums[key] = sums.get(key, 0) + value
        return sums

    def family(self, sample: str) -> str:
        """The metric that a line belongs to: a histogram has lines of three names."""
        base = re.sub("_(bucket|sum|count)$", "", sample)
        return base if self.types.get(base) == "histogram" else sample

    def labels(self, family: str) -> set[str]:
        """The names of all labels that lines of a metric have, `le` left out."""
        return {
            label for name, series in self.samples if self.family(name) == family for label, _ in series
        } - {"le"}


def parse(text: str) -> Metrics:
    """Every line must be one of the format's, each series stand there once, and behind the type of its metric."""
    assert text.endswith("\n")
    metrics = Metrics(text, {}, {})
    last = ""
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, last, kind = line.split(" ")
            assert last not in metrics.types, f"{last} has two types"
            metrics.types[last] = kind
        elif line.startswith("# HELP "):
            assert len(line.split(" ", 3)) == 4, line
        else:
            match = LINE.fullmatch(line)
            assert match, line
            name, labels, value = match.groups()
            series = frozenset(
                (label, re.sub(r"\\.", lambda escape: ESCAPES[escape[0]], text))
                for label, text in LABEL.findall(labels or "")
            )
            assert (name, series) not in metrics.samples, f"{line} stands there twice"
            assert metrics.family(name) == last, f"{line} stands below {last}"
            metrics.samples[name, series] = float(value)
    return metrics



def of(response: Response) -> Metrics:
    """What an answer to `GET /metrics` says."""
    assert response.status == 200, response
    assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return parse(response.body.decode())
