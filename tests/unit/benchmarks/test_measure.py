from __future__ import annotations

import os
import sys

import pytest

from benchmarks.encoders.measure import CommandError, memory_mb, run, tree

_BUSY = "import time; held = bytearray(60_000_000); end = time.process_time() + 0.15\nwhile time.process_time() < end: pass"


def test_cpu_and_memory_are_those_of_all_processes_together() -> None:
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {_BUSY!r}])"
    cost = run([sys.executable, "-c", parent])
    assert 0.15 <= cost.cpu_s < 1
    assert cost.wall_s >= 0.15
    assert 60 < cost.peak_mb < 150
    assert cost.own_cpu_s == cost.cpu_s


def test_a_command_that_fails_is_an_error_with_its_words() -> None:
    with pytest.raises(CommandError, match="ended with 3: no such luck"):
        run([sys.executable, "-c", "import sys; sys.stderr.write('no such luck'); sys.exit(3)"])


def test_a_process_is_in_its_own_tree_and_has_memory() -> None:
    assert os.getpid() in tree(os.getpid())
    assert memory_mb(os.getpid()) > 5
    assert tree(2**22 + 1) == [2**22 + 1]
