"""A bar that fills, for people at a terminal."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TextIO

from cliploop.application.ports import Progress

_BAR = 24
_COLUMNS = 80
_HOUR, _MINUTE = 3600, 60
_START_OF_LINE, _REST_OF_LINE = "\r", "\x1b[K"


@dataclass
class Bar:
    """Draws progress over itself on one line."""

    stream: TextIO
    now_s: Callable[[], float] = time.monotonic
    _started_s: float = field(init=False)

    def __post_init__(self) -> None:
        self._started_s = self.now_s()

    def draw(self, progress: Progress) -> None:
        """Show how far the work is."""
        text = drawn(progress, self.now_s() - self._started_s)[: _columns(self.stream) - 1]
        self.stream.write(f"{_START_OF_LINE}{text}{_REST_OF_LINE}")
        self.stream.flush()

    def clear(self) -> None:
        """Leave an empty line, for what comes next."""
        self.stream.write(f"{_START_OF_LINE}{_REST_OF_LINE}")
        self.stream.flush()


@dataclass
class NoBar:
    """Draws nothing, where nobody looks."""

    def draw(self, progress: Progress) -> None:
        """Draw nothing."""

    def clear(self) -> None:
        """There is nothing to clear."""


def bar_on(stream: TextIO) -> Bar | NoBar:
    """A bar where ``stream`` is a terminal that can go back on a line."""
    return Bar(stream) if stream.isatty() and os.environ.get("TERM") != "dumb" else NoBar()


def drawn(progress: Progress, seconds: float) -> str:
    """A line that shows ``progress`` after ``seconds``."""
    share = progress.frames / progress.planned if progress.planned else 0.0
    done = int(share * _BAR)
    bar = f"[{'#' * done}{'-' * (_BAR - done)}] {int(share * 100):3d} %"
    if share >= 1:
        return f"{bar}, finishing"
    left = f", {_clock(seconds / share - seconds)} left" if share else ""
    return f"{bar}, {progress.frames} of {progress.planned} frames{left}"


def _clock(seconds: float) -> str:
    whole = round(seconds)
    hours = f"{whole // _HOUR}:" if whole >= _HOUR else ""
    return f"{hours}{whole % _HOUR // _MINUTE:0{2 if hours else 1}d}:{whole % _MINUTE:02d}"


def _columns(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or _COLUMNS
    except (OSError, ValueError):
        return _COLUMNS
