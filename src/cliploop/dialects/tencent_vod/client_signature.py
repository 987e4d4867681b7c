"""Client upload signatures: a server's word for it that whoever holds the text may upload (document 266/9221).

The text is the base64 of 20 bytes HMAC-SHA1 and of the query string that they sign.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import parse_qsl

from cliploop.dialects.refusal import Refusal
from cliploop.domain.access_key import AccessKey
from cliploop.domain.procedure import NotifyMode
from cliploop.domain.upload import MAX_SESSION_CONTEXT, MAX_SOURCE_CONTEXT, PRIORITIES

#: Characters of a signature. Contexts of the greatest length fill half of it, however they are encoded.
MAX_SIGNATURE = 32_768
#: The vendor's longest validity, 90 days.
MAX_VALIDITY_S = 7_776_000
#: How far the clock of the server that signed may be ahead of ours; the vendor allows the same for signed calls.
_TOLERANCE_S = 300
_DIGEST_BYTES = 20

_MAX_SIGNED = 2**63 - 1
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,19}")
#: Whole numbers, by name, with their bounds.
_NUMBERS = {
    "currentTimeStamp": (0, _MAX_SIGNED),
    "expireTime": (0, _MAX_SIGNED),
    "random": (0, 2**32 - 1),
    "classId": (-1, _MAX_SIGNED),
    "taskPriority": (PRIORITIES.start, PRIORITIES.stop - 1),
    "oneTimeValid": (0, 1),
    "vodSubAppId": (0, _MAX_SIGNED),
}
#: Texts, by name, with the most characters that they have.
_TEXTS = {
    "secretId": 128,
    "procedure": 128,
    "taskNotifyMode": 16,
    "sourceContext": MAX_SOURCE_CONTEXT,
    "sessionContext": MAX_SESSION_CONTEXT,
    "storageRegion": 64,
}
_REQUIRED = ("secretId", "currentTimeStamp", "expireTime", "random")


@dataclass(frozen=True, kw_only=True)
class ClientUpload:
    """What a signature allows, and what it asks for.

    Attributes:
        key: whose word it is.
        digest: stands for the signature, 64 hex digits: the same for every way to write the same one.
        expires_s: UNIX seconds.
        one_time: whether it serves for one upload only.
        sub_app_id: 0 where none is named.
    """

    key: AccessKey
    digest: str = field(repr=False)
    expires_s: int
    procedure: str = ""
    priority: int = 0
    notify_mode: NotifyMode = NotifyMode.FINISH
    source_context: str = ""
    session_context: str = ""
    one_time: bool = False
    class_id: int = 0
    sub_app_id: int = 0
    storage_region: str = ""


def read_client_signature(text: str, key_of: Callable[[str], AccessKey | None], now_s: int) -> ClientUpload:
    """Verify a signature and read what it says.

    Args:
        text: as the client sent it.
        key_of: the access key of an id, or None.
        now_s: UNIX seconds.

    Raises:
        Refusal: AuthFailure.SecretIdNotFound, AuthFailure.SignatureExpire (also where it is not good yet), or
            AuthFailure.SignatureFailure for everything else.
    """
    digest, original = _take_apart(text)
    said = _read_pairs(original)
    key = key_of(said["secretId"])
    if key is None:
        raise Refusal("AuthFailure.SecretIdNotFound", "There is no access key with the signature's secretId.")
    if not hmac.compare_digest(digest, hmac.digest(key.secret.encode(), original, "sha1")):
        raise _failure("does not match what it signs; check the secret key, and that nothing was changed since")
    numbers = {name: _read_number(name, said.get(name, ""), *bounds) for name, bounds in _NUMBERS.items()}
    _check_time(numbers["currentTimeStamp"], numbers["expireTime"], now_s)
    return ClientUpload(
        key=key,
        digest=sha256(original).hexdigest(),
        expires_s=numbers["expireTime"],
        procedure=said.get("procedure", ""),
        priority=numbers["taskPriority"],
        notify_mode=_notify_mode(said.get("taskNotifyMode", "")),
        source_context=said.get("sourceContext", ""),
        session_context=said.get("sessionContext", ""),
        one_time=bool(numbers["oneTimeValid"]),
        class_id=numbers["classId"],
        sub_app_id=numbers["vodSubAppId"],
        storage_region=said.get("storageRegion", ""),
    )


def _take_apart(text: str) -> tuple[bytes, bytes]:
    if len(text) > MAX_SIGNATURE:
        raise _failure(f"has {len(text)} characters; at most {MAX_SIGNATURE} are read")
    try:
        signed = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _failure("is not base64") from None
    return signed[:_DIGEST_BYTES], signed[_DIGEST_BYTES:]


def _read_pairs(original: bytes) -> dict[str, str]:
    """The parameters by name; those without a value are left out."""
    try:
        pairs = parse_qsl(original.decode(), keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError:
        raise _failure("does not sign a query string in UTF-8") from None
    names = Counter(name for name, _ in pairs)
    if unknown := next((name for name in names if name not in _NUMBERS and name not in _TEXTS), None):
        raise _failure(f"has a parameter that is not known: {unknown[:64]!a}")
    if twice := next((name for name, times in names.items() if times > 1), None):
        raise _failure(f"names {twice} twice")
    said = {name: value for name, value in pairs if value}
    _check_presence(said)
    return said


def _check_presence(said: Mapping[str, str]) -> None:
    if missing := next((name for name in _REQUIRED if name not in said), None):
        raise _failure(f"says no {missing}")
    for name, most in _TEXTS.items():
        if len(said.get(name, "")) > most:
            raise _failure(f"has a {name} of {len(said[name])} characters; at most {most} fit")


def _read_number(name: str, text: str, least: int, most: int) -> int:
    if not text:
        return 0
    number = int(text) if _WHOLE_NUMBER.fullmatch(text) else most + 1
    if not least <= number <= most:
        raise _failure(f"has a {name} that is not a whole number from {least} to {most}")
    return number


def _check_time(begins_s: int, expires_s: int, now_s: int) -> None:
    if not 0 < expires_s - begins_s <= MAX_VALIDITY_S:
        raise _failure(f"must expire after its currentTimeStamp, and at most {MAX_VALIDITY_S} s later")
    if now_s >= expires_s:
        raise Refusal("AuthFailure.SignatureExpire", "The signature has expired; ask your server for another.")
    if begins_s > now_s + _TOLERANCE_S:
        raise Refusal(
            "AuthFailure.SignatureExpire",
            "The signature's currentTimeStamp lies in the future; set the clock of the server that signed it.",
        )


def _notify_mode(text: str) -> NotifyMode:
    try:
        return NotifyMode(text or NotifyMode.FINISH)
    except ValueError:
        raise _failure(f"has a taskNotifyMode that is none of {', '.join(NotifyMode)}") from None


def _failure(what: str) -> Refusal:
    return Refusal("AuthFailure.SignatureFailure", f"The signature {what}.")
