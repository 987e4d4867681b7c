"""The most memory that this process and its descendants had at one time, by looking every now and then.

What they share is counted once (Pss). To tell that, the kernel walks through all pages, which takes milliseconds;
so a cheap look (resident sizes) says when to ask.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_PROC = Path("/proc")
_EVERY_S = 0.05
#: Looking costs at most this share of one processor: where it takes long, it happens less often.
_SHARE = 0.01
#: Resident sizes have grown when they are this much beyond the most so far.
_GROWN = 1.01
_PAGE = os.sysconf("SC_PAGE_SIZE")
_HOW = (
    "largest sum of the proportional set sizes (Pss, /proc/PID/smaps_rollup) of this process and its descendants, "
    "read when the sum of their resident sizes had grown; looked at every 50 ms, or less often where that would cost "
    "more than 1 % of a processor"
)


@dataclass(frozen=True)
class Peak:
    """What was found.

    Attributes:
        bytes: None where it cannot be told; ``reason`` says why then.
        samples: how often was looked.
    """

    bytes: int | None
    how: str | None = None
    reason: str | None = None
    samples: int = 0


class Watcher:
    """Looks while its context lasts."""

    def __init__(self) -> None:
        self._peak = self._samples = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory", daemon=True)

    def __enter__(self) -> Self:
        if _pss(os.getpid()):
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join()

    def peak(self) -> Peak:
        """The most so far."""
        if not self._samples:
            return Peak(None, reason="this system has no readable /proc/PID/smaps_rollup (Linux 4.14 and newer have)")
        return Peak(self._peak, how=_HOW, samples=self._samples)

    def _watch(self) -> None:
        most_resident = 0.0
        while True:
            began_s = time.thread_time()
            tree = _tree(os.getpid())
            resident = sum(map(_resident, tree))
            if resident > most_resident * _GROWN:
                most_resident = resident
                self._peak = max(self._peak, sum(map(_pss, tree)))
            self._samples += 1
            cost_s = time.thread_time() - began_s
            if self._ended.wait(max(_EVERY_S, cost_s / _SHARE)):
                return


def _tree(root: int) -> list[int]:
    """A process and its descendants."""
    found = [root]
    for process in found:
        found += _children(process)
    return found


def _children(process: int) -> list[int]:
    # Each thread has a list of those that it started.
    children: list[int] = []
    for number in _threads(process):
        children += map(int, _read(_PROC / str(process) / "task" / number / "children").split())
    return children


def _threads(process: int) -> list[str]:
    try:
        return os.listdir(_PROC / str(process) / "task")  # noqa: PTH208  # a Path for each costs three times as much
    except OSError:
        return []


def _resident(process: int) -> int:
    """Bytes, those that are shared with others in full; 0 where a process has ended."""
    fields = _read(_PROC / str(process) / "statm").split()
    return int(fields[1]) * _PAGE if fields else 0


def _pss(process: int) -> int:
    """Bytes; 0 where a process has ended or cannot be looked at."""
    for row in _read(_PROC / str(process) / "smaps_rollup").splitlines():
        if row.startswith("Pss:"):
            return int(row.split()[1]) * 1024
    return 0


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
