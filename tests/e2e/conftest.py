"""One engine with one deployed stack for the whole session; tests keep apart by using their own keys."""

from __future__ import annotations

import subprocess
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from cliploop.adapters.ffmpeg.locate import ffmpeg
from local import engine as engines
from local.deploy import deploy
from local.engine import Engine
from local.listener import listen
from local.stack import Stack
from tests.e2e.customer import Customer


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    with engines.running() as running:
        yield running


@pytest.fixture(scope="session")
def stack(engine: Engine) -> Stack:
    return deploy(engine)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What the functions said belongs to the report of a failed test."""
    report = yield
    running = item.funcargs.get("engine") if isinstance(item, pytest.Function) else None
    if call.excinfo and isinstance(running, Engine) and running.log.exists():
        lines = running.log.read_text(errors="replace").splitlines()[-60:]
        report.sections.append(("the engine's log, its end", "\n".join(lines)))
    return report


@pytest.fixture(scope="session")
def customer(stack: Stack) -> Customer:
    """Somebody who uses the stack."""
    return Customer(stack, listen(stack, "customer"))


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds, 320×180, with sound."""
    path = tmp_path_factory.mktemp("video") / "video.mp4"
    words = [
        *("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=24:duration=3"),
        *("-f", "lavfi", "-i", "sine=frequency=440:duration=3"),
        *("-pix_fmt", "yuv420p", "-shortest", str(path)),
    ]
    subprocess.run([ffmpeg(), "-loglevel", "error", *words], check=True)
    return path
