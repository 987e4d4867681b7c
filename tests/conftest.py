"""What holds for every test. Skips are a named list; with CI set, any other one fails the run."""

from __future__ import annotations

import os

import pytest

#: `tests/e2e/test_runtime.py` needs user and mount namespaces, which some kernels and containers forbid.
NO_LAYER_AT_OPT = "This machine lets no test put a layer at /opt"
#: `tests/media/test_without_shared_memory.py` likewise.
NO_MOUNTS = "This machine lets no test mount a folder over /dev/shm"
#: `tests/unit/animation/test_parts.py` also asks libwebp's command line tools, where there are any.
NO_WEBP_TOOLS = "webpinfo is not on PATH (Debian and Ubuntu: apt-get install webp)"

#: Reasons for which a test may be skipped in CI, as the beginning of the sentence that pytest prints.
ALLOWED_SKIPS: tuple[str, ...] = (NO_LAYER_AT_OPT, NO_MOUNTS, NO_WEBP_TOOLS)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for report in _forbidden(terminalreporter):
        terminalreporter.write_line(f"skipped without leave: {report.nodeid}: {_reason(report)}", red=True)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if isinstance(reporter, pytest.TerminalReporter) and _forbidden(reporter) and os.environ.get("CI"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _forbidden(reporter: pytest.TerminalReporter) -> list[pytest.TestReport]:
    skipped = [report for report in reporter.stats.get("skipped", []) if isinstance(report, pytest.TestReport)]
    return [report for report in skipped if not _reason(report).startswith(ALLOWED_SKIPS)]


def _reason(report: pytest.TestReport) -> str:
    where = report.longrepr
    return where[2].removeprefix("Skipped: ") if isinstance(where, tuple) else str(where)
