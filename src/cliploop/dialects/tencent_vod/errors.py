"""Tencent VOD's codes of a failed sub-task for each of ours (vendor document 266/50368)."""

from __future__ import annotations

from cliploop.domain.errors import ErrorCode

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
    ErrorCode.REQUEST_INVALID: "InvalidInput",
    ErrorCode.PROJECT_UNKNOWN: "InvalidInput.PermissionDenied",
    ErrorCode.UNAVAILABLE: "InternalError",
    ErrorCode.INTERNAL: "InternalError",
}

_NUMBERS = {"InvalidInput": 40_000, "SourceFileError": 60_000, "InternalError": 70_000}


def numeric_code(subtask_code: str) -> int:
    """The older ``ErrCode`` of an ``ErrCodeExt``."""
    return _NUMBERS[subtask_code.partition(".")[0]]
