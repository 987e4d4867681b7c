"""What every web must do. The real one asks a server of this machine, which its operator allows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from cliploop.adapters.outside_web import OutsideWeb
from cliploop.adapters.outside_web_connection import Routes
from cliploop.application.ports_web import Web
from cliploop.domain.deadline import Deadline
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.web_address import AllowedTargets
from cliploop.testing.in_memory_web import InMemoryWeb
from tests.unit.adapters.outside_servers import Exchange, answer, serving

CLIP = b"not really a video"


@dataclass(frozen=True)
class World:
    """A web with a clip at ``clip``, nothing at ``gone``, and somebody who answers a POST to ``hook`` with 202."""

    web: Web
    root: str

    def fetch(self, path: str, most_bytes: int = 1_000) -> bytes:
        deadline = Deadline.after(5)
        with self.web.fetch(self.root + path, most_bytes=most_bytes, deadline=deadline) as source:
            assert (source.name, source.size) == ("clip ü.mp4", len(CLIP))
            return b"".join(iter(lambda: source.read(7), b""))

    def failure(self, path: str, most_bytes: int = 1_000) -> CliploopError:
        with pytest.raises(CliploopError) as raised:
            self.fetch(path, most_bytes)
        return raised.value


def behave(exchange: Exchange) -> None:
    path = exchange.request.split()[1]
    if path.startswith(b"/clip"):
        exchange.send(answer(CLIP))
    else:
        exchange.send(answer(status="202 Accepted" if path == b"/hook" else "404 Not Found"))


@pytest.fixture(params=["in memory", "sockets"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "in memory":
        root = "https://example.com/"
        yield World(InMemoryWeb({f"{root}clip%20%C3%BC.mp4?key": CLIP}, statuses={f"{root}hook": 202}), root)
        return
    with serving(behave) as server:
        yield World(OutsideWeb(Routes(AllowedTargets.read(server.target))), server.url("/"))


def test_a_file_is_read_to_its_end(world: World) -> None:
    assert world.fetch("clip%20%C3%BC.mp4?key", most_bytes=len(CLIP)) == CLIP


def test_what_is_not_there_fails_for_good(world: World) -> None:
    error = world.failure("gone")
    assert (error.code, error.retryable) == (ErrorCode.FETCH_FAILED, False)


def test_what_is_too_large_is_not_begun(world: World) -> None:
    error = world.failure("clip%20%C3%BC.mp4?key", most_bytes=len(CLIP) - 1)
    assert (error.code, error.retryable) == (ErrorCode.FETCH_TOO_LARGE, False)


def test_a_post_is_answered_with_a_status(world: World) -> None:
    assert world.web.post(f"{world.root}hook", b"{}", {}, deadline=Deadline.after(5)) == 202


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://[::1]/", "http://2852039166/", "ftp://example.com/"])
def test_nobody_is_sent_to_a_private_address(world: World, url: str) -> None:
    with (
        pytest.raises(CliploopError) as fetched,
        world.web.fetch(url, most_bytes=1, deadline=Deadline.after(5)),
    ):
        pass
    with pytest.raises(CliploopError) as posted:
        world.web.post(url, b"", {}, deadline=Deadline.after(5))
    assert {fetched.value.code, posted.value.code} == {ErrorCode.ADDRESS_REFUSED}
