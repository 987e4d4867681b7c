"""The vendor's error codes with their HTTP status, and which of them stands for each of ours."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from cliploop.dialects.refusal import Refusal
from cliploop.domain.errors import CliploopError, ErrorCode, InvalidRequestError


@dataclass(frozen=True)
class VendorCode:
    """A code of the vendor's: the status that it comes with, and its sentence, ``{0}`` being a parameter's name."""

    status: HTTPStatus
    sentence: str


_FAILED = "An error occurred while processing your request."

#: The table of the vendor's page on CreateGifTask; it is the same for every operation.
DOCUMENTED = {
    "InternalError": VendorCode(HTTPStatus.INTERNAL_SERVER_ERROR, _FAILED),
    "InvalidApiNotFound": VendorCode(
        HTTPStatus.NOT_FOUND, "The specified API operation does not exist. Please check the URL and method."
    ),
    "InvalidParameter": VendorCode(HTTPStatus.BAD_REQUEST, "The specified parameter {0} is invalid."),
    "InvalidTimeStamp": VendorCode(
        HTTPStatus.BAD_REQUEST, "The specified TimeStamp is invalid. Please check parameter {0}."
    ),
    "MissingParameter": VendorCode(HTTPStatus.BAD_REQUEST, "You must specify the parameter {0}."),
    "ResourceNotFound": VendorCode(
        HTTPStatus.NOT_FOUND, "The requested resource does not exist. Please check the parameter {0}."
    ),
    "ServiceUnavailable": VendorCode(HTTPStatus.INTERNAL_SERVER_ERROR, _FAILED),
    "UnknownError": VendorCode(HTTPStatus.INTERNAL_SERVER_ERROR, _FAILED),
    "Unauthorized": VendorCode(HTTPStatus.UNAUTHORIZED, "You are not authorized to perform the operation."),
    "ServiceNotSelected": VendorCode(HTTPStatus.NOT_ACCEPTABLE, "The service is not activated."),
    "ServiceNotOpened": VendorCode(HTTPStatus.UNAUTHORIZED, "You have not purchased the service."),
    "BalanceNotEnough": VendorCode(
        HTTPStatus.UNAUTHORIZED, "The account balance is insufficient and you cannot perform the request."
    ),
    "FaceImageCountLimit": VendorCode(HTTPStatus.NOT_ACCEPTABLE, "The maximum number of face images is exceeded."),
    "ApplicationCountLimit": VendorCode(HTTPStatus.NOT_ACCEPTABLE, "The maximum number of applications is exceeded."),
    "FileUploadCountLimit": VendorCode(HTTPStatus.NOT_ACCEPTABLE, "The maximum number of file upload is exceeded."),
    "FileContentInvalid": VendorCode(HTTPStatus.NOT_ACCEPTABLE, "The specified file content is invalid."),
    "ExistParameter": VendorCode(HTTPStatus.NOT_ACCEPTABLE, "The specified parameter {0} exists."),
    "ExistTemplateRelationship": VendorCode(HTTPStatus.NOT_ACCEPTABLE, "The associated template already exists."),
}

#: Those of the table that no operation here answers with.
NEVER = {
    "UnknownError": "what nobody expected is `InternalError`",
    "ServiceNotSelected": "the service is active for as long as the stack is there",
    "ServiceNotOpened": "nothing is bought here",
    "BalanceNotEnough": "nothing is bought here",
    "FaceImageCountLimit": "there are no faces",
    "ApplicationCountLimit": "applications are a parameter of the stack, and not counted",
    "FileContentInvalid": "a file is looked at by its task, which then ends with `Status` 3",
    "ExistParameter": "nothing with a name is created",
    "ExistTemplateRelationship": "templates are not changed or deleted by this API",
}

#: Of an operation that starts no task.
STARTS_NOTHING = {"FileUploadCountLimit": "only open tasks are counted, and no task is started"}

#: What the vendor's gateway says of who calls and how, where the table above has no word for it.
GATEWAY = {
    "InvalidVersion": VendorCode(HTTPStatus.BAD_REQUEST, "Specified parameter Version is not valid."),
    "InvalidTimeStamp.Expired": VendorCode(HTTPStatus.BAD_REQUEST, "Specified time stamp or date value is expired."),
    "InvalidAccessKeyId.NotFound": VendorCode(HTTPStatus.NOT_FOUND, "Specified access key is not found."),
    "InvalidSecurityToken.Malformed": VendorCode(HTTPStatus.BAD_REQUEST, "Specified SecurityToken is malformed."),
    "IncompleteSignature": VendorCode(
        HTTPStatus.BAD_REQUEST, "The request signature does not conform to Aliyun standards."
    ),
    # Clients of the older generation split this at its colon and compare what follows with what they signed.
    "SignatureDoesNotMatch": VendorCode(
        HTTPStatus.BAD_REQUEST,
        "Specified signature is not matched with our calculation. server string to sign is:{0}",
    ),
    "SignatureNonceUsed": VendorCode(HTTPStatus.BAD_REQUEST, "Specified signature nonce was used already."),
}

CODES = DOCUMENTED | GATEWAY


def refused(code: str, parameter: str = "", advice: str = "") -> Refusal:
    """A refusal in the vendor's sentence, with ``advice`` of ours behind it."""
    sentence = CODES[code].sentence.format(parameter)
    return Refusal(code, f"{sentence} {advice}" if advice else sentence)


@dataclass(frozen=True)
class _Answer:
    code: str
    parameter: str = ""


_INTERNAL = _Answer("InternalError")
_AGAIN = _Answer("ServiceUnavailable")
_NO_TEMPLATE = _Answer("ResourceNotFound", "TemplateId")
_NO_TASK = _Answer("ResourceNotFound", "TaskId")
_NO_VIDEO = _Answer("ResourceNotFound", "VideoUrl")
_BAD_VIDEO = _Answer("InvalidParameter", "VideoUrl")

#: How a call answers that fails with one of ours. What no operation here can meet is an error inside.
API_CODES = {
    ErrorCode.PROCEDURE_NOT_FOUND: _INTERNAL,
    ErrorCode.TEMPLATE_NOT_FOUND: _NO_TEMPLATE,
    ErrorCode.UPLOAD_METADATA_INVALID: _INTERNAL,
    ErrorCode.SECTION_INVALID: _BAD_VIDEO,
    ErrorCode.LIMIT_EXCEEDED: _INTERNAL,
    ErrorCode.SOURCE_NOT_FOUND: _NO_VIDEO,
    ErrorCode.SOURCE_FORBIDDEN: _BAD_VIDEO,
    ErrorCode.SOURCE_UNSUPPORTED: _BAD_VIDEO,
    ErrorCode.SOURCE_MALFORMED: _BAD_VIDEO,
    ErrorCode.SOURCE_WITHOUT_VIDEO: _BAD_VIDEO,
    ErrorCode.SOURCE_ENCRYPTED: _BAD_VIDEO,
    ErrorCode.SOURCE_COLOR_UNSUPPORTED: _BAD_VIDEO,
    ErrorCode.OUTPUT_EMPTY: _INTERNAL,
    ErrorCode.OUTPUT_INVALID: _INTERNAL,
    ErrorCode.OUTPUT_NAME_TAKEN: _INTERNAL,
    ErrorCode.DEADLINE_EXCEEDED: _INTERNAL,
    ErrorCode.ATTEMPTS_EXHAUSTED: _INTERNAL,
    # The id is made of the call's nonce; the next call has another.
    ErrorCode.TASK_ID_COLLISION: _AGAIN,
    # The one of the table that is nearest: a call that starts a task names a file to be fetched.
    ErrorCode.QUOTA_EXCEEDED: _Answer("FileUploadCountLimit"),
    ErrorCode.REQUEST_INVALID: _Answer("InvalidParameter"),
    ErrorCode.PROJECT_UNKNOWN: _Answer("Unauthorized"),
    ErrorCode.BUCKET_UNKNOWN: _INTERNAL,
    ErrorCode.FILE_NOT_FOUND: _NO_VIDEO,
    ErrorCode.TASK_NOT_FOUND: _NO_TASK,
    ErrorCode.TASK_NOT_CANCELABLE: _INTERNAL,
    ErrorCode.TASK_CANCELED: _INTERNAL,
    ErrorCode.SESSION_REPEATED: _INTERNAL,
    ErrorCode.TEMPLATE_PRESET: _INTERNAL,
    ErrorCode.TOO_MANY_TEMPLATES: _INTERNAL,
    ErrorCode.PROCEDURE_EXISTS: _INTERNAL,
    ErrorCode.PROCEDURE_PRESET: _INTERNAL,
    ErrorCode.TOO_MANY_PROCEDURES: _INTERNAL,
    ErrorCode.UPLOAD_SESSION_INVALID: _INTERNAL,
    ErrorCode.UPLOAD_MISSING: _INTERNAL,
    ErrorCode.ADDRESS_REFUSED: _BAD_VIDEO,
    ErrorCode.FETCH_FAILED: _BAD_VIDEO,
    ErrorCode.FETCH_TOO_LARGE: _BAD_VIDEO,
    ErrorCode.EVENTS_NOT_QUEUED: _INTERNAL,
    ErrorCode.EVENT_HANDLE_INVALID: _INTERNAL,
    ErrorCode.UNAVAILABLE: _AGAIN,
    ErrorCode.INTERNAL: _INTERNAL,
}


def refusal_of(error: CliploopError, parameter: str = "") -> Refusal:
    """What the house raised, in the vendor's words; ``parameter`` is the one that is wrong, where that is known."""
    if isinstance(error, InvalidRequestError):
        parameter = parameter or error.parameter
    answer = _AGAIN if error.retryable else API_CODES[error.code]
    return refused(answer.code, parameter or answer.parameter, error.caller_text)
