"""How much memory a tree of processes has."""

from __future__ import annotations

import itertools
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


def test_looking_that_takes_long_happens_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = itertools.count(step=10)
    monkeypatch.setattr(time, "thread_time", lambda: next(seconds))
    with Watcher() as watcher:
        wait_for(lambda: watcher.peak().samples > 0)
        time.sleep(0.3)  # six looks, if they cost nothing
        assert watcher.peak().samples == 1


def test_where_it_cannot_be_told_it_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_PROC", tmp_path)
    with Watcher() as watcher:
        pass
    peak = watcher.peak()
    assert (peak.bytes, peak.how, peak.samples) == (None, None, 0)
    assert "smaps_rollup" in (peak.reason or "")
