"""Uploads: ``ApplyUpload`` and ``CommitUpload``; ``PullUpload`` has a module of its own."""

from __future__ import annotations

from cliploop.dialects.fields import Anything, Field, Support, Text
from cliploop.dialects.operation import Call, ReplyField
from cliploop.dialects.refusal import Refusal
from cliploop.dialects.tencent_vod.action import Action, Json
from cliploop.dialects.tencent_vod.actions.pull_upload import PULL_UPLOAD
from cliploop.dialects.tencent_vod.actions.upload_fields import (
    CLASS_ID,
    EXPIRE_TIME,
    EXT_INFO,
    MEDIA_NAME,
    MEDIA_STORAGE_PATH,
    NO_COVERS,
    SOURCE_CONTEXT,
    check_expire_time,
    procedure,
    storage_region,
)
from cliploop.dialects.use_cases import UseCases
from cliploop.domain.media_type import read_media_type
from cliploop.domain.upload import MAX_SESSION_CONTEXT, NO_PROCEDURE, UploadOrder


def _apply(use: UseCases, call: Call) -> Json:
    media_type = read_media_type(call["MediaType"])
    if media_type is None:
        raise Refusal(
            "InvalidParameterValue.MediaType", "MediaType is not the extension of a video, like mp4, or gif."
        )
    check_expire_time(call["ExpireTime"])
    if call["StorageRegion"] not in {"", use.uploads.region}:
        raise Refusal("FailedOperation", f"Files are kept in {use.uploads.region} only; leave StorageRegion out.")
    order = UploadOrder(
        procedure=call["Procedure"].strip() or NO_PROCEDURE,
        session_context=call["SessionContext"],
        source_context=call["SourceContext"],
        name=call["MediaName"],
    )
    granted = use.uploads.apply(call.project, order, media_type)
    return {
        "StorageBucket": granted.bucket,
        "StorageRegion": use.uploads.region,
        "VodSessionKey": granted.session_key,
        "MediaStoragePath": granted.key,
        "CoverStoragePath": "",
        "TempCertificate": {
            "SecretId": granted.credentials.key_id,
            "SecretKey": granted.credentials.secret,
            "Token": granted.credentials.token,
            "ExpiredTime": granted.credentials.expires_s,
        },
    }


def _commit(use: UseCases, call: Call) -> Json:
    committed = use.uploads.commit(call.project, call["VodSessionKey"])
    return {
        "FileId": str(committed.file_id),
        "MediaUrl": use.addresses.of_source(committed.source),
        "CoverUrl": "",
    }


_APPLY = Action(
    name="ApplyUpload",
    summary="Ask for permission to put one file into the upload bucket, and say what becomes of it.",
    fields=(
        Field(
            "MediaType",
            Text(16),
            "The file's extension.",
            required=True,
            support=Support.DIFFERS,
            note="videos and animated GIFs only",
            code="InvalidParameterValue.MediaType",
        ),
        MEDIA_NAME,
        Field(
            "CoverType",
            Anything(),
            "The type of a cover.",
            support=Support.REFUSED,
            note=NO_COVERS,
            code="InvalidParameterValue.CoverType",
        ),
        procedure("is committed"),
        EXPIRE_TIME,
        storage_region("FailedOperation"),
        CLASS_ID,
        SOURCE_CONTEXT,
        Field("SessionContext", Text(MAX_SESSION_CONTEXT), "Handed back when the task has ended.", default=""),
        EXT_INFO,
        MEDIA_STORAGE_PATH,
    ),
    reply=(
        ReplyField("StorageBucket", "The S3 bucket."),
        ReplyField("StorageRegion", "Its AWS region.", Support.DIFFERS, "AWS's name"),
        ReplyField("VodSessionKey", "What `CommitUpload` wants; good for 24 hours. A secret."),
        ReplyField(
            "MediaStoragePath", "The object's key, to be used as it is.", Support.DIFFERS, "no slash in front"
        ),
        ReplyField("CoverStoragePath", "Empty.", Support.DIFFERS, NO_COVERS),
        ReplyField(
            "TempCertificate",
            "`SecretId`, `SecretKey`, `Token` and `ExpiredTime` (UNIX seconds): AWS credentials that put this one "
            "object, in one piece or in parts, for an hour.",
            Support.DIFFERS,
            "for S3",
        ),
    ),
    codes=(
        "FailedOperation",
        "InternalError",
        "InvalidParameter.ExpireTime",
        "InvalidParameterValue.CoverType",
        "InvalidParameterValue.ExpireTime",
        "InvalidParameterValue.MediaStoragePath",
        "InvalidParameterValue.MediaType",
        "InvalidParameterValue.SubAppId",
        "UnauthorizedOperation",
    ),
    mutates=True,
    answer=_apply,
)

_COMMIT = Action(
    name="CommitUpload",
    summary="Say that the file that was applied for is in the bucket: it becomes known, and its procedure starts.",
    fields=(
        Field(
            "VodSessionKey",
            Text(256),
            "What `ApplyUpload` replied.",
            required=True,
            code="InvalidParameterValue.VodSessionKey",
        ),
    ),
    reply=(
        ReplyField("FileId", "The file's number, the same however often it is committed."),
        ReplyField("MediaUrl", "Its private S3 address.", Support.DIFFERS, "the bucket is not public"),
        ReplyField("CoverUrl", "Empty.", Support.DIFFERS, NO_COVERS),
    ),
    codes=(
        "InternalError",
        "InvalidParameterValue.SubAppId",
        "InvalidParameterValue.VodSessionKey",
        "ResourceNotFound",
        "UnauthorizedOperation",
    ),
    mutates=True,
    answer=_commit,
)

ACTIONS: tuple[Action, ...] = (_APPLY, _COMMIT, PULL_UPLOAD)
