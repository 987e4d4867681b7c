"""A request at one of the vendor's addresses: which project, and what its query and its body say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

from cliploop.dialects.http import JSON, HttpRequest
from cliploop.dialects.huawei_mpc.errors import INVALID_PARAMETER, NO_SUCH_API, WRONG_TYPE
from cliploop.dialects.parameters import UnreadableError, read_object
from cliploop.dialects.refusal import Refusal
from cliploop.domain.errors import InvalidRequestError

#: Bytes: several times the longest request that means anything.
_MAX_BODY = 64 * 1024

_PATH = re.compile(r"/v1/([^/]+)/animated-graphics")


def claims(request: HttpRequest) -> bool:
    """Whether the request is for this vendor, be it for something that there is or not."""
    return request.path.startswith("/v1/")


def project_in_path(request: HttpRequest) -> str:
    """The project that the address names.

    Raises:
        Refusal: nothing of this vendor's is there.
    """
    match = _PATH.fullmatch(request.path)
    if match is None:
        message = "The API does not exist or has not been published; here it is /v1/{project_id}/animated-graphics."
        raise Refusal(NO_SUCH_API, message)
    return unquote(match[1])


def query_pairs(query: str) -> list[tuple[str, str]]:
    """The names and values of a query, decoded, in their order; empty values are kept.

    The signature is compared over what this reads, so that nothing can be read in two ways.
    """
    return parse_qsl(query, keep_blank_values=True)


def parameters(query: str) -> dict[str, str]:
    """The parameters of a query by their names.

    Raises:
        InvalidRequestError: one comes more than once.
    """
    values: dict[str, str] = {}
    for name, value in query_pairs(query):
        if name in values:
            raise InvalidRequestError(name, f"{name[:64]} is given more than once; once is enough.")
        values[name] = value
    return values


def body_fields(request: HttpRequest) -> Mapping[str, Any]:
    """What a request's body says.

    Raises:
        Refusal: it is too long, or no JSON object.
    """
    if request.content_type != JSON:
        raise Refusal(WRONG_TYPE, f"The Content-Type is {request.content_type[:64]!a}; it is {JSON}.")
    if len(request.body) > _MAX_BODY:
        raise Refusal(INVALID_PARAMETER, f"The body has {len(request.body)} bytes; at most {_MAX_BODY} fit.")
    try:
        return read_object(request.body)
    except UnreadableError as error:
        raise Refusal(INVALID_PARAMETER, str(error)) from error
