"""Tencent VOD's codes for each of ours: of a failed sub-task (vendor document 266/50368), and of a refused call."""

from __future__ import annotations

from collections.abc import Collection

from cliploop.domain.errors import CliploopError, ErrorCode

#: ``ErrCodeExt``.
SUBTASK_CODES = {
    ErrorCode.PROCEDURE_NOT_FOUND: "InvalidInput.DefinitionNotExist",
    ErrorCode.TEMPLATE_NOT_FOUND: "InvalidInput.DefinitionNotExist",
    ErrorCode.UPLOAD_METADATA_INVALID: "InvalidInput",
    ErrorCode.SECTION_INVALID: "InvalidInput.InvalidTimeOffset",
    ErrorCode.LIMIT_EXCEEDED: "InvalidInput.ResultFileSizeTooLarge",
    ErrorCode.SOURCE_NOT_FOUND: "SourceFileError.DownloadNotAccessible",
    ErrorCode.SOURCE_FORBIDDEN: "SourceFileError.DownloadNotAccessible",
    ErrorCode.SOURCE_UNSUPPORTED: "SourceFileError.ContentUnsupported",
    ErrorCode.SOURCE_MALFORMED: "SourceFileError.ContentMalformed",
    ErrorCode.SOURCE_WITHOUT_VIDEO: "SourceFileError.NoVideoMedia",
    ErrorCode.SOURCE_ENCRYPTED: "SourceFileError.ContentUnsupported",
    ErrorCode.SOURCE_COLOR_UNSUPPORTED: "SourceFileError.ContentUnsupported",
    ErrorCode.OUTPUT_EMPTY: "SourceFileError.ContentMalformed",
    ErrorCode.OUTPUT_INVALID: "InternalError",
    ErrorCode.OUTPUT_NAME_TAKEN: "InvalidInput.PermissionDenied",
    ErrorCode.DEADLINE_EXCEEDED: "InvalidInput.ConfigurationUnsupported",
    ErrorCode.ATTEMPTS_EXHAUSTED: "InternalError",
    ErrorCode.TASK_ID_COLLISION: "InvalidInput.TaskDuplicated",
    ErrorCode.QUOTA_EXCEEDED: "InvalidInput.PermissionDenied",
    ErrorCode.REQUEST_INVALID: "InvalidInput",
    ErrorCode.PROJECT_UNKNOWN: "InvalidInput.PermissionDenied",
    ErrorCode.BUCKET_UNKNOWN: "InvalidInput",
    ErrorCode.FILE_NOT_FOUND: "SourceFileError.DownloadNotAccessible",
    ErrorCode.TASK_NOT_FOUND: "InvalidInput",
    ErrorCode.TASK_NOT_CANCELABLE: "InvalidInput",
    ErrorCode.TASK_CANCELED: "InvalidInput",
    ErrorCode.SESSION_REPEATED: "InvalidInput.TaskDuplicated",
    ErrorCode.TEMPLATE_PRESET: "InvalidInput.PermissionDenied",
    ErrorCode.TOO_MANY_TEMPLATES: "InvalidInput",
    ErrorCode.PROCEDURE_EXISTS: "InvalidInput",
    ErrorCode.PROCEDURE_PRESET: "InvalidInput.PermissionDenied",
    ErrorCode.TOO_MANY_PROCEDURES: "InvalidInput",
    ErrorCode.UPLOAD_SESSION_INVALID: "InvalidInput",
    ErrorCode.UPLOAD_MISSING: "SourceFileError.DownloadNotAccessible",
    ErrorCode.ADDRESS_REFUSED: "InvalidInput.PermissionDenied",
    ErrorCode.FETCH_FAILED: "SourceFileError.DownloadNotAccessible",
    ErrorCode.FETCH_TOO_LARGE: "SourceFileError.ContentUnsupported",
    ErrorCode.EVENTS_NOT_QUEUED: "InvalidInput",
    ErrorCode.EVENT_HANDLE_INVALID: "InvalidInput",
    ErrorCode.UNAVAILABLE: "InternalError",
    ErrorCode.INTERNAL: "InternalError",
}

_NUMBERS = {"InvalidInput": 40_000, "SourceFileError": 60_000, "InternalError": 70_000}


def numeric_code(subtask_code: str) -> int:
    """The older ``ErrCode`` of an ``ErrCodeExt``."""
    return _NUMBERS[subtask_code.partition(".")[0]]


#: The code of a call that fails with one of ours, where the operation has no wording of its own. What can only happen
#: to a task's work is an error inside, should a call ever meet it.
API_CODES = {
    ErrorCode.PROCEDURE_NOT_FOUND: "InvalidParameterValue.ProcedureName",
    ErrorCode.TEMPLATE_NOT_FOUND: "ResourceNotFound.TemplateNotExist",
    ErrorCode.REQUEST_INVALID: "InvalidParameter",
    ErrorCode.PROJECT_UNKNOWN: "UnauthorizedOperation",
    ErrorCode.SOURCE_NOT_FOUND: "InvalidParameterValue.FileId",
    ErrorCode.FILE_NOT_FOUND: "InvalidParameterValue.FileId",
    ErrorCode.TASK_NOT_FOUND: "InvalidParameterValue.TaskId",
    ErrorCode.TASK_NOT_CANCELABLE: "FailedOperation",
    ErrorCode.TASK_ID_COLLISION: "FailedOperation",
    # No operation that starts tasks documents a code for it; this is the one of any API, "Quota limit is exceeded".
    ErrorCode.QUOTA_EXCEEDED: "LimitExceeded",
    ErrorCode.SESSION_REPEATED: "InvalidParameterValue.SessionId",
    ErrorCode.TEMPLATE_PRESET: "InvalidParameterValue.ModifyDefaultTemplate",
    ErrorCode.TOO_MANY_TEMPLATES: "LimitExceeded.TooMuchTemplate",
    ErrorCode.PROCEDURE_EXISTS: "InvalidParameter.ExistedProcedureName",
    ErrorCode.PROCEDURE_PRESET: "FailedOperation",
    ErrorCode.TOO_MANY_PROCEDURES: "LimitExceeded",
    ErrorCode.UPLOAD_SESSION_INVALID: "InvalidParameterValue.VodSessionKey",
    ErrorCode.UPLOAD_MISSING: "ResourceNotFound",
    ErrorCode.ADDRESS_REFUSED: "InvalidParameterValue.MediaUrl",
    ErrorCode.EVENTS_NOT_QUEUED: "ResourceNotFound",
    ErrorCode.EVENT_HANDLE_INVALID: "InvalidParameterValue",
}


def api_code(error: CliploopError) -> str:
    """The code of a call that failed with ``error``."""
    return "InternalError" if error.retryable else API_CODES.get(error.code, "InternalError")


def code_of_parameter(path: str, codes: Collection[str]) -> str:
    """The code of a call whose parameter ``path`` has a wrong value: the most exact of the operation's ``codes``."""
    name = next(part for part in reversed(path.split(".")) if not part.isdecimal())
    exact_first = (
        f"InvalidParameterValue.{name}",
        f"InvalidParameter.{name}",
        "InvalidParameterValue",
        "InvalidParameter",
    )
    return next((code for code in exact_first if code in codes), "InvalidParameter")
