"""What a failed task says. The vendor documents one of these numbers, 1000 "Download fail"; the others are ours."""

from __future__ import annotations

from cliploop.domain.errors import ErrorCode

_DOWNLOAD = ("1000", "Download fail")
_SOURCE = ("1001", "Source file invalid")
_PARAMETER = ("1002", "Parameter invalid")
_LIMIT = ("1003", "Limit exceeded")
_OUTPUT = ("1004", "Output fail")
_CANCELED = ("1005", "Task canceled")
_INTERNAL = ("1006", "Internal error")

#: ``ErrorCode`` and ``ErrorName``; ``ErrorReason`` is our own code's name.
TASK_CODES = {
    ErrorCode.PROCEDURE_NOT_FOUND: _PARAMETER,
    ErrorCode.TEMPLATE_NOT_FOUND: _PARAMETER,
    ErrorCode.UPLOAD_METADATA_INVALID: _PARAMETER,
    ErrorCode.SECTION_INVALID: _PARAMETER,
    ErrorCode.LIMIT_EXCEEDED: _LIMIT,
    ErrorCode.SOURCE_NOT_FOUND: _DOWNLOAD,
    ErrorCode.SOURCE_FORBIDDEN: _DOWNLOAD,
    ErrorCode.SOURCE_UNSUPPORTED: _SOURCE,
    ErrorCode.SOURCE_MALFORMED: _SOURCE,
    ErrorCode.SOURCE_WITHOUT_VIDEO: _SOURCE,
    ErrorCode.SOURCE_ENCRYPTED: _SOURCE,
    ErrorCode.SOURCE_COLOR_UNSUPPORTED: _SOURCE,
    ErrorCode.OUTPUT_EMPTY: _SOURCE,
    ErrorCode.OUTPUT_INVALID: _OUTPUT,
    ErrorCode.OUTPUT_NAME_TAKEN: _OUTPUT,
    ErrorCode.DEADLINE_EXCEEDED: _LIMIT,
    ErrorCode.ATTEMPTS_EXHAUSTED: _INTERNAL,
    ErrorCode.TASK_ID_COLLISION: _INTERNAL,
    ErrorCode.QUOTA_EXCEEDED: _LIMIT,
    ErrorCode.REQUEST_INVALID: _PARAMETER,
    ErrorCode.PROJECT_UNKNOWN: _PARAMETER,
    ErrorCode.BUCKET_UNKNOWN: _PARAMETER,
    ErrorCode.FILE_NOT_FOUND: _DOWNLOAD,
    ErrorCode.TASK_NOT_FOUND: _INTERNAL,
    ErrorCode.TASK_NOT_CANCELABLE: _INTERNAL,
    ErrorCode.TASK_CANCELED: _CANCELED,
    ErrorCode.SESSION_REPEATED: _PARAMETER,
    ErrorCode.TEMPLATE_PRESET: _PARAMETER,
    ErrorCode.TOO_MANY_TEMPLATES: _LIMIT,
    ErrorCode.PROCEDURE_EXISTS: _PARAMETER,
    ErrorCode.PROCEDURE_PRESET: _PARAMETER,
    ErrorCode.TOO_MANY_PROCEDURES: _LIMIT,
    ErrorCode.UPLOAD_SESSION_INVALID: _PARAMETER,
    ErrorCode.UPLOAD_MISSING: _DOWNLOAD,
    ErrorCode.ADDRESS_REFUSED: _DOWNLOAD,
    ErrorCode.FETCH_FAILED: _DOWNLOAD,
    ErrorCode.FETCH_TOO_LARGE: _DOWNLOAD,
    ErrorCode.EVENTS_NOT_QUEUED: _INTERNAL,
    ErrorCode.EVENT_HANDLE_INVALID: _INTERNAL,
    ErrorCode.UNAVAILABLE: _INTERNAL,
    ErrorCode.INTERNAL: _INTERNAL,
}
