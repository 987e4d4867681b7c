"""Fields that the uploads have in common, and what is checked of them."""

from __future__ import annotations

from datetime import UTC, datetime

from cliploop.dialects.fields import Anything, Field, Integer, Support, Text
from cliploop.dialects.refusal import Refusal
from cliploop.domain.upload import MAX_NAME, MAX_SOURCE_CONTEXT

#: The vendor's word for "never".
_NEVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
NO_COVERS = "covers are not kept"
MEDIA_NAME = Field("MediaName", Text(MAX_NAME), "What the file is called.", default="")
EXPIRE_TIME = Field(
    "ExpireTime",
    Text(64),
    "When the file is deleted: never, `9999-12-31T23:59:59Z`, or empty.",
    default="",
    support=Support.DIFFERS,
    note="files do not expire; use a lifecycle rule of the bucket",
    code="InvalidParameterValue.ExpireTime",
)
CLASS_ID = Field(
    "ClassId",
    Integer(-1, 2**63 - 1),
    "A category.",
    default=0,
    support=Support.IGNORED,
    note="there are no categories",
)
SOURCE_CONTEXT = Field(
    "SourceContext", Text(MAX_SOURCE_CONTEXT), "Handed back when the file has arrived.", default=""
)
EXT_INFO = Field("ExtInfo", Text(), "Reserved.", support=Support.IGNORED, note="the vendor says nothing of it")
MEDIA_STORAGE_PATH = Field(
    "MediaStoragePath",
    Anything(),
    "Where to keep the file.",
    support=Support.REFUSED,
    note="files are kept where nobody can guess; the reply says where",
    code="InvalidParameterValue.MediaStoragePath",
)


def procedure(when: str) -> Field:
    """The procedure, and ``when`` it is run."""
    return Field("Procedure", Text(128), f"The procedure to run once the file {when}.", default="")


def storage_region(code: str) -> Field:
    """The region; ``code`` is the operation's for text that is none."""
    return Field(
        "StorageRegion",
        Text(64),
        "Where to keep the file: the stack's own region, or empty.",
        default="",
        support=Support.DIFFERS,
        note="a stack has one region; its name is AWS's",
        code=code,
    )


def check_expire_time(text: str) -> None:
    """See that a file is not to be deleted at some time.

    Raises:
        Refusal: InvalidParameterValue.ExpireTime where it is no time, InvalidParameter.ExpireTime where it is one.
    """
    if not text:
        return
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Refusal(
            "InvalidParameterValue.ExpireTime", "ExpireTime is not a time of ISO 8601, like 9999-12-31T23:59:59Z."
        )
    if moment.replace(tzinfo=UTC) != _NEVER:
        raise Refusal(
            "InvalidParameter.ExpireTime",
            "Files do not expire here; leave ExpireTime out, or give the bucket a lifecycle rule.",
        )
