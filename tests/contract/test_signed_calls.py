"""What everything that remembers signatures must do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cliploop.adapters.dynamodb_signed_calls import DynamoDBSignedCalls
from cliploop.application.ports_callers import LONGEST_KEPT_ANSWER, BoundCall, SignedCalls
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.testing.in_memory_callers import InMemorySignedCalls

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

PROJECT = "p" * 32
DIGEST = "d" * 64
UNTIL_MS = 1_700_000_000_001
ANSWER = {"TaskId": "1-Procedure-ü", "Count": 2**63 - 1, "Set": [{"A": None, "B": 1.5}], "Is": True}


@pytest.fixture(params=["in memory", "moto"])
def signed(request: pytest.FixtureRequest) -> SignedCalls:
    if request.param == "in memory":
        return InMemorySignedCalls()
    return DynamoDBSignedCalls(request.getfixturevalue("dynamodb"), "catalog")


def test_the_first_action_has_the_signature(signed: SignedCalls) -> None:
    assert signed.bind(PROJECT, DIGEST, "Create", UNTIL_MS) == BoundCall("Create", None, is_new=True)
    for action in ("Create", "Delete"):
        assert signed.bind(PROJECT, DIGEST, action, UNTIL_MS) == BoundCall("Create", None, is_new=False)


def test_projects_and_signatures_are_apart(signed: SignedCalls) -> None:
    signed.bind(PROJECT, DIGEST, "Create", UNTIL_MS)
    assert signed.bind("q" * 32, DIGEST, "Delete", UNTIL_MS).is_new
    assert signed.bind(PROJECT, "e" * 64, "Delete", UNTIL_MS).is_new


def test_an_answer_comes_back_as_it_was(signed: SignedCalls) -> None:
    signed.bind(PROJECT, DIGEST, "Create", UNTIL_MS)
    signed.keep_answer(PROJECT, DIGEST, ANSWER)
    assert signed.bind(PROJECT, DIGEST, "Create", UNTIL_MS) == BoundCall("Create", ANSWER, is_new=False)


def test_an_empty_answer_is_an_answer(signed: SignedCalls) -> None:
    signed.bind(PROJECT, DIGEST, "Create", UNTIL_MS)
    signed.keep_answer(PROJECT, DIGEST, {})
    assert signed.bind(PROJECT, DIGEST, "Create", UNTIL_MS).answer == {}


@pytest.mark.parametrize(("length", "is_kept"), [(LONGEST_KEPT_ANSWER - 8, True), (LONGEST_KEPT_ANSWER - 7, False)])
def test_an_answer_that_is_too_long_is_not_kept(signed: SignedCalls, length: int, *, is_kept: bool) -> None:
    signed.bind(PROJECT, DIGEST, "Create", UNTIL_MS)
    signed.keep_answer(PROJECT, DIGEST, {"A": "x" * length})
    assert (signed.bind(PROJECT, DIGEST, "Create", UNTIL_MS).answer is not None) is is_kept


def test_an_answer_without_a_signature_is_nobodys(signed: SignedCalls) -> None:
    signed.keep_answer(PROJECT, DIGEST, ANSWER)
    assert signed.bind(PROJECT, DIGEST, "Create", UNTIL_MS).is_new


def test_what_is_stored_goes_soon_after_the_signature(dynamodb: DynamoDBClient) -> None:
    signed = DynamoDBSignedCalls(dynamodb, "catalog")
    signed.bind(PROJECT, DIGEST, "Create", UNTIL_MS)
    signed.bind(PROJECT, DIGEST, "Create", UNTIL_MS + 90_000)
    signed.keep_answer(PROJECT, DIGEST, {})
    (item,) = dynamodb.scan(TableName="catalog")["Items"]
    assert item == {
        "pk": {"S": f"{PROJECT}#signed"},
        "sk": {"S": DIGEST},
        "action": {"S": "Create"},
        "answer": {"S": "{}"},
        "expires_at": {"N": "1700000061"},
    }


def test_a_table_that_is_away_is_unavailable(dynamodb: DynamoDBClient) -> None:
    signed = DynamoDBSignedCalls(dynamodb, "another")
    for call in (lambda: signed.bind(PROJECT, DIGEST, "A", 1), lambda: signed.keep_answer(PROJECT, DIGEST, {})):
        with pytest.raises(CliploopError) as raised:
            call()
        assert raised.value.code is ErrorCode.UNAVAILABLE
        assert raised.value.retryable
