"""Callbacks go to a receiver that is really there, over a real socket."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from cliploop.adapters.outside_web import OutsideWeb
from cliploop.adapters.outside_web_connection import Routes
from cliploop.application.ports_events import Callback
from cliploop.application.send_callback import SendCallback
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.event_settings import EventSettings
from cliploop.domain.web_address import AllowedTargets
from cliploop.testing import SettableClock
from cliploop.testing.in_memory_events import InMemoryEventSettingsStore
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
    clock: SettableClock = field(default_factory=SettableClock)

    def send(self, *, of_task: bool = False) -> None:
        web = OutsideWeb(Routes(AllowedTargets.read(self.allowed)))
        callback = Callback("p", "d", self.receiver.url, BODY, of_task=of_task)
        SendCallback(web, self.settings, sign, self.clock)(callback)


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
    world.send()
    assert len(world.receiver.heard) == 1


@pytest.mark.parametrize("status", [301, 307, 400, 404, 410, 429, 500, 503])
def test_anything_else_is_tried_again(world: World, status: int) -> None:
    world.receiver.status = status
    with pytest.raises(CliploopError) as raised:
        world.send()
    assert raised.value.code is ErrorCode.FETCH_FAILED
    assert raised.value.retryable
    assert str(status) in raised.value.log_text
    assert len(world.receiver.heard) == 1


def test_a_receiver_inside_is_not_called_unless_it_is_allowed(world: World) -> None:
    world.allowed = ""
    with pytest.raises(CliploopError) as raised:
        world.send()
    assert raised.value.code is ErrorCode.ADDRESS_REFUSED
    assert world.receiver.heard == []
