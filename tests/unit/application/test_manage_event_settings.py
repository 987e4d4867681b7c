from __future__ import annotations

from typing import Any

import pytest

from cliploop.application.manage_event_settings import ManageEventSettings
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.event_settings import EventMode, EventSettings
from cliploop.domain.web_address import AllowedTargets
from cliploop.testing.in_memory_events import InMemoryEventSettingsStore

BEFORE = EventSettings(EventMode.PUSH, "https://example.com/a", tells_uploads=True, sign_key="abc")


@pytest.fixture
def manage() -> ManageEventSettings:
    manage = ManageEventSettings(InMemoryEventSettingsStore(), AllowedTargets.read("10.0.0.1:8080"))
    manage.store.put("p", BEFORE)
    return manage


@pytest.mark.parametrize(
    ("changes", "after"),
    [
        ({}, BEFORE),
        ({"mode": EventMode.PULL}, EventSettings(EventMode.PULL, BEFORE.notification_url, True, sign_key="abc")),  # noqa: FBT003
        ({"notification_url": "", "sign_key": ""}, EventSettings(tells_uploads=True)),
        (
            {"notification_url": "http://10.0.0.1:8080/x", "tells_uploads": False},
            EventSettings(notification_url="http://10.0.0.1:8080/x", sign_key="abc"),
        ),
    ],
)
def test_what_is_not_named_stays(manage: ManageEventSettings, changes: dict[str, Any], after: EventSettings) -> None:
    assert manage.modify("p", changes) == after
    assert manage.get("p") == after


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com",
        "example.com",
        "https://",
        "https://me:secret@example.com",
        "http://10.0.0.1/",
        "http://2130706433",
    ],
)
def test_an_address_that_nobody_may_be_sent_to_changes_nothing(manage: ManageEventSettings, url: str) -> None:
    with pytest.raises(CliploopError) as raised:
        manage.modify("p", {"notification_url": url, "mode": EventMode.PULL})
    assert raised.value.code is ErrorCode.ADDRESS_REFUSED
    assert manage.get("p") == BEFORE
