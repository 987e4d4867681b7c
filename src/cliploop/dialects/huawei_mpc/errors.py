"""Huawei MPC's error codes for each of ours, and the bodies that carry them."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from cliploop.domain.errors import CliploopError, ErrorCode


@dataclass(frozen=True)
class ErrorReply:
    """An HTTP answer that says what went wrong."""

    status: HTTPStatus
    body: dict[str, str]


INVALID_PARAMETER = "MPC.10202"
TENANT_NOT_VERIFIED = "MPC.10208"
SYSTEM_ERROR = "MPC.10050"

#: The vendor's code for each of ours, in requests and in tasks.
CODES = {
    ErrorCode.PROCEDURE_NOT_FOUND: "MPC.10089",
    ErrorCode.TEMPLATE_NOT_FOUND: "MPC.10089",
    ErrorCode.UPLOAD_METADATA_INVALID: INVALID_PARAMETER,
    ErrorCode.SECTION_INVALID: INVALID_PARAMETER,
    ErrorCode.LIMIT_EXCEEDED: INVALID_PARAMETER,
    ErrorCode.SOURCE_NOT_FOUND: "MPC.10053",
    ErrorCode.SOURCE_FORBIDDEN: "MPC.10052",
    ErrorCode.SOURCE_UNSUPPORTED: "MPC.10066",
    ErrorCode.SOURCE_MALFORMED: "MPC.10066",
    ErrorCode.SOURCE_WITHOUT_VIDEO: "MPC.10066",
    ErrorCode.SOURCE_ENCRYPTED: "MPC.10066",
    ErrorCode.SOURCE_COLOR_UNSUPPORTED: "MPC.10066",
    ErrorCode.OUTPUT_EMPTY: "MPC.10066",
    ErrorCode.OUTPUT_INVALID: SYSTEM_ERROR,
    ErrorCode.OUTPUT_NAME_TAKEN: "MPC.10209",
    ErrorCode.DEADLINE_EXCEEDED: "MPC.10212",
    ErrorCode.ATTEMPTS_EXHAUSTED: SYSTEM_ERROR,
    ErrorCode.TASK_ID_COLLISION: SYSTEM_ERROR,
    ErrorCode.REQUEST_INVALID: INVALID_PARAMETER,
    ErrorCode.PROJECT_UNKNOWN: TENANT_NOT_VERIFIED,
    ErrorCode.FILE_NOT_FOUND: "MPC.10053",
    ErrorCode.TASK_NOT_FOUND: INVALID_PARAMETER,
    ErrorCode.TASK_NOT_CANCELABLE: INVALID_PARAMETER,
    ErrorCode.TASK_CANCELED: INVALID_PARAMETER,
    ErrorCode.SESSION_REPEATED: INVALID_PARAMETER,
    ErrorCode.TEMPLATE_PRESET: INVALID_PARAMETER,
    ErrorCode.TOO_MANY_TEMPLATES: INVALID_PARAMETER,
    ErrorCode.PROCEDURE_EXISTS: INVALID_PARAMETER,
    ErrorCode.PROCEDURE_PRESET: INVALID_PARAMETER,
    ErrorCode.TOO_MANY_PROCEDURES: INVALID_PARAMETER,
    ErrorCode.UPLOAD_SESSION_INVALID: INVALID_PARAMETER,
    ErrorCode.UPLOAD_MISSING: "MPC.10053",
    ErrorCode.ADDRESS_REFUSED: INVALID_PARAMETER,
    ErrorCode.FETCH_FAILED: "MPC.10053",
    ErrorCode.FETCH_TOO_LARGE: INVALID_PARAMETER,
    ErrorCode.EVENTS_NOT_QUEUED: INVALID_PARAMETER,
    ErrorCode.EVENT_HANDLE_INVALID: INVALID_PARAMETER,
    ErrorCode.UNAVAILABLE: SYSTEM_ERROR,
    ErrorCode.INTERNAL: SYSTEM_ERROR,
}


def encode_error(error: CliploopError) -> ErrorReply:
    """The answer to a request that failed with ``error``: 503 where trying again can help, otherwise 400."""
    status = HTTPStatus.SERVICE_UNAVAILABLE if error.retryable else HTTPStatus.BAD_REQUEST
    return ErrorReply(status, {"error_code": CODES[error.code], "error_msg": error.caller_text})
