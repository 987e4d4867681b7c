"""What every keeper of event settings must do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cliploop.adapters.dynamodb_event_settings import DynamoDBEventSettings
from cliploop.application.ports_events import EventSettingsStore
from cliploop.domain.errors import CliploopError
from cliploop.domain.event_settings import EventMode, EventSettings
from cliploop.testing.in_memory_events import InMemoryEventSettingsStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

PROJECT = "p" * 32
SETTINGS = EventSettings(
    EventMode.PULL,
    "https://example.com/ü?a=1",
    tells_uploads=True,
    tells_deletions=True,
    tells_persistence=True,
    sign_key="abc123",
)


@pytest.fixture(params=["in memory", "moto"])
def store(request: pytest.FixtureRequest) -> EventSettingsStore:
    if request.param == "in memory":
        return InMemoryEventSettingsStore()
    return DynamoDBEventSettings(request.getfixturevalue("dynamodb"), "catalog")


def test_a_project_that_never_said_any_has_those_of_the_beginning(store: EventSettingsStore) -> None:
    assert store.get(PROJECT) == EventSettings()


@pytest.mark.parametrize("settings", [SETTINGS, EventSettings(), EventSettings(sign_key="k")])
def test_settings_are_kept_as_they_were_put_last(store: EventSettingsStore, settings: EventSettings) -> None:
    store.put(PROJECT, EventSettings(EventMode.PULL, "https://example.com/before"))
    store.put(PROJECT, settings)
    assert store.get(PROJECT) == settings


def test_each_project_has_its_own(store: EventSettingsStore) -> None:
    store.put(PROJECT, SETTINGS)
    assert store.get("q" * 32) == EventSettings()


def test_a_table_that_is_gone_is_tried_again(dynamodb: DynamoDBClient) -> None:
    store = DynamoDBEventSettings(dynamodb, "nowhere")
    for attempt in (lambda: store.get(PROJECT), lambda: store.put(PROJECT, SETTINGS)):
        with pytest.raises(CliploopError) as raised:
            attempt()
        assert raised.value.retryable
