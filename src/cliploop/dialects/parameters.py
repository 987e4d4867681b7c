"""A request's parameters out of its text, read strictly: a JSON object, or the pairs of a query or a form."""

from __future__ import annotations

import json
from typing import Any, NoReturn
from urllib.parse import parse_qsl

#: Many times what the longest request that means anything has.
_MOST_PARAMETERS = 5_000
#: The longest number of the vendors' types has 20 digits; thousands of them cost more than they say.
_MOST_DIGITS = 64


class UnreadableError(Exception):
    """The text is not what it should be, or readers would understand it differently; the message says why."""


def read_object(body: bytes) -> dict[str, Any]:
    """The object that a JSON body is; an empty body is an empty object.

    Raises:
        UnreadableError: it is no JSON object in UTF-8, or one that readers understand differently: a name stands
            twice in an object, a number is not finite.
    """
    if not body:
        return {}
    try:
        value = json.loads(
            body.decode(), object_pairs_hook=_unambiguous, parse_constant=_no_number, parse_int=_whole_number
        )
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        raise UnreadableError(f"The body cannot be read as JSON in UTF-8: {reason}.") from error
    if not isinstance(value, dict):
        raise UnreadableError("The body is not a JSON object.")
    return value


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError("a name stands twice in one object")
    "".join(values).encode()  # half a surrogate pair in a name would break whatever tells of that name
    return values


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number of JSON")


def _whole_number(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise ValueError(f"a number has {len(text)} digits")
    return int(text)


def read_pairs(text: str) -> dict[str, str]:
    """The names and values of a query or a form.

    Raises:
        UnreadableError: it is not percent-encoded UTF-8, has too many parameters, or one of them twice.
    """
    try:
        text.encode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS)
    except ValueError as error:
        raise UnreadableError(
            f"The parameters are not at most {_MOST_PARAMETERS} in percent-encoded UTF-8."
        ) from error
    values = dict(pairs)
    if len(values) < len(pairs):
        raise UnreadableError("A parameter is there twice.")
    return values
