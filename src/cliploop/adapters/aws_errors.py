"""What an AWS client's exception means for a task.

* **It may be otherwise the next time**: throttling, 5xx, time-outs, broken connections, and whatever is not listed
  here. UNAVAILABLE, retryable: the message comes back, the stream's record is tried again, the caller gets a 5xx.
* **The request itself is wrong**: a value or a size that the service never takes. INTERNAL, not retryable: a task
  ends at once, an event is logged and passed over.
* **The function may not, or the place is not there**: somebody has to mend a role, a policy or a bucket. Where an
  image or a fetched source is to be stored (``refusal_ends_it``) that is INTERNAL, not retryable: to make the image
  twice more changes nothing, and a failed task is brought back by redrive. Everywhere else (tables, queues, the bus)
  it is UNAVAILABLE, retryable: what cannot be written cannot be ended either, and must be there when it is mended.

What is missing or forbidden in the place that users upload to is the caller's to know: ``s3_sources`` says
SOURCE_NOT_FOUND or SOURCE_FORBIDDEN, which end the task.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from cliploop.domain.errors import CliploopError, ErrorCode

_WRONG = frozenset(
    {
        "ValidationException",  # DynamoDB, also for an item over 400 KB; EventBridge
        "ValidationError",  # DynamoDB's reason for a transaction
        "SerializationException",
        "InvalidParameterValue",  # SQS, also for a message over its limit
        "InvalidMessageContents",
        "InvalidArgument",  # S3
        "InvalidRequest",
        "EntityTooLarge",
        "KeyTooLongError",
        "MetadataTooLarge",
    }
)
_REFUSED = frozenset({"AccessDenied", "403", "AllAccessDisabled", "NoSuchBucket", "MethodNotAllowed"})


def code_of(error: ClientError) -> str:
    """The service's error code, or its HTTP status where the answer had no body (a HEAD)."""
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def unavailable_when_failing(what: str, *, refusal_ends_it: bool = False) -> Iterator[None]:
    """Turn whatever an AWS client raises into one of our errors; ``what`` is said in the log.

    Raises:
        CliploopError: UNAVAILABLE (retryable), or INTERNAL where trying again cannot help.
    """
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        lasting = _WRONG | _REFUSED if refusal_ends_it else _WRONG
        raise _ours(what, error) if _is_among(lasting, error) else _unavailable(what, error) from error


def _is_among(codes: frozenset[str], error: ClientError | BotoCoreError) -> bool:
    if not isinstance(error, ClientError):
        return isinstance(error, ParamValidationError)
    reasons = {reason.get("Code") for reason in error.response.get("CancellationReasons", [])}
    return code_of(error) in codes or bool(reasons & codes)


def _unavailable(what: str, error: Exception) -> CliploopError:
    return CliploopError(
        ErrorCode.UNAVAILABLE,
        "A service that cliploop needs did not answer as it should; trying again helps, as a rule.",
        log_text=f"{what}: {error}",
        retryable=True,
    )


def _ours(what: str, error: Exception) -> CliploopError:
    return CliploopError(
        ErrorCode.INTERNAL,
        "A service that cliploop needs does not take what it is given; the operator finds the reason in the log.",
        log_text=f"{what}: {error}",
    )
