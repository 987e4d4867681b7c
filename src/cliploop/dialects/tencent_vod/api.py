"""Tencent VOD's API as a whole: who calls, what is asked, and the reply or the refusal in the vendor's envelope."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from cliploop.application.admit_call import AdmitCall, SignatureReusedError, SignedCall
from cliploop.application.ports import Clock
from cliploop.application.ports_callers import Callers, SignedCalls
from cliploop.dialects.http import HttpReply, HttpRequest
from cliploop.dialects.tencent_vod import browser_upload
from cliploop.dialects.tencent_vod.action import Action, Call
from cliploop.dialects.tencent_vod.actions.table import ACTIONS
from cliploop.dialects.tencent_vod.refusal import Refusal
from cliploop.dialects.tencent_vod.request import VendorRequest, claims, query_action, read_request
from cliploop.dialects.tencent_vod.signature import VerifiedCall, verify
from cliploop.dialects.tencent_vod.use_cases import UseCases
from cliploop.domain.errors import CliploopError, InvalidRequestError
from cliploop.domain.project import Project

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TencentVodApi:
    """Answers requests for one project.

    Attributes:
        signing_hosts: hosts that clients may have signed instead of the one they called: the vendor's clients do so
            when they are pointed at a gateway (``apigw_endpoint``).
    """

    project: Project
    use: UseCases
    callers: Callers
    signed: SignedCalls
    clock: Clock
    signing_hosts: tuple[str, ...] = ()

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
            return verify(request, asked, self.callers.key, self.clock.now_ms() // 1000, self.signing_hosts)
        except CliploopError as error:
            _log.warning("the caller cannot be known now: %s", error.log_text)
            raise Refusal("InternalError", error.caller_text) from error

    def _act(self, action: Action, asked: VendorRequest, caller: VerifiedCall) -> Mapping[str, Any]:
        values = action.read(asked.parameters, textual=asked.textual)
        self._check_project(action, caller, values["SubAppId"])
        call = Call(self.project, caller.digest, values)
        signed = SignedCall(
            project_id=self.project.project_id,
            digest=caller.digest,
            action=action.name,
            mutates=action.mutates,
            expires_ms=caller.expires_s * 1000,
        )
        try:
            return AdmitCall(self.signed)(signed, lambda: action.answer(self.use, call))
        except SignatureReusedError as error:
            raise Refusal(
                "AuthFailure.SignatureFailure", "The signature was used for another action before."
            ) from error

    def _check_project(self, action: Action, caller: VerifiedCall, sub_app_id: int | None) -> None:
        if caller.key.project_id != self.project.project_id:
            raise Refusal(
                "UnauthorizedOperation", "The access key belongs to a project that this stack doesn't serve."
            )
        if sub_app_id not in {None, 0, self.project.app_id}:
            code = "InvalidParameterValue.SubAppId"
            raise Refusal(
                code if code in action.codes else "UnauthorizedOperation",
                f"SubAppId is {sub_app_id}, but the access key belongs to {self.project.app_id}.",
            )

    def _for_browser(self, request: HttpRequest) -> HttpReply:
        return browser_upload.exchange(
            self.use.uploads, self.project, request, self.callers.key, self.signed, self.clock.now_ms() // 1000
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
    return HttpReply(HTTPStatus.OK, {"Response": {**fields, "RequestId": request.request_id}}, error_code)


def _refused(refusal: Refusal, request: HttpRequest) -> HttpReply:
    return _reply({"Error": {"Code": refusal.code, "Message": refusal.message}}, request, refusal.code)
