"""Alibaba's API as a whole: who calls, what is asked, and the reply or the refusal in the vendor's envelope."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from cliploop.dialects.alibaba_gif.action import Action
from cliploop.dialects.alibaba_gif.actions.table import ACTIONS
from cliploop.dialects.alibaba_gif.errors import CODES, refusal_of, refused
from cliploop.dialects.alibaba_gif.formats import Format, encode
from cliploop.dialects.alibaba_gif.request import VendorRequest, check, claims, read_request
from cliploop.dialects.alibaba_gif.signature import VerifiedCall, verify
from cliploop.dialects.http import HttpReply, HttpRequest
from cliploop.dialects.operation import Call
from cliploop.dialects.refusal import Refusal
from cliploop.dialects.vendor import VendorParts
from cliploop.domain.errors import CliploopError

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class AlibabaGifApi:
    """Answers requests for one project."""

    parts: VendorParts

    def claims(self, request: HttpRequest) -> bool:
        """See ``VendorApi``."""
        return claims(request)

    def answer(self, request: HttpRequest) -> HttpReply:
        """See ``VendorApi``. A refusal has a status of its own: some of the vendor's clients look at nothing else."""
        asked: VendorRequest | None = None
        try:
            asked = read_request(request)
            fields = self._fields(request, asked)
        except Refusal as refusal:
            _log.info("refused: %s", _for_the_log(refusal))
            return _refused(refusal, request, asked)
        except CliploopError as error:
            _log.warning("a request failed (%s): %s", error.code, error.log_text)
            return _refused(refusal_of(error), request, asked)
        except Exception:  # noqa: BLE001  # whatever it is, the vendor's clients only read the vendor's envelope
            _log.exception("a request failed unexpectedly")
            return _refused(refused("InternalError", advice="The operator finds it in the log."), request, asked)
        return _reply(HTTPStatus.OK, fields, request, asked, f"{asked.action}Response")

    def _fields(self, request: HttpRequest, asked: VendorRequest) -> Mapping[str, Any]:
        check(request, asked)
        parts = self.parts
        caller = verify(request, asked, parts.callers.key, parts.clock.now_ms(), parts.signing_hosts)
        if caller.key.project_id != parts.project.project_id:
            raise refused("Unauthorized", advice="The access key belongs to a project that this stack doesn't serve.")
        action = ACTIONS.get(asked.action)
        if action is None:
            raise refused("InvalidApiNotFound", advice=f"There is no Action {asked.action[:64]!a} here.")
        self._use_up(caller, action)
        call = Call(parts.project, caller.digest, action.read(asked.parameters))
        return action.answer(parts.use, call)

    def _use_up(self, caller: VerifiedCall, action: Action) -> None:
        """A nonce serves for one request, be it one that only reads: so a request that was seen is of no use."""
        bound = self.parts.signed.bind(
            self.parts.project.project_id, caller.digest, action.name, caller.remembered_until_ms
        )
        if not bound.is_new:
            raise refused("SignatureNonceUsed", advice="Take another one for each request.")


def _for_the_log(refusal: Refusal) -> str:
    """Without what was to be signed, which repeats every parameter: an address among them may hold a key."""
    return refusal.code if refusal.code == "SignatureDoesNotMatch" else str(refusal)


def _refused(refusal: Refusal, request: HttpRequest, asked: VendorRequest | None) -> HttpReply:
    fields = {
        "HostId": request.headers.get("host", ""),
        "Code": refusal.code,
        "Message": refusal.message,
    }
    return _reply(CODES[refusal.code].status, fields, request, asked, "Error", refusal.code)


def _reply(
    status: HTTPStatus,
    fields: Mapping[str, Any],
    request: HttpRequest,
    asked: VendorRequest | None,
    root: str,
    error_code: str = "",
) -> HttpReply:
    """In the format that is asked for; in JSON where that cannot be read, as all of the vendor's clients know it."""
    form = (asked.format if asked else None) or Format.JSON
    encoded = encode({"RequestId": request.request_id.upper(), **fields}, form, root)
    return HttpReply(
        status,
        encoded.body,
        content_type=encoded.content_type,
        action=asked.action if asked else "",
        error_code=error_code,
    )
