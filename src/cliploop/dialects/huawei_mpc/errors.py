"""Huawei MPC's error codes for each of ours, and the bodies that carry them."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from cliploop.dialects.refusal import Refusal
from cliploop.domain.errors import CliploopError, ErrorCode


@dataclass(frozen=True)
class ErrorReply:
    """An HTTP answer that says what went wrong."""

    status: HTTPStatus
    body: dict[str, str]


SYSTEM_ERROR = "MPC.10050"
NO_INPUT = "MPC.10053"
INVALID_PARAMETER = "MPC.10202"
WRONG_METHOD = "MPC.10204"
WRONG_TYPE = "MPC.10205"
TENANT_NOT_VERIFIED = "MPC.10208"
INVALID_PATH = "MPC.10209"
OPERATION_FAILED = "MPC.10212"
#: Of the vendor's gateway, which stands in front of all of its APIs.
NO_SUCH_API = "APIGW.0101"
NOT_AUTHENTICATED = "APIGW.0301"
THROTTLED = "APIGW.0308"

#: The HTTP status of a code, as the vendor's tables of error codes have it; of any other it is 400.
STATUSES = {
    SYSTEM_ERROR: HTTPStatus.INTERNAL_SERVER_ERROR,
    TENANT_NOT_VERIFIED: HTTPStatus.FORBIDDEN,
    INVALID_PATH: HTTPStatus.FORBIDDEN,
    OPERATION_FAILED: HTTPStatus.FORBIDDEN,
    NO_SUCH_API: HTTPStatus.NOT_FOUND,
    NOT_AUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    THROTTLED: HTTPStatus.TOO_MANY_REQUESTS,
}

#: What a request can be answered with, for the reference page.
MEANINGS = {
    INVALID_PARAMETER: "a parameter is missing, unknown, or has a wrong value; `error_msg` names it",
    NO_INPUT: "the input is not there",
    SYSTEM_ERROR: "something is wrong inside; 503 where trying again can help",
    WRONG_METHOD: "the address has no such method",
    WRONG_TYPE: "the body is not `application/json`",
    TENANT_NOT_VERIFIED: "the address, or who calls, is of a project that the stack does not serve",
    INVALID_PATH: "a bucket, its region, or the output's folder and file name cannot be",
    OPERATION_FAILED: "the task has ended, or its image is being stored",
    NO_SUCH_API: "nothing is at that address",
    NOT_AUTHENTICATED: "who calls is not known",
    THROTTLED: "the project's quota of open tasks has no room for the task",
}

#: The vendor's code for each of ours, in requests and in tasks.
CODES = {
    ErrorCode.PROCEDURE_NOT_FOUND: "MPC.10089",
    ErrorCode.TEMPLATE_NOT_FOUND: "MPC.10089",
    ErrorCode.UPLOAD_METADATA_INVALID: INVALID_PARAMETER,
    ErrorCode.SECTION_INVALID: INVALID_PARAMETER,
    ErrorCode.LIMIT_EXCEEDED: INVALID_PARAMETER,
    ErrorCode.SOURCE_NOT_FOUND: NO_INPUT,
    ErrorCode.SOURCE_FORBIDDEN: "MPC.10052",
    ErrorCode.SOURCE_UNSUPPORTED: "MPC.10066",
    ErrorCode.SOURCE_MALFORMED: "MPC.10066",
    ErrorCode.SOURCE_WITHOUT_VIDEO: "MPC.10066",
    ErrorCode.SOURCE_ENCRYPTED: "MPC.10066",
    ErrorCode.SOURCE_COLOR_UNSUPPORTED: "MPC.10066",
    ErrorCode.OUTPUT_EMPTY: "MPC.10066",
    ErrorCode.OUTPUT_INVALID: SYSTEM_ERROR,
    ErrorCode.OUTPUT_NAME_TAKEN: INVALID_PATH,
    ErrorCode.DEADLINE_EXCEEDED: OPERATION_FAILED,
    ErrorCode.ATTEMPTS_EXHAUSTED: SYSTEM_ERROR,
    ErrorCode.TASK_ID_COLLISION: SYSTEM_ERROR,
    ErrorCode.QUOTA_EXCEEDED: THROTTLED,
    ErrorCode.REQUEST_INVALID: INVALID_PARAMETER,
    ErrorCode.PROJECT_UNKNOWN: TENANT_NOT_VERIFIED,
    ErrorCode.BUCKET_UNKNOWN: INVALID_PATH,
    ErrorCode.FILE_NOT_FOUND: NO_INPUT,
    ErrorCode.TASK_NOT_FOUND: INVALID_PARAMETER,
    ErrorCode.TASK_NOT_CANCELABLE: OPERATION_FAILED,
    ErrorCode.TASK_CANCELED: INVALID_PARAMETER,
    ErrorCode.SESSION_REPEATED: INVALID_PARAMETER,
    ErrorCode.TEMPLATE_PRESET: INVALID_PARAMETER,
    ErrorCode.TOO_MANY_TEMPLATES: INVALID_PARAMETER,
    ErrorCode.PROCEDURE_EXISTS: INVALID_PARAMETER,
    ErrorCode.PROCEDURE_PRESET: INVALID_PARAMETER,
    ErrorCode.TOO_MANY_PROCEDURES: INVALID_PARAMETER,
    ErrorCode.UPLOAD_SESSION_INVALID: INVALID_PARAMETER,
    ErrorCode.UPLOAD_MISSING: NO_INPUT,
    ErrorCode.ADDRESS_REFUSED: INVALID_PARAMETER,
    ErrorCode.FETCH_FAILED: NO_INPUT,
    ErrorCode.FETCH_TOO_LARGE: INVALID_PARAMETER,
    ErrorCode.EVENTS_NOT_QUEUED: INVALID_PARAMETER,
    ErrorCode.EVENT_HANDLE_INVALID: INVALID_PARAMETER,
    ErrorCode.UNAVAILABLE: SYSTEM_ERROR,
    ErrorCode.INTERNAL: SYSTEM_ERROR,
}


def encode_error(error: CliploopError) -> ErrorReply:
    """The answer to a request that failed with ``error``: 503 where trying again can help."""
    if error.retryable:
        return ErrorReply(HTTPStatus.SERVICE_UNAVAILABLE, _body(SYSTEM_ERROR, error.caller_text))
    code = CODES[error.code]
    return ErrorReply(STATUSES.get(code, HTTPStatus.BAD_REQUEST), _body(code, error.caller_text))


def encode_refusal(refusal: Refusal) -> ErrorReply:
    """The answer to a request that is refused with one of the vendor's codes."""
    return ErrorReply(STATUSES.get(refusal.code, HTTPStatus.BAD_REQUEST), _body(refusal.code, refusal.message))


def _body(code: str, message: str) -> dict[str, str]:
    return {"error_code": code, "error_msg": message}
