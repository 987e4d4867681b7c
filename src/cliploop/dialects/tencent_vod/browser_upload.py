"""Uploads by browsers: a client signature is exchanged for a form that uploads one file to S3.

The vendor's own protocol for this ends at its object store's API. So the route is ours; the signature, the envelope
and the error codes are the vendor's.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from cliploop.application.manage_uploads import GRANT_S, ManageUploads
from cliploop.application.ports_callers import SignedCalls
from cliploop.dialects.fields import Field, Text
from cliploop.dialects.http import HttpReply, HttpRequest, json_reply
from cliploop.dialects.refusal import Refusal
from cliploop.dialects.tencent_vod.action import read_fields
from cliploop.dialects.tencent_vod.client_signature import MAX_SIGNATURE, ClientUpload, read_client_signature
from cliploop.dialects.tencent_vod.errors import api_code
from cliploop.domain.access_key import AccessKey
from cliploop.domain.errors import CliploopError, InvalidRequestError
from cliploop.domain.media_type import read_media_type
from cliploop.domain.project import Project
from cliploop.domain.upload import MAX_NAME, NO_PROCEDURE, UploadOrder

#: In the query of the request, as in the vendor's own upload protocol.
ACTION = "ApplyUploadUGC"

#: Bytes. A signature of the greatest length and a name fill less than half of it.
_MAX_BODY = 131_072

_FIELDS = (
    Field("signature", Text(MAX_SIGNATURE), "The client signature.", required=True),
    Field("videoName", Text(MAX_NAME), "The file's name.", default=""),
    Field("videoType", Text(16), "The file's extension.", required=True, code="InvalidParameterValue.MediaType"),
)


def exchange(
    use: ManageUploads,
    project: Project,
    request: HttpRequest,
    key_of: Callable[[str], AccessKey | None],
    signed: SignedCalls,
    now_s: int,
) -> HttpReply:
    """Answer a browser that shows a client signature.

    Args:
        use: what makes the form.
        project: the one that is served here.
        request: its body is a JSON object; fields that are not known here are left alone.
        key_of: the access key of an id, or None.
        signed: remembers signatures that serve once.
        now_s: UNIX seconds.

    Returns:
        200 with the form's address and fields, or with an error; both in the vendor's envelope.
    """
    try:
        fields = _form(use, project, _read(request), key_of, signed, now_s)
    except Refusal as refusal:
        return _refused(refusal.code, refusal.message, request)
    except InvalidRequestError as error:
        return _refused("InvalidParameterValue", error.caller_text, request)
    except CliploopError as error:
        return _refused(api_code(error), error.caller_text, request)
    return _reply(fields, request)


def _read(request: HttpRequest) -> dict[str, Any]:
    if request.method != "POST":
        raise Refusal("InvalidRequest", f"{ACTION} is a POST with a JSON object as its body.")
    if len(request.body) > _MAX_BODY:
        raise Refusal("RequestSizeLimitExceeded", f"The body has {len(request.body)} bytes; {_MAX_BODY} are read.")
    try:
        said = json.loads(request.body)
    except (ValueError, RecursionError):  # so deep that it can't be an object of three texts
        said = None
    if not isinstance(said, dict):
        raise Refusal("InvalidRequest", "The body is not a JSON object in UTF-8.")
    known = {field.name: said[field.name] for field in _FIELDS if field.name in said}
    return read_fields(_FIELDS, known, textual=False)


def _form(
    use: ManageUploads,
    project: Project,
    said: dict[str, Any],
    key_of: Callable[[str], AccessKey | None],
    signed: SignedCalls,
    now_s: int,
) -> dict[str, Any]:
    upload = read_client_signature(said["signature"], key_of, now_s)
    _check_place(upload, project, use.region)
    media_type = read_media_type(said["videoType"])
    if media_type is None:
        raise Refusal("InvalidParameterValue.MediaType", "videoType is not the extension of a video, like mp4.")
    seconds = min(GRANT_S, upload.expires_s - now_s)
    offered = use.offer_form(project, _order(upload, said["videoName"]), media_type, seconds)
    if upload.one_time:
        _use_up(upload, project, signed)
    return {
        "Url": offered.form.url,
        "Fields": dict(offered.form.fields),
        "StoragePath": offered.key,
        "ExpiredTime": offered.expires_s,
    }


def _check_place(upload: ClientUpload, project: Project, region: str) -> None:
    if upload.key.project_id != project.project_id or upload.sub_app_id not in {0, project.app_id}:
        raise Refusal(
            "UnauthorizedOperation", "The signature is for another project (vodSubAppId) than this stack serves."
        )
    if upload.storage_region not in {"", region}:
        raise Refusal(
            "FailedOperation", f"The signature's storageRegion is not {region}, where this stack keeps files."
        )


def _order(upload: ClientUpload, name: str) -> UploadOrder:
    """What the server that signed decided; only the name is the browser's."""
    return UploadOrder(
        procedure=upload.procedure.strip() or NO_PROCEDURE,
        session_context=upload.session_context,
        priority=upload.priority,
        notify_mode=upload.notify_mode,
        source_context=upload.source_context,
        name=name,
    )


def _use_up(upload: ClientUpload, project: Project, signed: SignedCalls) -> None:
    if not signed.bind(project.project_id, upload.digest, ACTION, upload.expires_s * 1000).is_new:
        raise Refusal(
            "AuthFailure.SignatureFailure",
            "The signature serves for one upload and was used already; ask for another.",
        )


def _reply(fields: dict[str, Any], request: HttpRequest, error_code: str = "") -> HttpReply:
    envelope = {"Response": {**fields, "RequestId": request.request_id}}
    return json_reply(envelope, action=ACTION, error_code=error_code)


def _refused(code: str, message: str, request: HttpRequest) -> HttpReply:
    return _reply({"Error": {"Code": code, "Message": message}}, request, code)
