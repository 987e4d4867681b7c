"""Huawei MPC's API as a whole: who calls, what is asked, and the reply or the error in the vendor's words."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Generic, TypeVar

from cliploop.application.admit_call import AdmitCall, SignatureReusedError, SignedCall
from cliploop.application.ports import Clock
from cliploop.application.ports_callers import Callers
from cliploop.application.query_tasks import QueryTasks
from cliploop.dialects.http import HttpReply, HttpRequest, json_reply
from cliploop.dialects.huawei_mpc.caller import find_caller, must_be_of
from cliploop.dialects.huawei_mpc.errors import SYSTEM_ERROR, WRONG_METHOD, ErrorReply, encode_error, encode_refusal
from cliploop.dialects.huawei_mpc.operation import Call, Operation
from cliploop.dialects.huawei_mpc.operations.listing import LIST
from cliploop.dialects.huawei_mpc.operations.table import OPERATIONS
from cliploop.dialects.huawei_mpc.request import claims, project_in_path
from cliploop.dialects.huawei_mpc.signature import Signature, refused
from cliploop.dialects.refusal import Refusal
from cliploop.dialects.vendor import VendorParts
from cliploop.domain.addresses import Addresses
from cliploop.domain.errors import CliploopError, InvalidRequestError
from cliploop.domain.project import Project

_log = logging.getLogger(__name__)

Use = TypeVar("Use")
Fields = Mapping[str, Any]


@dataclass(frozen=True)
class HuaweiMpcApi:
    """Answers requests for one project."""

    parts: VendorParts

    def claims(self, request: HttpRequest) -> bool:
        """See ``VendorApi``."""
        return claims(request)

    def answer(self, request: HttpRequest) -> HttpReply:
        """See ``VendorApi``."""
        parts = self.parts
        frame = _Frame(parts.project, parts.callers, parts.clock, parts.signing_hosts, OPERATIONS, self._act)
        return frame.answer(request)

    def _act(self, operation: Operation[Any], call: Call, signature: Signature | None) -> Fields:
        def act() -> Fields:
            return operation.answer(self.parts.use, call)

        if signature is None:
            return act()  # a token is the same in every request: nothing tells a repeat from another call
        signed = SignedCall(
            project_id=call.project.project_id,
            digest=signature.digest,
            action=operation.name,
            mutates=operation.is_once,
            expires_ms=signature.expires_s * 1000,
        )
        try:
            return AdmitCall(self.parts.signed)(signed, act)
        except SignatureReusedError as error:
            raise refused("the signature was used for something else before") from error


@dataclass(frozen=True)
class HuaweiMpcQueries:
    """Answers those requests that only read, with nothing but what reading needs.

    Attributes:
        region: what the vendor calls a location.
        signing_hosts: as in ``VendorParts``.
    """

    project: Project
    query: QueryTasks
    region: str
    callers: Callers
    clock: Clock
    signing_hosts: tuple[str, ...] = ()

    def claims(self, request: HttpRequest) -> bool:
        """See ``VendorApi``."""
        return claims(request)

    def answer(self, request: HttpRequest) -> HttpReply:
        """See ``VendorApi``."""
        use = _Reading(self.query, Addresses(self.region))
        frame = _Frame(
            self.project,
            self.callers,
            self.clock,
            self.signing_hosts,
            (LIST,),
            lambda operation, call, _signature: operation.answer(use, call),
        )
        return frame.answer(request)


@dataclass(frozen=True)
class _Reading:
    query: QueryTasks
    addresses: Addresses


@dataclass(frozen=True)
class _Frame(Generic[Use]):
    """What is the same for all operations.

    Attributes:
        act: does what one operation says, with the signature that it came with.
    """

    project: Project
    callers: Callers
    clock: Clock
    signing_hosts: Sequence[str]
    operations: Sequence[Operation[Use]]
    act: Callable[[Operation[Use], Call, Signature | None], Fields]

    def answer(self, request: HttpRequest) -> HttpReply:
        """The reply, whatever comes."""
        operation = next((each for each in self.operations if each.method == request.method), None)
        try:
            reply = self._reply(request, operation)
        except Refusal as refusal:
            _log.info("refused: %s", refusal)
            reply = _refused(encode_refusal(refusal))
        except CliploopError as error:
            if not isinstance(error, InvalidRequestError):
                _log.warning("a request failed (%s): %s", error.code, error.log_text)
            reply = _refused(encode_error(error))
        except Exception:  # noqa: BLE001  # whatever it is, the vendor's clients only read the vendor's errors
            _log.exception("a request failed unexpectedly")
            message = "Something went wrong inside cliploop; the operator finds it in the log."
            reply = _refused(encode_refusal(Refusal(SYSTEM_ERROR, message)))
        # The vendor's clients read the request's id from this header.
        named = {"X-Request-Id": request.request_id}
        return replace(reply, headers=named, action=operation.name if operation else "")

    def _reply(self, request: HttpRequest, operation: Operation[Use] | None) -> HttpReply:
        asked = project_in_path(request)
        if operation is None:
            raise Refusal(WRONG_METHOD, f"Incorrect request method: {request.method[:16]!a} does nothing here.")
        now_s = self.clock.now_ms() // 1000
        caller, signature = find_caller(request, asked, self.callers, now_s, self.signing_hosts)
        must_be_of(self.project, asked, caller)
        token = signature.digest if signature else request.request_id
        fields = self.act(operation, Call(self.project, token, request), signature)
        if operation.status is HTTPStatus.NO_CONTENT:
            return HttpReply(operation.status)
        return json_reply(fields, operation.status)


def _refused(error: ErrorReply) -> HttpReply:
    return json_reply(error.body, error.status, error_code=error.body["error_code"])
