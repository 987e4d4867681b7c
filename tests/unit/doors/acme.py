"""A vendor that nobody has heard of: all that a fourth dialect needs (docs/howto/add-a-vendor.md)."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from cliploop.application.start_task import StartOrder
from cliploop.dialects.fields import Field, FieldError, Number, Record, Text
from cliploop.dialects.http import HttpReply, HttpRequest, json_reply
from cliploop.dialects.parameters import UnreadableError, read_object
from cliploop.dialects.signatures import is_one_of
from cliploop.dialects.vendor import VendorParts
from cliploop.domain.errors import CliploopError
from cliploop.domain.procedure import TemplateReference
from cliploop.domain.section import Section

FIELDS = Record(
    (
        Field("film", Text(), "Where the film lies.", required=True),
        Field("seconds", Number(0.1, 60), "How much of its beginning is shown.", default=3.0),
    )
)
GIF = 20_000


@dataclass(frozen=True)
class AcmeApi:
    """``POST /acme/loops`` with JSON, signed by ``X-Acme-Key`` and ``X-Acme-Proof``, the body's HMAC-SHA256 in hex."""

    parts: VendorParts

    def claims(self, request: HttpRequest) -> bool:
        return request.path.startswith("/acme/")

    def answer(self, request: HttpRequest) -> HttpReply:
        try:
            if not self._is_known(request):
                return _problem(HTTPStatus.UNAUTHORIZED, "Nobody is known by that proof.")
            return self._start(request, FIELDS.read(read_object(request.body), "", textual=False))
        except (CliploopError, FieldError, UnreadableError) as error:
            return _problem(HTTPStatus.BAD_REQUEST, str(error))

    def _is_known(self, request: HttpRequest) -> bool:
        key = self.parts.callers.key(request.headers.get("x-acme-key", ""))
        good = [hmac.digest(key.secret.encode(), request.body, "sha256").hex()] if key else []
        return is_one_of(request.headers.get("x-acme-proof", ""), good)

    def _start(self, request: HttpRequest, asked: dict[str, Any]) -> HttpReply:
        loop = TemplateReference(GIF, Section(0, round(asked["seconds"] * 1000)))
        order = StartOrder(references=(loop,), token=request.request_id)
        task = self.parts.use.start.of_address(self.parts.project, asked["film"], order)
        return json_reply({"loop": str(task.task_id)}, HTTPStatus.ACCEPTED, action="loops")


def _problem(status: HTTPStatus, text: str) -> HttpReply:
    return json_reply({"problem": text}, status, error_code=status.phrase)
