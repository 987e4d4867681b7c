from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ParamValidationError,
    ReadTimeoutError,
)

from cliploop.adapters.aws_errors import unavailable_when_failing
from cliploop.domain.errors import CliploopError, ErrorCode


def answered(code: str, **more: Any) -> ClientError:
    return ClientError({"Error": {"Code": code}, **more}, "Operation")  # type: ignore[typeddict-item]


def canceled(*reasons: str) -> ClientError:
    return answered("TransactionCanceledException", CancellationReasons=[{"Code": reason} for reason in reasons])


def meaning(error: Exception, *, refusal_ends_it: bool = False) -> tuple[ErrorCode, bool]:
    with pytest.raises(CliploopError) as raised, unavailable_when_failing("x", refusal_ends_it=refusal_ends_it):
        raise error
    assert raised.value.__cause__ is error
    return raised.value.code, raised.value.retryable


URL = {"endpoint_url": "https://aws"}


@pytest.mark.parametrize("storing", [False, True])
@pytest.mark.parametrize(
    "error",
    [
        answered("ThrottlingException"),
        answered("ProvisionedThroughputExceededException"),
        answered("RequestLimitExceeded"),
        answered("SlowDown"),
        answered("InternalServerError"),
        answered("ServiceUnavailable"),
        answered("RequestTimeout"),
        answered("ExpiredToken"),
        answered("500"),
        answered("something new"),
        canceled("None", "TransactionConflict"),
        canceled("ThrottlingError"),
        ReadTimeoutError(**URL),
        ConnectTimeoutError(**URL),
        EndpointConnectionError(**URL),
        ConnectionClosedError(**URL),
    ],
    ids=str,
)
def test_what_may_be_otherwise_the_next_time_is_tried_again(error: Exception, *, storing: bool) -> None:
    assert meaning(error, refusal_ends_it=storing) == (ErrorCode.UNAVAILABLE, True)


@pytest.mark.parametrize(
    "error",
    [
        answered("ValidationException"),
        answered("InvalidParameterValue"),
        answered("EntityTooLarge"),
        canceled("ValidationError", "None"),
        ParamValidationError(report="a key is missing"),
    ],
    ids=str,
)
def test_a_request_that_is_wrong_stays_wrong(error: Exception) -> None:
    assert meaning(error) == (ErrorCode.INTERNAL, False)


@pytest.mark.parametrize("code", ["AccessDenied", "403", "NoSuchBucket"])
def test_a_place_that_is_shut_ends_what_was_to_be_stored_there(code: str) -> None:
    assert meaning(answered(code), refusal_ends_it=True) == (ErrorCode.INTERNAL, False)


@pytest.mark.parametrize(
    "code",
    [
        "AccessDenied",
        "AccessDeniedException",
        "ResourceNotFoundException",
        "AWS.SimpleQueueService.NonExistentQueue",
        "KMS.DisabledException",
    ],
)
def test_rows_messages_and_events_wait_until_the_operator_has_mended_their_place(code: str) -> None:
    assert meaning(answered(code)) == (ErrorCode.UNAVAILABLE, True)
