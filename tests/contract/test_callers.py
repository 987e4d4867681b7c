"""What everything that knows callers must do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from cliploop.adapters.secrets_manager_callers import SecretsManagerCallers
from cliploop.application.ports_callers import Callers
from cliploop.domain.access_key import AccessKey
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.testing import SettableClock
from cliploop.testing.in_memory_callers import InMemoryCallers

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient

PROJECT = "0" * 32
OTHER_PROJECT = "f" * 32
ONE = {"secret_id": "AKIDone", "secret_key": "not-a-secret"}
TOKEN = "a token: nobody else's"
FOREIGN_TOKEN = "~" * 4096
TWO = {"secret_id": "AKID_two-2", "secret_key": "nor/this=", "project_id": OTHER_PROJECT}
TOKENS = [{"auth_token": TOKEN}, {"auth_token": FOREIGN_TOKEN, "project_id": OTHER_PROJECT}]


@pytest.fixture
def secrets(aws: None) -> SecretsManagerClient:
    client = boto3.client("secretsmanager")
    client.create_secret(Name="keys", SecretString=json.dumps([ONE, TWO, *TOKENS]))
    return client


@pytest.fixture
def stored(secrets: SecretsManagerClient, clock: SettableClock) -> SecretsManagerCallers:
    return SecretsManagerCallers(secrets, "keys", PROJECT, clock)


@pytest.fixture(params=["in memory", "moto"])
def callers(request: pytest.FixtureRequest) -> Callers:
    if request.param == "moto":
        stored: Callers = request.getfixturevalue("stored")
        return stored
    memory = InMemoryCallers()
    memory.add(AccessKey("AKIDone", "not-a-secret", PROJECT))
    memory.add(AccessKey("AKID_two-2", "nor/this=", OTHER_PROJECT))
    memory.tokens |= {TOKEN: PROJECT, FOREIGN_TOKEN: OTHER_PROJECT}
    return memory


def put(secrets: SecretsManagerClient, content: Any) -> None:
    secrets.put_secret_value(SecretId="keys", SecretString=json.dumps(content))


def test_a_key_is_found_by_its_id_with_its_project(callers: Callers) -> None:
    assert callers.key("AKIDone") == AccessKey("AKIDone", "not-a-secret", PROJECT)
    assert callers.key("AKID_two-2") == AccessKey("AKID_two-2", "nor/this=", OTHER_PROJECT)


@pytest.mark.parametrize("key_id", ["", "AKID", "akidone", "AKIDone "])
def test_there_is_no_other_key(callers: Callers, key_id: str) -> None:
    assert callers.key(key_id) is None


def test_a_token_tells_its_project(callers: Callers) -> None:
    assert callers.project_of_token(TOKEN) == PROJECT
    assert callers.project_of_token(FOREIGN_TOKEN) == OTHER_PROJECT


@pytest.mark.parametrize(
    "token", ["", TOKEN[:-1], f"{TOKEN} ", TOKEN.upper(), "not-a-secret", "AKIDone", "ü", "\ud800"]
)
def test_there_is_no_other_token(callers: Callers, token: str) -> None:
    assert callers.project_of_token(token) is None


def test_a_key_does_not_show_its_secret(callers: Callers) -> None:
    callers.key("AKIDone")
    assert "not-a-secret" not in repr(callers.key("AKIDone"))


def test_keys_in_memory_may_be_out_of_reach() -> None:
    with pytest.raises(CliploopError):
        InMemoryCallers(failure=CliploopError(ErrorCode.UNAVAILABLE, "later", retryable=True)).key("AKIDone")
    with pytest.raises(CliploopError):
        InMemoryCallers(failure=CliploopError(ErrorCode.UNAVAILABLE, "later", retryable=True)).project_of_token(TOKEN)


def test_one_key_needs_no_list(secrets: SecretsManagerClient, stored: SecretsManagerCallers) -> None:
    put(secrets, ONE)
    assert stored.key("AKIDone") == AccessKey("AKIDone", "not-a-secret", PROJECT)


def test_no_key_lets_nobody_in(secrets: SecretsManagerClient, stored: SecretsManagerCallers) -> None:
    put(secrets, [])
    assert stored.key("AKIDone") is None
    assert stored.project_of_token(TOKEN) is None
    assert stored.project_of_token("") is None


def test_a_change_is_seen_within_a_minute(
    secrets: SecretsManagerClient, stored: SecretsManagerCallers, clock: SettableClock
) -> None:
    stored.key("AKIDone")
    put(secrets, [TWO])
    clock.advance(59_999)
    assert stored.key("AKIDone") is not None
    assert stored.project_of_token(TOKEN) is not None
    clock.advance(1)
    assert stored.key("AKIDone") is None
    assert stored.project_of_token(TOKEN) is None


def test_a_token_alone_is_enough(secrets: SecretsManagerClient, stored: SecretsManagerCallers) -> None:
    put(secrets, TOKENS[0])
    assert stored.project_of_token(TOKEN) == PROJECT
    assert stored.key("AKIDone") is None


def test_a_token_does_not_show(stored: SecretsManagerCallers) -> None:
    stored.project_of_token(TOKEN)
    assert TOKEN not in repr(stored)


@pytest.mark.parametrize("failure", ["gone", "malformed"])
def test_the_last_keys_are_good_for_five_minutes_where_they_cannot_be_read(
    secrets: SecretsManagerClient,
    stored: SecretsManagerCallers,
    clock: SettableClock,
    caplog: pytest.LogCaptureFixture,
    failure: str,
) -> None:
    stored.key("AKIDone")
    if failure == "gone":
        secrets.delete_secret(SecretId="keys", ForceDeleteWithoutRecovery=True)
    else:
        put(secrets, "nonsense")
    clock.advance(299_999)
    assert stored.key("AKIDone") is not None
    assert "cannot be read anew" in caplog.text
    clock.advance(1)
    with pytest.raises(CliploopError) as raised:
        stored.key("AKIDone")
    assert raised.value.code is ErrorCode.UNAVAILABLE
    assert raised.value.retryable


def test_once_they_can_be_read_again_they_are_new(
    secrets: SecretsManagerClient, stored: SecretsManagerCallers, clock: SettableClock
) -> None:
    stored.key("AKIDone")
    put(secrets, "nonsense")
    clock.advance(100_000)
    stored.key("AKIDone")
    put(secrets, [TWO])
    assert stored.key("AKIDone") is None
    assert stored.key("AKID_two-2") is not None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("not-a-secret", "key 1 of 1 is not a JSON object"),
        (None, "key 1 of 1 is not a JSON object"),
        ([ONE, "not-a-secret"], "key 2 of 2 is not a JSON object"),
        ({"secret_key": "not-a-secret"}, "key 1 of 1 has no secret_id"),
        ({"secret_id": "AKIDone"}, "has no secret_key"),
        (ONE | {"secret_key": ""}, "has no secret_key"),
        (ONE | {"secret_key": 17}, "has no secret_key"),
        (ONE | {"secret_key": "not-a-secret-ü"}, "has no secret_key that is text in ASCII"),
        (ONE | {"secret_id": "not-a-secret!"}, "has a secret_id that is not"),
        (ONE | {"secret_id": "x" * 129}, "has a secret_id that is not"),
        (ONE | {"project_id": "not-a-secret"}, "has a project_id that is not 32 hex digits"),
        (ONE | {"project_id": None}, "has no project_id"),
        (ONE | {"not-a-secret": ""}, "has another name than"),
        ([ONE, ONE], "two keys have the same secret_id"),
        ([ONE, {"auth_token": "not-a-secret"}], "key 2 of 2 has an auth_token that is not 16 to 4096"),
        ({"auth_token": "not-a-secret" * 342}, "has an auth_token that is not 16 to 4096"),
        ({"auth_token": " not-a-secret, by far"}, "has an auth_token that is not"),
        ({"auth_token": "not-a-secret\n, by far"}, "has an auth_token that is not"),
        ({"auth_token": "not-a-secret, für wahr"}, "has no auth_token that is text in ASCII"),
        ({"auth_token": None}, "has no auth_token"),
        (ONE | {"auth_token": "not-a-secret, by far"}, "has another name than auth_token and project_id"),
        ({"auth_token": "not-a-secret, by far", "project_id": "not-a-secret"}, "is not 32 hex digits"),
        ([{"auth_token": "not-a-secret, by far"}] * 2, "two tokens are the same"),
    ],
)
def test_a_malformed_secret_is_named_and_not_shown(
    secrets: SecretsManagerClient, stored: SecretsManagerCallers, content: Any, reason: str
) -> None:
    put(secrets, content)
    with pytest.raises(CliploopError, match=reason) as raised:
        stored.key("AKIDone")
    assert raised.value.code is ErrorCode.UNAVAILABLE
    assert "not-a-secret" not in raised.value.log_text + raised.value.caller_text


@pytest.mark.parametrize("content", [{"SecretString": "{not-a-secret"}, {"SecretBinary": b"not-a-secret"}])
def test_a_secret_that_is_no_json_is_not_shown(
    secrets: SecretsManagerClient, stored: SecretsManagerCallers, content: dict[str, Any]
) -> None:
    secrets.put_secret_value(SecretId="keys", **content)
    with pytest.raises(CliploopError, match="not a JSON object") as raised:
        stored.key("AKIDone")
    assert "not-a-secret" not in raised.value.log_text
