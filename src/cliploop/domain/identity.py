"""Task and file ids: 63-bit numbers that are a hash of what they stand for (docs/adr/0001)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b

_MAX_ID = 2**63 - 1
#: The largest whole number up to which JavaScript's numbers hold every one (ECMA-262, Number.MAX_SAFE_INTEGER).
_MAX_EXACT_ID = 2**53 - 1
_VOD_TASK_ID = re.compile(r"(\d{1,20})-(Procedure|PullUpload)-([0-9a-f]{16})([0-9a-f]{16})t0")


@dataclass(frozen=True)
class ObjectVersion:
    """One version of one object: what a task is made from."""

    bucket: str
    key: str
    version_id: str


def task_id_of_upload(project_id: str, source: ObjectVersion) -> int:
    """The id of the task that an uploaded object version starts, the same for every delivery of its event."""
    return _hashed("task", project_id, source.bucket, source.key, source.version_id)


def task_id_of_session(project_id: str, session_id: str, turn: int) -> int:
    """The id of a task that a caller started under a session id, when that is used for the ``turn``-th time."""
    return _hashed("session", project_id, session_id, str(turn))


def task_id_of_request(project_id: str, token: str, *, exact: bool = False) -> int:
    """The id of a task that a call without a session id started; ``token`` stands for the call.

    An ``exact`` id is one that clients may read as a floating-point number without loss, as JavaScript's do. So few
    bits make it thinkable that two calls get the same one, which is found out when the row is stored.
    """
    return _hashed("request", project_id, token, most=_MAX_EXACT_ID if exact else _MAX_ID)


def file_id_of(project_id: str, source: ObjectVersion) -> int:
    """The id of an object version as a file."""
    return _hashed("file", project_id, source.bucket, source.key, source.version_id)


def delivery_id_of(project_id: str, task_id: int, row_version: int) -> str:
    """The id of the notification of one stored change: 32 hex digits, the same however often it is delivered."""
    return _digest("delivery", project_id, str(task_id), str(row_version), size=16).hex()


class VodTaskType(StrEnum):
    """Tencent VOD counts fetching a source and processing it as two tasks; here they are two views of one."""

    PROCEDURE = "Procedure"
    PULL_UPLOAD = "PullUpload"


def render_vod_task_id(app_id: int, task_id: int, kind: VodTaskType = VodTaskType.PROCEDURE) -> str:
    """A task id in Tencent VOD's shape, ``{app_id}-Procedure-{hex32}t0``."""
    return f"{app_id}-{kind}-{task_id:016x}{_check(app_id, task_id)}t0"


def parse_vod_task_id(app_id: int, text: str) -> tuple[VodTaskType, int] | None:
    """The view and the task id in ``text``, or None where it is not one that this app handed out."""
    match = _VOD_TASK_ID.fullmatch(text)
    if match is None or int(match[1]) != app_id:
        return None
    task_id = int(match[3], 16)
    return (VodTaskType(match[2]), task_id) if match[4] == _check(app_id, task_id) else None


def parse_decimal_task_id(text: str) -> int | None:
    """The task id that ``text`` is in decimal, or None where no task can have it."""
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(_MAX_ID))):
        return None
    number = int(text)
    return number if 0 < number <= _MAX_ID else None


def parse_task_id(app_id: int, text: str) -> int | None:
    """The task id in ``text``, in whichever of the two shapes, or None."""
    vod = parse_vod_task_id(app_id, text)
    return vod[1] if vod else parse_decimal_task_id(text)


def _check(app_id: int, task_id: int) -> str:
    return _digest("check", str(app_id), str(task_id), size=8).hex()


def _hashed(*parts: str, most: int = _MAX_ID) -> int:
    return int.from_bytes(_digest(*parts, size=8)) & most or 1


def _digest(*parts: str, size: int) -> bytes:
    hasher = blake2b(digest_size=size)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        hasher.update(len(data).to_bytes(8))  # so that ("ab", "c") and ("a", "bc") differ
        hasher.update(data)
    return hasher.digest()
