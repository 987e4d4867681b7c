"""What is known of files."""

from __future__ import annotations

from collections.abc import Collection

from cliploop.application.describe_files import FileDescription
from cliploop.dialects.fields import Choice, Field, ListOf, Support, Text
from cliploop.dialects.operation import Call, ReplyField
from cliploop.dialects.refusal import Refusal
from cliploop.dialects.tencent_vod.action import Action, Json
from cliploop.dialects.tencent_vod.actions.listing import NO_ACCOUNT, NO_OTHER_FAILURE
from cliploop.dialects.tencent_vod.media import basic_info, image, metadata
from cliploop.dialects.use_cases import UseCases
from cliploop.domain.addresses import Addresses
from cliploop.domain.errors import InvalidRequestError
from cliploop.domain.identity import parse_decimal_task_id

_MOST_FILES = 20
#: Digits of the vendor's longest ids; a longer text is no id of anybody's.
_MOST_DIGITS = 20
_BASIC, _METADATA, _IMAGES = "basicInfo", "metaData", "animatedGraphicsInfo"
_FILTERS = (
    _BASIC,
    _METADATA,
    "transcodeInfo",
    _IMAGES,
    "imageSpriteInfo",
    "snapshotByTimeOffsetInfo",
    "sampleSnapshotInfo",
    "keyFrameDescInfo",
    "adaptiveDynamicStreamingInfo",
    "miniProgramReviewInfo",
    "subtitleInfo",
    "reviewInfo",
    "mpsAiMediaInfo",
    "knowledgeBasesInfo",
)


def _describe_media_infos(use: UseCases, call: Call) -> Json:
    texts = tuple(dict.fromkeys(call["FileIds"]))
    if not texts:
        raise Refusal("InvalidParameterValue.FileIdsEmpty", "FileIds is empty; name at least one file.")
    ids = {text: _file_id(text) for text in texts}
    known = [file_id for file_id in ids.values() if file_id]
    described = {each.file.file_id: each for each in use.files(call.project.project_id, known) if each.exists}
    filters = call["Filters"] or _FILTERS
    return {
        "MediaInfoSet": [
            _media_info(described[file_id], filters, use.addresses) for file_id in known if file_id in described
        ],
        "NotExistFileIdSet": [text for text, file_id in ids.items() if file_id not in described],
    }


def _file_id(text: str) -> int:
    """The number that is meant, 0 where no file of ours can have it."""
    if not (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS):
        raise InvalidRequestError("FileIds", f"FileIds has {text[:64]!a}, which is not a number; an upload tells it.")
    file_id = parse_decimal_task_id(text)
    return file_id if file_id and str(file_id) == text else 0


def _media_info(described: FileDescription, filters: Collection[str], addresses: Addresses) -> Json:
    info: Json = {"FileId": str(described.file.file_id)}
    if _BASIC in filters:
        info["BasicInfo"] = basic_info(described.file, addresses)
    if _METADATA in filters and described.media:
        info["MetaData"] = metadata(described.media)
    if _IMAGES in filters:
        images = (image(output, addresses) for output in described.images)
        info["AnimatedGraphicsInfo"] = {"AnimatedGraphicsSet": [each for each in images if each]}
    return info


_DESCRIBE_MEDIA_INFOS = Action(
    name="DescribeMediaInfos",
    summary="What is known of files, and the animated images that were made of them.",
    fields=(
        Field(
            "FileIds",
            ListOf(Text(), _MOST_FILES),
            "The files.",
            required=True,
            code="InvalidParameterValue.FileIdsOverLimit",
        ),
        Field(
            "Filters",
            ListOf(Choice(_FILTERS), len(_FILTERS)),
            "What to tell of each file; without any everything.",
            default=(),
            support=Support.DIFFERS,
            note=f"there are `{_BASIC}`, `{_METADATA}` and `{_IMAGES}`; the others are accepted, and tell nothing",
        ),
    ),
    reply=(
        ReplyField(
            "MediaInfoSet.N.BasicInfo",
            "Name, times, type, address.",
            Support.DIFFERS,
            "without categories, covers and tags, which are not kept; the address is private",
        ),
        ReplyField(
            "MediaInfoSet.N.MetaData",
            "Container and streams.",
            Support.DIFFERS,
            "absent until a task of the last 50 has looked into the file",
        ),
        ReplyField(
            "MediaInfoSet.N.AnimatedGraphicsInfo",
            "The images, those of the newest task first.",
            Support.DIFFERS,
            "of the newest 50 tasks, as long as their rows live",
        ),
        ReplyField("NotExistFileIdSet", "The files that are unknown, or gone from the bucket."),
    ),
    codes=(
        "FailedOperation",
        "FailedOperation.InvalidVodUser",
        "InternalError",
        "InternalError.GetMediaListError",
        "InvalidParameter",
        "InvalidParameterValue.AppId",
        "InvalidParameterValue.FileIds",
        "InvalidParameterValue.FileIdsEmpty",
        "InvalidParameterValue.FileIdsOverLimit",
        "UnauthorizedOperation",
    ),
    mutates=False,
    answer=_describe_media_infos,
    never=NO_ACCOUNT
    | NO_OTHER_FAILURE
    | {
        "InternalError.GetMediaListError": "a store that does not answer is InternalError",
        "InvalidParameterValue.AppId": "an access key says whose files are asked for",
    },
)

ACTIONS = (_DESCRIBE_MEDIA_INFOS,)
