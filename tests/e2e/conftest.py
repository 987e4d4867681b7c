"""One engine with one deployed stack for the whole session; tests keep apart by using their own keys."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import pytest

from local import engine as engines
from local.deploy import deploy
from local.engine import Engine
from local.stack import Stack


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
