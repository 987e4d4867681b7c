"""A bar, on terminals only."""

from __future__ import annotations

import io
import os
import pty

import pytest

from cliploop.application.ports import Progress
from cliploop.cli.progress import Bar, NoBar, bar_on, drawn


class Terminal(io.StringIO):
    """A stream that says that it is one."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("frames", "seconds", "text"),
    [
        (0, 1.0, "[------------------------]   0 %, 0 of 120 frames"),
        (30, 2.0, "[######------------------]  25 %, 30 of 120 frames, 0:06 left"),
        (1, 60.0, "[------------------------]   0 %, 1 of 120 frames, 1:59:00 left"),
        (119, 60.0, "[#######################-]  99 %, 119 of 120 frames, 0:01 left"),
        (120, 3.0, "[########################] 100 %, finishing"),
    ],
)
def test_a_line(frames: int, seconds: float, text: str) -> None:
    assert drawn(Progress(frames, 120), seconds) == text


def test_nothing_planned_is_nothing_done() -> None:
    assert drawn(Progress(0, 0), 1.0).startswith("[---")


def test_it_draws_over_itself_and_leaves_an_empty_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    bar = bar_on(terminal)
    bar.draw(Progress(1, 2))
    bar.draw(Progress(2, 2))
    bar.clear()
    lines = terminal.getvalue().split("\r")
    assert [text.endswith("\x1b[K") for text in lines] == [False, True, True, True]
    assert lines[-1] == "\x1b[K"
    assert "\n" not in terminal.getvalue()


@pytest.mark.parametrize(("stream", "term"), [(io.StringIO(), "xterm"), (Terminal(), "dumb")])
def test_where_nobody_looks_there_is_none(stream: io.StringIO, term: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", term)
    bar = bar_on(stream)
    assert isinstance(bar, NoBar)
    bar.draw(Progress(1, 2))
    bar.clear()
    assert stream.getvalue() == ""


@pytest.mark.parametrize(("columns", "longest"), [(20, 19), (0, 79)])
def test_it_never_breaks_the_line(columns: int, longest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((columns, 24)))
    leader, follower = pty.openpty()
    with os.fdopen(follower, "w") as terminal, os.fdopen(leader, "rb", buffering=0) as shown:
        Bar(terminal).draw(Progress(10**6, 10**9))
        text = shown.read(500).decode()
    assert 10 < len(text.removeprefix("\r").removesuffix("\x1b[K")) <= longest
