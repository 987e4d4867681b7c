"""What an AWS client's exception means for a task."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from cliploop.domain.errors import CliploopError, ErrorCode


def code_of(error: ClientError) -> str:
    """The service's error code, or its HTTP status where the answer had no body (a HEAD)."""
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def unavailable_when_failing(what: str) -> Iterator[None]:
    """Turn whatever an AWS client raises into UNAVAILABLE, to be tried again; ``what`` is said in the log."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise CliploopError(
            ErrorCode.UNAVAILABLE,
            "A service that cliploop needs did not answer as it should; trying again helps, as a rule.",
            log_text=f"{what}: {error}",
            retryable=True,
        ) from error
