"""How much memory a tree of processes has."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cliploop.cli import memory
from cliploop.cli.memory import Watcher
from cliploop.domain.deadline import Deadline

MEBIBYTE = 1 << 20
#: A child whose child has so much; the child waits for it.
GRANDCHILD = "data = bytes(range(256)) * (80 * 4096); print('ready', flush=True); input()"
CHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {GRANDCHILD!r}])"


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = Deadline.after(10)
    while not condition():
        deadline.check()
        time.sleep(0.02)


def test_descendants_count() -> None:
    with Watcher() as watcher:
        wait_for(lambda: watcher.peak().samples > 0)
        alone = watcher.peak().bytes or 0
        with subprocess.Popen(
            [sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
            wait_for(lambda: (watcher.peak().bytes or 0) > alone + 80 * MEBIBYTE)
            child.communicate("\n")
    peak = watcher.peak()
    assert peak.bytes is not None
    assert 80 * MEBIBYTE < peak.bytes - alone < 140 * MEBIBYTE
    assert peak.how is not None
    assert peak.reason is None


def test_looking_costs_less_than_it_may() -> None:
    with Watcher():
        began_s, cpu_s = time.monotonic(), time.process_time()
        time.sleep(0.6)
        used = (time.process_time() - cpu_s) / (time.monotonic() - began_s)
    # Speed is not asserted: the watcher keeps to its share whatever looking costs, and this leaves room for the rest.
    assert used < 0.05


def test_where_it_cannot_be_told_it_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_PROC", tmp_path)
    with Watcher() as watcher:
        pass
    peak = watcher.peak()
    assert (peak.bytes, peak.how, peak.samples) == (None, None, 0)
    assert "smaps_rollup" in (peak.reason or "")
