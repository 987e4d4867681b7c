"""What every vendor's API is to the doors, and what it is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

from cliploop.application.ports import Clock
from cliploop.application.ports_callers import Callers, SignedCalls
from cliploop.dialects.http import HttpReply, HttpRequest, json_reply
from cliploop.dialects.use_cases import UseCases
from cliploop.domain.project import Project


class VendorApi(Protocol):
    """One vendor's API. Several share paths, so only the request itself tells whose it is."""

    def claims(self, request: HttpRequest) -> bool:
        """Whether the request is written in this vendor's way, be it well written or not."""
        ...

    def answer(self, request: HttpRequest) -> HttpReply:
        """Do what it asks, or say in the vendor's words why not; never raises."""
        ...


@dataclass(frozen=True)
class VendorParts:
    """What a vendor's API is made of.

    Attributes:
        project: the one that is served.
        signing_hosts: hosts that clients may have signed instead of the one they called, as some do when they are
            pointed at a gateway.
    """

    project: Project
    use: UseCases
    callers: Callers
    signed: SignedCalls
    clock: Clock
    signing_hosts: tuple[str, ...] = ()


def answer(apis: Sequence[VendorApi], request: HttpRequest) -> HttpReply:
    """The answer of the API that claims the request; at the root, where clients begin, else of the first."""
    api = next((api for api in apis if api.claims(request)), apis[0] if request.path == "/" else None)
    if api is None:
        message = "No vendor's client that is known here asks like this; docs/compatibility.md lists what is."
        return json_reply({"message": message}, HTTPStatus.NOT_FOUND, error_code="unclaimed")
    return api.answer(request)
