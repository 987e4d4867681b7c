"""Ctrl-C and its relatives as an exception, so that what has begun is cleared away."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """Somebody ended the program, by the signal ``number``."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise Interrupted at the first signal; a second one does not disturb the clearing away."""
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    # What our caller ignores (nohup, a shell's "&") stays ignored.
    heard = [number for number in _SIGNALS if before[number] is not signal.SIG_IGN]

    def stop(number: int, _: FrameType | None) -> NoReturn:
        for each in heard:
            signal.signal(each, signal.SIG_IGN)
        raise Interrupted(number)

    for number in heard:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in heard:
            signal.signal(number, before[number])
