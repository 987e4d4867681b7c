"""An operation of the vendor's API as a value: its fields, its reply, its errors, and what answers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cliploop.dialects.alibaba_gif.errors import refused
from cliploop.dialects.fields import Field, FieldError, FieldProblem, Record, Support, Text
from cliploop.dialects.operation import Call, ReplyField
from cliploop.dialects.use_cases import UseCases
from cliploop.domain.errors import InvalidRequestError

Json = dict[str, Any]


@dataclass(frozen=True)
class Action:
    """One operation.

    Attributes:
        codes: the error codes that the vendor documents for it; a test provokes each that can occur.
        never: those of them that cannot occur here, with the reason.
    """

    name: str
    summary: str
    fields: tuple[Field, ...]
    reply: tuple[ReplyField, ...]
    codes: tuple[str, ...]
    never: Mapping[str, str]
    mutates: bool
    answer: Callable[[UseCases, Call], Json]

    def read(self, parameters: Mapping[str, str]) -> dict[str, Any]:
        """A request's values, defaults filled in.

        Raises:
            Refusal: a parameter is missing, unknown, not supported, or has a wrong value.
        """
        try:
            return Record((*self.fields, REGION_ID)).read(parameters, "", textual=True)
        except FieldError as error:
            if error.problem is FieldProblem.MISSING:
                raise refused("MissingParameter", error.path) from error
            raise refused("InvalidParameter", error.path, error.message) from error
        except InvalidRequestError as error:
            raise refused("InvalidParameter", error.parameter, error.caller_text) from error


#: Every operation has it.
REGION_ID = Field(
    "RegionId",
    Text(64),
    "The vendor's region.",
    default="",
    support=Support.IGNORED,
    note="a stack is in one region, which its address says",
)
