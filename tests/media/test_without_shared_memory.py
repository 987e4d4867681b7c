"""The engine where /dev/shm cannot be written, as on Lambda: no semaphore, no queue between processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import NO_MOUNTS
from tests.reading import read_facts

#: Over the shared memory of a namespace of its own lies a folder that cannot be written.
_CLOSED = 'mount -t tmpfs -o ro,size=4k none /dev/shm && exec "$@"'
_ISOLATED = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", _CLOSED, "sh")


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*_ISOLATED, *words], capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture(scope="module")
def isolated() -> None:
    try:
        if run("true").returncode == 0:
            return
    except OSError:
        pass
    pytest.skip(NO_MOUNTS)


@pytest.mark.usefixtures("isolated")
def test_both_formats_are_made_without_shared_memory(moving: Path, tmp_path: Path) -> None:
    lock = run(sys.executable, "-c", "import multiprocessing; multiprocessing.Lock()")
    assert "Error" in lock.stderr  # so that what follows shows something
    images = [tmp_path / "a.gif", tmp_path / "a.webp"]
    made = run(sys.executable, "-m", "cliploop", "encode", str(moving), *map(str, images), "--width", "160")
    assert made.returncode == 0, made.stderr
    assert all(read_facts(image).frames > 1 for image in images)
