"""What everything that knows the keys of callbacks must do; and how a secret is read."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from cliploop.adapters.secrets_manager_callback_keys import SecretsManagerCallbackKeys
from cliploop.application.ports_events import CallbackKeys
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.testing import InMemoryCallbackKeys, SettableClock

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient

OLD, NEW = "the-old-key-of-callbacks", "the-new-key-of-callbacks"


@pytest.fixture
def secrets(aws: None) -> SecretsManagerClient:
    client = boto3.client("secretsmanager")
    client.create_secret(Name="keys", SecretString=json.dumps([{"key": NEW}, {"key": OLD}]))
    return client


@pytest.fixture
def stored(secrets: SecretsManagerClient, clock: SettableClock) -> SecretsManagerCallbackKeys:
    return SecretsManagerCallbackKeys(secrets, "keys", clock)


@pytest.fixture(params=["in memory", "moto"])
def keys(request: pytest.FixtureRequest) -> CallbackKeys:
    if request.param == "in memory":
        return InMemoryCallbackKeys([NEW, OLD])
    stored: CallbackKeys = request.getfixturevalue("stored")
    return stored


def put(secrets: SecretsManagerClient, content: Any) -> None:
    secrets.put_secret_value(SecretId="keys", SecretString=json.dumps(content))


def test_all_keys_are_known_in_their_order(keys: CallbackKeys) -> None:
    assert list(keys.current()) == [NEW, OLD]


@pytest.mark.parametrize("content", [{"key": NEW}, [{"key": NEW}]])
def test_one_key_needs_no_list(
    stored: SecretsManagerCallbackKeys, secrets: SecretsManagerClient, content: Any
) -> None:
    put(secrets, content)
    assert stored.current() == [NEW]


def test_a_change_is_seen_within_a_minute(
    stored: SecretsManagerCallbackKeys, secrets: SecretsManagerClient, clock: SettableClock
) -> None:
    stored.current()
    put(secrets, {"key": NEW})
    clock.advance(59_999)
    assert stored.current() == [NEW, OLD]
    clock.advance(1)
    assert stored.current() == [NEW]


def test_an_outage_of_five_minutes_stops_nothing(
    stored: SecretsManagerCallbackKeys,
    secrets: SecretsManagerClient,
    clock: SettableClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    stored.current()
    put(secrets, {"key": "short"})
    clock.advance(299_999)
    with caplog.at_level(logging.WARNING):
        assert stored.current() == [NEW, OLD]
    assert "cannot be read anew" in caplog.text
    clock.advance(1)
    with pytest.raises(CliploopError) as raised:
        stored.current()
    assert (raised.value.code, raised.value.retryable) == (ErrorCode.UNAVAILABLE, True)


GOOD = "k" * 16


@pytest.mark.parametrize(
    "content",
    [
        None,
        7,
        "text",
        [],
        [{"key": GOOD}] * 4,
        [{"key": GOOD}, "text"],
        {},
        {"key": GOOD, "other": 1},
        {"keys": [GOOD]},
        {"key": None},
        {"key": ["k"] * 16},
        {"key": GOOD[1:]},
        {"key": "k" * 257},
        {"key": f"{GOOD} "},
        {"key": f"{GOOD}\n"},
        {"key": f"{GOOD}ü"},
    ],
)
def test_a_secret_that_is_none_is_refused_without_being_shown(
    secrets: SecretsManagerClient, stored: SecretsManagerCallbackKeys, content: Any
) -> None:
    put(secrets, content)
    with pytest.raises(CliploopError) as raised:
        stored.current()
    assert (raised.value.code, raised.value.retryable) == (ErrorCode.UNAVAILABLE, True)
    assert "keys of callbacks" in raised.value.log_text
    assert "kk" not in raised.value.log_text + raised.value.caller_text


@pytest.mark.parametrize("text", ["", "no JSON", "[" * 100_000])
def test_a_text_that_is_no_json_is_refused(
    secrets: SecretsManagerClient, stored: SecretsManagerCallbackKeys, text: str
) -> None:
    if text:
        secrets.put_secret_value(SecretId="keys", SecretString=text)
    else:
        secrets.put_secret_value(SecretId="keys", SecretBinary=b"x")
    with pytest.raises(CliploopError):
        stored.current()


def test_a_secret_that_is_not_there_is_tried_again(secrets: SecretsManagerClient, clock: SettableClock) -> None:
    with pytest.raises(CliploopError) as raised:
        SecretsManagerCallbackKeys(secrets, "others", clock).current()
    assert raised.value.retryable


def test_the_keys_are_not_shown(stored: SecretsManagerCallbackKeys) -> None:
    stored.current()
    assert NEW not in repr(stored)
