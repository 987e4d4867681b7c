"""What a command costs: seconds, CPU of all of its processes, memory of all of them at the same time."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.encoders.footage import ROOT

_PROC = Path("/proc")
_GLANCE_S = 0.01
#: Looking may take a fifth of the time, no more: it holds a lock of the process it looks at.
_SPARED = 4
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cost:
    """Of one run.

    Attributes:
        cpu_s: user and system, of the whole tree.
        own_cpu_s: the same without the processes that are ffmpeg; to a hundredth, since they are seen from outside.
        peak_mb: the largest sum over the tree at one moment, of proportional set sizes: memory that two processes
            share counts once.
        own_peak_mb: the same without ffmpeg.
    """

    wall_s: float
    cpu_s: float
    own_cpu_s: float
    peak_mb: float
    own_peak_mb: float


class CommandError(Exception):
    """A command that failed, with the end of what it said."""


def run(words: Sequence[str]) -> Cost:
    """Run a command to its end.

    Raises:
        CommandError: when it fails.
    """
    began = time.perf_counter()
    process = subprocess.Popen(
        words,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    watch = _Watch(process.pid)
    watcher = threading.Thread(target=watch.look_until_over)
    watcher.start()
    assert process.stderr is not None  # noqa: S101
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    watch.over.set()
    watcher.join()
    if process.returncode:
        raise CommandError(f"{words[0]} ended with {process.returncode}: {said[-500:].decode(errors='replace')}")
    cpu_s = usage.ru_utime + usage.ru_stime
    return Cost(wall_s, cpu_s, max(0.0, cpu_s - sum(watch.ffmpeg_cpu_s.values())), watch.peak_mb, watch.own_peak_mb)


@dataclass
class _Watch:
    """Looks at a tree of processes again and again."""

    root: int
    over: threading.Event = field(default_factory=threading.Event)
    peak_mb: float = 0.0
    own_peak_mb: float = 0.0
    ffmpeg_cpu_s: dict[int, float] = field(default_factory=dict)

    def look_until_over(self) -> None:
        took = 0.0
        while not self.over.wait(max(_GLANCE_S, took * _SPARED)):
            began = time.perf_counter()
            self._look()
            took = time.perf_counter() - began

    def _look(self) -> None:
        whole = own = 0.0
        for pid in tree(self.root):
            try:
                memory = memory_mb(pid)
                name, _, rest = (_PROC / str(pid) / "stat").read_text().rpartition(")")
            except OSError:  # it has ended since
                continue
            whole += memory
            if "(ffmpeg" in name:
                spent = rest.split()
                self.ffmpeg_cpu_s[pid] = (int(spent[11]) + int(spent[12])) / _TICKS
            else:
                own += memory
        self.peak_mb, self.own_peak_mb = max(self.peak_mb, whole), max(self.own_peak_mb, own)


def tree(root: int) -> list[int]:
    """A process and all that descend from it."""
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        with suppress(OSError):  # it, or one of its threads, may end meanwhile
            for children in (_PROC / str(pid) / "task").glob("*/children"):
                waiting += [int(child) for child in children.read_text().split()]
    return found


def memory_mb(pid: int) -> float:
    """The proportional set size, or where the kernel has none, what is resident.

    Raises:
        OSError: when the process is gone.
    """
    try:
        lines = (_PROC / str(pid) / "smaps_rollup").read_text()
        return next(int(line.split()[1]) for line in lines.splitlines() if line.startswith("Pss:")) * 1024 / 1e6
    except (FileNotFoundError, StopIteration):
        pages = int((_PROC / str(pid) / "statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
