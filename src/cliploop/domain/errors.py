"""What can go wrong with a task, each case with the four things that somebody needs to know about it.

Code (for a dialect's table), text for the log, text for the caller, and whether trying again can help.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ErrorCode(StrEnum):
    """Every way in which a task, an output or a request fails. Each dialect maps every code."""

    PROCEDURE_NOT_FOUND = "ProcedureNotFound"
    TEMPLATE_NOT_FOUND = "TemplateNotFound"
    UPLOAD_METADATA_INVALID = "UploadMetadataInvalid"
    SECTION_INVALID = "SectionInvalid"
    LIMIT_EXCEEDED = "LimitExceeded"
    SOURCE_NOT_FOUND = "SourceNotFound"
    SOURCE_FORBIDDEN = "SourceForbidden"
    SOURCE_UNSUPPORTED = "SourceUnsupported"
    SOURCE_MALFORMED = "SourceMalformed"
    SOURCE_WITHOUT_VIDEO = "SourceWithoutVideo"
    SOURCE_ENCRYPTED = "SourceEncrypted"
    SOURCE_COLOR_UNSUPPORTED = "SourceColorUnsupported"
    OUTPUT_EMPTY = "OutputEmpty"
    OUTPUT_INVALID = "OutputInvalid"
    OUTPUT_NAME_TAKEN = "OutputNameTaken"
    DEADLINE_EXCEEDED = "DeadlineExceeded"
    ATTEMPTS_EXHAUSTED = "AttemptsExhausted"
    TASK_ID_COLLISION = "TaskIdCollision"
    QUOTA_EXCEEDED = "QuotaExceeded"
    REQUEST_INVALID = "RequestInvalid"
    PROJECT_UNKNOWN = "ProjectUnknown"
    BUCKET_UNKNOWN = "BucketUnknown"
    FILE_NOT_FOUND = "FileNotFound"
    TASK_NOT_FOUND = "TaskNotFound"
    TASK_NOT_CANCELABLE = "TaskNotCancelable"
    TASK_CANCELED = "TaskCanceled"
    SESSION_REPEATED = "SessionRepeated"
    TEMPLATE_PRESET = "TemplatePreset"
    TOO_MANY_TEMPLATES = "TooManyTemplates"
    PROCEDURE_EXISTS = "ProcedureExists"
    PROCEDURE_PRESET = "ProcedurePreset"
    TOO_MANY_PROCEDURES = "TooManyProcedures"
    UPLOAD_SESSION_INVALID = "UploadSessionInvalid"
    UPLOAD_MISSING = "UploadMissing"
    ADDRESS_REFUSED = "AddressRefused"
    FETCH_FAILED = "FetchFailed"
    FETCH_TOO_LARGE = "FetchTooLarge"
    EVENTS_NOT_QUEUED = "EventsNotQueued"
    EVENT_HANDLE_INVALID = "EventHandleInvalid"
    UNAVAILABLE = "Unavailable"
    INTERNAL = "Internal"


@dataclass(frozen=True)
class Failure:
    """An error as a stored value: what the row and the notification keep of it."""

    code: ErrorCode
    message: str


class CliploopError(Exception):
    """A failure that the house knows.

    Attributes:
        code: its name, the same in every dialect's table.
        log_text: for the operator; may name buckets, keys and ffmpeg's own words.
        caller_text: for the person who asked; says what to do, and never holds a secret or an address.
        retryable: whether the same work may succeed when it is tried again unchanged.
    """

    def __init__(self, code: ErrorCode, caller_text: str, *, log_text: str = "", retryable: bool = False) -> None:
        super().__init__(log_text or caller_text)
        self.code = code
        self.log_text = log_text or caller_text
        self.caller_text = caller_text
        self.retryable = retryable

    def failure(self) -> Failure:
        """The part that is stored and told."""
        return Failure(self.code, self.caller_text)


class InvalidRequestError(CliploopError):
    """A caller's parameter is wrong; ``parameter`` names it."""

    def __init__(self, parameter: str, caller_text: str) -> None:
        super().__init__(ErrorCode.REQUEST_INVALID, caller_text)
        self.parameter = parameter
