"""An action of the vendor's API as a value: its fields, its reply, its errors, and what answers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cliploop.dialects.fields import Field, FieldError, FieldProblem, Integer, Record, Support
from cliploop.dialects.operation import Call, ReplyField
from cliploop.dialects.refusal import Refusal
from cliploop.dialects.tencent_vod.errors import api_code, code_of_parameter
from cliploop.dialects.use_cases import UseCases
from cliploop.domain.errors import CliploopError, ErrorCode, InvalidRequestError

Json = dict[str, Any]


@dataclass(frozen=True)
class Action:
    """One operation.

    Attributes:
        mutates: whether it changes anything: then a signature serves for it alone.
        codes: the error codes that the vendor documents for it; a test provokes each that can occur.
        errors: codes of ours that this operation words in its own way.
        never: codes that the vendor documents for it and that cannot occur here, with the reason.
    """

    name: str
    summary: str
    fields: tuple[Field, ...]
    reply: tuple[ReplyField, ...]
    codes: tuple[str, ...]
    mutates: bool
    answer: Callable[[UseCases, Call], Json]
    errors: Mapping[ErrorCode, str] = field(default_factory=dict)
    never: Mapping[str, str] = field(default_factory=dict)

    def read(self, parameters: Mapping[str, Any], *, textual: bool) -> dict[str, Any]:
        """A request's values.

        Raises:
            Refusal, InvalidRequestError: as ``read_fields``.
        """
        return read_fields((*self.fields, SUB_APP_ID), parameters, textual=textual)

    def refusal_of(self, error: CliploopError) -> Refusal:
        """What the house raised, in the operation's words."""
        if isinstance(error, InvalidRequestError):
            return Refusal(code_of_parameter(error.parameter, self.codes), error.caller_text)
        return Refusal(self.errors.get(error.code) or api_code(error), error.caller_text)


_PROBLEM_CODES = {
    FieldProblem.MISSING: "MissingParameter",
    FieldProblem.UNKNOWN: "UnknownParameter",
    FieldProblem.WRONG_TYPE: "InvalidParameter",
    FieldProblem.UNSUPPORTED: "UnsupportedOperation",
}


def read_fields(fields: tuple[Field, ...], parameters: Mapping[str, Any], *, textual: bool) -> dict[str, Any]:
    """The values of a request's fields, defaults filled in.

    Raises:
        Refusal: a field is missing, unknown, not supported or of the wrong type.
        InvalidRequestError: a value is out of range.
    """
    try:
        return Record(fields).read(parameters, "", textual=textual)
    except FieldError as error:
        raise Refusal(_PROBLEM_CODES[error.problem], error.message) from error


#: Every action has it.
SUB_APP_ID = Field(
    "SubAppId",
    Integer(),
    "The project's number; only that of the access key's own project is known.",
    support=Support.DIFFERS,
    note="an access key belongs to one project",
)
