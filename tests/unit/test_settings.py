from __future__ import annotations

import pytest

from cliploop.settings import OnTaskChangeSettings, QueryTasksSettings, SettingsError

GOOD = {
    "CLIPLOOP_PROJECT_ID": "p",
    "CLIPLOOP_APP_ID": "7",
    "CLIPLOOP_TASKS_TABLE": "t",
    "CLIPLOOP_RETENTION_DAYS": "30",
    "CLIPLOOP_ACCESS_KEYS_SECRET_ARN": "s",
    "CLIPLOOP_SIGNING_HOSTS": "",
    "OTHER": "x",
}


def test_settings_are_read_with_their_types() -> None:
    assert QueryTasksSettings.from_env(GOOD) == QueryTasksSettings("p", 7, "t", "s", "", 30)


def test_everything_that_is_wrong_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as raised:
        OnTaskChangeSettings.from_env(GOOD | {"CLIPLOOP_APP_ID": "seven"})
    for name in ("CLIPLOOP_APP_ID", "CLIPLOOP_EVENT_BUS", "CLIPLOOP_PUBLIC_BASE_URL"):
        assert name in str(raised.value)


def test_an_empty_value_is_a_value() -> None:
    names = (
        "CLIPLOOP_EVENT_BUS",
        "CLIPLOOP_CATALOG_TABLE",
        "CLIPLOOP_CALLBACKS_QUEUE_URL",
        "CLIPLOOP_PUBLIC_BASE_URL",
    )
    values = GOOD | dict.fromkeys(names, "")
    assert not OnTaskChangeSettings.from_env(values).public_base_url
