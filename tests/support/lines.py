"""The log as it is written: JSON lines, with all that stands in them."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

import structlog

from cgraph_kit.logging import _output, configure


class Lines:
    """What has been written so far."""

    def __init__(self) -> None:
        self.stream = StringIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def all(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    def of(self, event: str) -> list[dict[str, Any]]:
        """Those that say so."""
        return [line for line in self.all if line["event"] == event]


@contextmanager
def written(level: str = "info") -> Iterator[Lines]:
    """Everything this process writes meanwhile, as a server would. Then the log is what it was."""
    lines = Lines()
    with kept():
        configure(level, "json", lines.stream)
        yield lines


@contextmanager
def kept() -> Iterator[None]:
    """The log is what it was, however it is configured meanwhile."""
    root = logging.getLogger()
    handlers, before = root.handlers[:], root.level
    output = (_output.level, _output._text, _output._stream)
    try:
        yield
    finally:
        structlog.reset_defaults()
        _output.use(*output)
        logging.captureWarnings(capture=False)
        root.handlers[:], root.level = handlers, before
