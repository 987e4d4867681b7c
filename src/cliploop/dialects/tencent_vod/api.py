"""Tencent VOD's API as a whole: who calls, what is asked, and the reply or the refusal in the vendor's envelope."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cliploop.application.admit_call import AdmitCall, SignatureReusedError, SignedCall
from cliploop.dialects.http import HttpReply, HttpRequest, json_reply
from cliploop.dialects.operation import Call
from cliploop.dialects.refusal import Refusal
from cliploop.dialects.tencent_vod import browser_upload
from cliploop.dialects.tencent_vod.action import Action
from cliploop.dialects.tencent_vod.actions.table import ACTIONS
from cliploop.dialects.tencent_vod.request import VendorRequest, asked_action, claims, query_action, read_request
from cliploop.dialects.tencent_vod.signature import VerifiedCall, verify
from cliploop.dialects.vendor import VendorParts
from cliploop.domain.errors import CliploopError, InvalidRequestError

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TencentVodApi:
    """Answers requests for one project."""

    parts: VendorParts

    def claims(self, request: HttpRequest) -> bool:
        """See ``VendorApi``."""
        return claims(request)

    def answer(self, request: HttpRequest) -> HttpReply:
        """See ``VendorApi``. The status is always 200: the vendor's clients lose the code of any other."""
        try:
            if query_action(request) == browser_upload.ACTION:
                return self._for_browser(request)
            fields = self._fields(request)
        except Refusal as refusal:
            _log.info("refused: %s", refusal)
            return _refused(refusal, request)
        except Exception as error:  # noqa: BLE001  # whatever it is, the vendor's clients only read the vendor's envelope
            _log.exception("a request failed unexpectedly")
            return _refused(_internal(error), request)
        return _reply(fields, request)

    def _fields(self, request: HttpRequest) -> Mapping[str, Any]:
        asked = read_request(request)
        caller = self._caller(request, asked)
        action = ACTIONS.get(asked.action)
        if action is None:
            raise Refusal("InvalidAction", f"There is no action {asked.action[:64]!a}.")
        return _in_the_vendors_words(action, lambda: self._act(action, asked, caller))

    def _caller(self, request: HttpRequest, asked: VendorRequest) -> VerifiedCall:
        try:
            return verify(
                request, asked, self.parts.callers.key, self.parts.clock.now_ms() // 1000, self.parts.signing_hosts
            )
        except CliploopError as error:
            _log.warning("the caller cannot be known now: %s", error.log_text)
            raise Refusal("InternalError", error.caller_text) from error

    def _act(self, action: Action, asked: VendorRequest, caller: VerifiedCall) -> Mapping[str, Any]:
        values = action.read(asked.parameters, textual=asked.textual)
        self._check_project(action, caller, values["SubAppId"])
        call = Call(self.parts.project, caller.digest, values)
        signed = SignedCall(
            project_id=self.parts.project.project_id,
            digest=caller.digest,
            action=action.name,
            mutates=action.mutates,
            expires_ms=caller.expires_s * 1000,
        )
        try:
            return AdmitCall(self.parts.signed)(signed, lambda: action.answer(self.parts.use, call))
        except SignatureReusedError as error:
            raise Refusal(
                "AuthFailure.SignatureFailure", "The signature was used for another action before."
            ) from error

    def _check_project(self, action: Action, caller: VerifiedCall, sub_app_id: int | None) -> None:
        if caller.key.project_id != self.parts.project.project_id:
            raise Refusal(
                "UnauthorizedOperation", "The access key belongs to a project that this stack doesn't serve."
            )
        if sub_app_id not in {None, 0, self.parts.project.app_id}:
            code = "InvalidParameterValue.SubAppId"
            raise Refusal(
                code if code in action.codes else "UnauthorizedOperation",
                f"SubAppId is {sub_app_id}, but the access key belongs to {self.parts.project.app_id}.",
            )

    def _for_browser(self, request: HttpRequest) -> HttpReply:
        parts = self.parts
        now_s = parts.clock.now_ms() // 1000
        return browser_upload.exchange(
            parts.use.uploads, parts.project, request, parts.callers.key, parts.signed, now_s
        )


def _in_the_vendors_words(action: Action, act: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    """Do it; whatever the house raises becomes one of the operation's codes."""
    try:
        return act()
    except CliploopError as error:
        if not isinstance(error, InvalidRequestError):
            _log.warning("%s failed (%s): %s", action.name, error.code, error.log_text)
        raise action.refusal_of(error) from error


def _internal(error: Exception) -> Refusal:
    refusal = Refusal("InternalError", "Something went wrong inside cliploop; the operator finds it in the log.")
    refusal.__cause__ = error
    return refusal


def _reply(fields: Mapping[str, Any], request: HttpRequest, error_code: str = "") -> HttpReply:
    envelope = {"Response": {**fields, "RequestId": request.request_id}}
    return json_reply(envelope, action=asked_action(request), error_code=error_code)


def _refused(refusal: Refusal, request: HttpRequest) -> HttpReply:
    return _reply({"Error": {"Code": refusal.code, "Message": refusal.message}}, request, refusal.code)
