"""An operation of the vendor's API as a value: its fields, its reply, its errors, and what answers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Generic, TypeVar

from cliploop.dialects.fields import Field, FieldError, Record
from cliploop.dialects.http import HttpRequest
from cliploop.dialects.operation import ReplyField
from cliploop.domain.errors import InvalidRequestError
from cliploop.domain.project import Project

Json = dict[str, Any]

#: What an operation needs of the house.
Use_contra = TypeVar("Use_contra", contravariant=True)


@dataclass(frozen=True)
class Call:
    """A request whose caller is known.

    Attributes:
        project: the caller's.
        token: stands for this request; where it is signed, an identical repeat has the same.
        request: as it came.
    """

    project: Project
    token: str
    request: HttpRequest


@dataclass(frozen=True)
class Operation(Generic[Use_contra]):
    """One operation; all of them are at one address, and the method tells them apart.

    Attributes:
        fields: of the query, or of the body where the method is POST.
        status: of a success.
        is_once: whether a signature serves for it once, and a repeat of it gets the first answer. What does the same
            when it is done again has no need of that.
        codes: the error codes that it can answer with; a test provokes each.
        never: codes that the vendor documents and that cannot occur here, with the reason.
    """

    name: str
    method: str
    summary: str
    fields: tuple[Field, ...]
    reply: tuple[ReplyField, ...]
    status: HTTPStatus
    codes: tuple[str, ...]
    answer: Callable[[Use_contra, Call], Json]
    is_once: bool = False
    never: Mapping[str, str] = field(default_factory=dict)


def read_fields(fields: tuple[Field, ...], given: Mapping[str, Any], *, textual: bool) -> Json:
    """The values of a request's fields, defaults filled in.

    Raises:
        InvalidRequestError: whatever is wrong with one; the vendor has one code for all of that.
        Refusal: with the code that a field names for itself.
    """
    try:
        return Record(fields).read(given, "", textual=textual)
    except FieldError as error:
        raise InvalidRequestError(error.path, error.message) from error
