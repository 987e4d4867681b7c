"""What an upload says about itself: the S3 event, and the metadata that its uploader attached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from urllib.parse import unquote

from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.procedure import NotifyMode
from cliploop.domain.section import Section

#: User metadata (``x-amz-meta-…``) of an upload that cliploop reads.
PROCEDURE_KEY = "procedure"
SECTION_KEY = "section"
SESSION_CONTEXT_KEY = "session-context"
PRIORITY_KEY = "tasks-priority"
NOTIFY_MODE_KEY = "tasks-notify-mode"
SOURCE_CONTEXT_KEY = "source-context"
NAME_KEY = "media-name"
#: User metadata that cliploop writes on what it makes, so that it never takes its own work for an upload.
ATTEMPT_KEY = "cliploop-attempt"

#: As ``x-amz-meta-procedure``: "known media, make no task".
NO_PROCEDURE = "none"

#: Objects under this prefix were applied for (ApplyUpload): nothing happens to them until they are committed.
APPLIED_PREFIX = "cliploop-applied/"
#: Objects under this prefix were fetched from an address.
FETCHED_PREFIX = "cliploop-fetched/"

#: Tencent VOD's bounds of SessionContext, SourceContext and TasksPriority, and ours of a name.
MAX_SESSION_CONTEXT = 1_000
MAX_SOURCE_CONTEXT = 250
MAX_NAME = 1_024
PRIORITIES = range(-10, 11)

#: A section's bound in either direction. No source is longer, and it keeps milliseconds far from any overflow.
_MAX_OFFSET_S = 10_000_000


@dataclass(frozen=True)
class UploadedObject:
    """An object version that S3 says was created; ``key`` is as it is, not URL-encoded. Size in bytes."""

    source: ObjectVersion
    size: int


@dataclass(frozen=True)
class UploadOrder:
    """What an uploader asks for. ``procedure`` is None where nothing is said, and ``NO_PROCEDURE`` for no task."""

    procedure: str | None = None
    section: Section | None = None
    session_context: str = ""
    priority: int = 0
    notify_mode: NotifyMode = NotifyMode.FINISH
    source_context: str = ""
    name: str = ""


def reason_to_skip(upload: UploadedObject, metadata: Mapping[str, str]) -> str | None:
    """Why ``upload`` is not taken for a file, or None."""
    if upload.source.key.endswith("/"):
        return "the key ends in '/': a folder marker"
    if upload.size == 0:
        return "the object is empty"
    if ATTEMPT_KEY in metadata:
        return "the object was written by cliploop"
    if upload.source.key.startswith(APPLIED_PREFIX):
        return "the object was applied for and waits for its commit"
    return None


def read_order(metadata: Mapping[str, str]) -> UploadOrder:
    """Read an upload's metadata.

    S3 carries metadata as ASCII. Values are percent-encoded UTF-8; RFC 2047, which S3 itself answers with for values
    that came as raw UTF-8, is read too.

    Raises:
        CliploopError: UPLOAD_METADATA_INVALID, naming the entry and what it should be.
    """
    text = {name: _decode(value) for name, value in metadata.items()}
    return UploadOrder(
        procedure=text.get(PROCEDURE_KEY, "").strip() or None,
        section=_section(text.get(SECTION_KEY, "")),
        session_context=_bounded(text, SESSION_CONTEXT_KEY, MAX_SESSION_CONTEXT),
        priority=_priority(text.get(PRIORITY_KEY, "")),
        notify_mode=_notify_mode(text.get(NOTIFY_MODE_KEY, "").strip()),
        source_context=_bounded(text, SOURCE_CONTEXT_KEY, MAX_SOURCE_CONTEXT),
        name=_bounded(text, NAME_KEY, MAX_NAME),
    )


def _bounded(text: Mapping[str, str], name: str, most: int) -> str:
    value = text.get(name, "")
    if len(value) > most:
        raise _invalid(name, f"has {len(value)} characters; at most {most} fit")
    return value


def _notify_mode(text: str) -> NotifyMode:
    try:
        return NotifyMode(text or NotifyMode.FINISH)
    except ValueError:
        raise _invalid(NOTIFY_MODE_KEY, f"is {text!r}; it is one of {', '.join(NotifyMode)}") from None


def _decode(value: str) -> str:
    try:
        return unquote(str(make_header(decode_header(value))), errors="strict")
    except (UnicodeDecodeError, HeaderParseError, LookupError, ValueError):
        return value  # not encoded in either way: it means what it says


def _section(text: str) -> Section | None:
    if not text.strip():
        return None
    start, comma, end = text.partition(",")
    if not comma:
        raise _invalid(SECTION_KEY, f"is {text!r}; write start and end in seconds with a comma, as in 2,5.5")
    return Section(_milliseconds(start), _milliseconds(end))


def _milliseconds(text: str) -> int:
    try:
        seconds = Decimal(text.strip() or "0")
    except InvalidOperation:
        raise _invalid(SECTION_KEY, f"has {text!r} where seconds are expected, as in 2.5") from None
    if not seconds.is_finite() or abs(seconds) > _MAX_OFFSET_S:
        raise _invalid(SECTION_KEY, f"has {text!r}, which no video is long enough for")
    return round(seconds * 1000)


def _priority(text: str) -> int:
    try:
        priority = int(text.strip() or "0")
    except ValueError:
        priority = PRIORITIES.stop
    if priority not in PRIORITIES:
        raise _invalid(PRIORITY_KEY, f"is {text!r}; it is a whole number from -10 to 10")
    return priority


def _invalid(name: str, what: str) -> CliploopError:
    return CliploopError(ErrorCode.UPLOAD_METADATA_INVALID, f"The upload's metadata x-amz-meta-{name} {what}.")
