"""Callbacks go to a receiver that is really there, over a real socket."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import pytest

from cliploop.adapters.outside_web import OutsideWeb
from cliploop.adapters.outside_web_connection import Routes
from cliploop.application.ports_events import Callback
from cliploop.application.send_callback import SendCallback
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.event_settings import EventSettings
from cliploop.domain.web_address import AllowedTargets
from cliploop.testing import (
    InMemoryCallbackKeys,
    InMemoryEventSettingsStore,
    InMemoryLaidAsideCallbacks,
    SettableClock,
)
from tests.receiver import Receiver, receiving

BODY = {"EventType": "ProcedureStateChanged", "Name": "ü 日本", "DeliveryId": "d"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@dataclass
class World:
    """A project's settings, and a clock."""

    receiver: Receiver
    allowed: str
    settings: InMemoryEventSettingsStore = field(default_factory=InMemoryEventSettingsStore)
    keys: InMemoryCallbackKeys = field(default_factory=InMemoryCallbackKeys)
    laid_aside: InMemoryLaidAsideCallbacks = field(default_factory=InMemoryLaidAsideCallbacks)
    clock: SettableClock = field(default_factory=SettableClock)

    def send(self, attempt: int = 1, *, of_task: bool = False) -> bool:
        web = OutsideWeb(Routes(AllowedTargets.read(self.allowed)))
        callback = Callback("p", "d", self.receiver.url, BODY, of_task=of_task)
        send = SendCallback(web, self.settings, self.keys, self.laid_aside, sign, self.clock)
        return send(callback, attempt)


def sign(body: Mapping[str, Any], key: str, now_s: int) -> Mapping[str, Any]:
    return {**body, "Proof": f"{key}@{now_s}"}


@pytest.fixture
def world(receiver: Receiver) -> World:
    return World(receiver, receiver.target)


def test_the_event_arrives_as_json(world: World) -> None:
    world.send()
    ((path, headers, body),) = world.receiver.heard
    assert path == "/events?of=mine"
    assert headers["Content-Type"] == "application/json"
    assert json.loads(body.decode()) == BODY
    assert "日本".encode() in body


def test_each_try_is_signed_with_the_key_of_the_moment(world: World) -> None:
    world.settings.put("p", EventSettings(sign_key="old"))
    world.send()
    world.settings.put("p", EventSettings(notification_url="https://elsewhere.example", sign_key="new"))
    world.clock.advance(60_000)
    world.send()
    first, second = (json.loads(body) for _, _, body in world.receiver.heard)
    assert first == BODY | {"Proof": "old@1700000000"}
    assert second == BODY | {"Proof": "new@1700000060"}


def test_what_a_tasks_own_address_is_told_is_not_signed_with_the_projects_key(world: World) -> None:
    world.settings.put("p", EventSettings(sign_key="old"))
    world.send(of_task=True)
    ((_, _, body),) = world.receiver.heard
    assert json.loads(body.decode()) == BODY


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_any_success_is_one(world: World, status: int) -> None:
    world.receiver.status = status
    assert world.send()
    assert len(world.receiver.heard) == 1
    assert world.laid_aside.waiting == {}


@pytest.mark.parametrize("status", [301, 307, 400, 401, 403, 404, 408, 429, 500, 503])
def test_anything_else_is_tried_again(world: World, status: int) -> None:
    world.receiver.status = status
    with pytest.raises(CliploopError) as raised:
        world.send()
    assert raised.value.code is ErrorCode.FETCH_FAILED
    assert raised.value.retryable
    assert str(status) in raised.value.log_text
    assert len(world.receiver.heard) == 1
    assert world.laid_aside.waiting == {}


def test_a_host_that_nobody_knows_is_tried_again_for_somebody_may_put_that_right(world: World) -> None:
    world.receiver.target = "nobody.invalid"
    with pytest.raises(CliploopError) as raised:
        world.send()
    assert raised.value.code is ErrorCode.FETCH_FAILED
    assert world.laid_aside.waiting == {}


@pytest.mark.parametrize("of_task", [False, True])
def test_a_receiver_that_is_gone_is_not_tried_again(world: World, *, of_task: bool) -> None:
    world.receiver.status = 410
    assert not world.send(of_task=of_task)
    assert len(world.receiver.heard) == 1
    (laid_aside,) = world.laid_aside.waiting.values()
    assert laid_aside == Callback("p", "d", world.receiver.url, BODY, of_task=of_task)


def test_a_receiver_inside_is_not_called_unless_it_is_allowed_and_not_tried_again(world: World) -> None:
    world.allowed = ""
    assert not world.send()
    assert world.receiver.heard == []
    assert [callback.url for callback in world.laid_aside.waiting.values()] == [world.receiver.url]


def test_what_cannot_be_laid_aside_is_tried_again(world: World) -> None:
    class Full(InMemoryLaidAsideCallbacks):
        def add(self, callback: Callback) -> None:
            raise CliploopError(ErrorCode.UNAVAILABLE, "no", retryable=True)

    world.laid_aside = Full()
    world.receiver.status = 410
    with pytest.raises(CliploopError) as raised:
        world.send()
    assert raised.value.code is ErrorCode.UNAVAILABLE


# -- the headers -------------------------------------------------------------------------------------


def signature(key: str, seconds: str, body: bytes) -> str:
    """As a shell would: (printf '%s.' "$seconds"; cat body) | openssl dgst -sha256 -hmac "$key"."""
    inner, outer = (bytes(byte ^ pad for byte in key.encode().ljust(64, b"\0")) for pad in (0x36, 0x5C))
    return "v1=" + sha256(outer + sha256(inner + f"{seconds}.".encode() + body).digest()).hexdigest()


def test_a_callback_says_which_delivery_and_which_try_it_is(world: World) -> None:
    world.send(1)
    world.clock.advance(5_000)
    world.send(2)
    told = [(headers["X-Cliploop-Delivery"], headers["X-Cliploop-Attempt"]) for _, headers, _ in world.receiver.heard]
    assert told == [("d", "1"), ("d", "2")]
    times = [headers["X-Cliploop-Timestamp"] for _, headers, _ in world.receiver.heard]
    assert times == ["1700000000", "1700000005"]


@pytest.mark.parametrize("of_task", [False, True])
@pytest.mark.parametrize("sign_key", ["", "the vendor's own"])
def test_every_callback_is_signed_over_its_time_and_its_body_as_it_is(
    world: World, sign_key: str, *, of_task: bool
) -> None:
    world.settings.put("p", EventSettings(sign_key=sign_key))
    world.keys.keys = ["first key", "second ключ"]
    world.send(of_task=of_task)
    ((_, headers, body),) = world.receiver.heard
    expected = [signature(key, headers["X-Cliploop-Timestamp"], body) for key in world.keys.keys]
    assert headers["X-Cliploop-Signature"].split(",") == expected
    assert ("Proof" in json.loads(body)) is (bool(sign_key) and not of_task)


def test_nothing_is_sent_unsigned(world: World) -> None:
    class Unreadable(InMemoryCallbackKeys):
        def current(self) -> Sequence[str]:
            raise CliploopError(ErrorCode.UNAVAILABLE, "no", retryable=True)

    world.keys = Unreadable()
    with pytest.raises(CliploopError) as raised:
        world.send()
    assert raised.value.retryable
    assert world.receiver.heard == []
