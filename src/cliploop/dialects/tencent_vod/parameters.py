"""A request's parameters out of its text: a JSON object, or names with dots in a query or a form."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from cliploop.dialects.tencent_vod.refusal import Refusal

#: The vendor's longest request has some hundred parameters and nests them six deep.
_MOST_PARAMETERS = 5_000
_DEEPEST = 16
#: The longest number of the vendor's types has 20 digits; thousands of them cost more than they say.
_MOST_DIGITS = 64


def read_object(body: bytes) -> dict[str, Any]:
    """The object that a JSON body is; an empty body is an empty object.

    Raises:
        Refusal: it is no JSON object in UTF-8, or one that readers understand differently: a name stands twice in an
            object, a number is not finite.
    """
    if not body:
        return {}
    try:
        value = json.loads(
            body.decode(), object_pairs_hook=_unambiguous, parse_constant=_no_number, parse_int=_whole_number
        )
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        raise Refusal("InvalidParameter", f"The body cannot be read as JSON in UTF-8: {reason}.") from error
    if not isinstance(value, dict):
        raise Refusal("InvalidParameter", "The body is not a JSON object.")
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
        Refusal: it is not percent-encoded UTF-8, has too many parameters, or one of them twice.
    """
    try:
        text.encode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS)
    except ValueError as error:
        raise Refusal(
            "InvalidParameter", f"The parameters are not at most {_MOST_PARAMETERS} in percent-encoded UTF-8."
        ) from error
    values = dict(pairs)
    if len(values) < len(pairs):
        raise Refusal("InvalidParameter", "A parameter is there twice.")
    return values


def nested(flat: Mapping[str, str]) -> dict[str, Any]:
    """Objects and lists out of names with dots: ``A.0.B`` is B in the first element of the list A.

    Raises:
        Refusal: the names contradict each other, leave an element out, or nest too deep.
    """
    tree: dict[str, Any] = {}
    for name, value in flat.items():
        *steps, last = name.split(".")
        if len(steps) >= _DEEPEST:
            raise Refusal("InvalidParameter", f"The parameter {_shown(name)} is nested more than {_DEEPEST} deep.")
        node = tree
        for step in steps:
            node = node.setdefault(step, {})
            if not isinstance(node, dict):
                raise _contradiction(name)
        if last in node:
            raise _contradiction(name)
        node[last] = value
    return {name: _with_lists(node, name) for name, node in tree.items()}


def _with_lists(node: Any, path: str) -> Any:
    """``node`` with lists in the place of what has numbers for names."""
    if not isinstance(node, dict):
        return node
    if not any(step.isdecimal() for step in node):
        return {step: _with_lists(below, f"{path}.{step}") for step, below in node.items()}
    places = [str(place) for place in range(len(node))]
    if node.keys() != set(places):
        raise Refusal("InvalidParameter", f"The elements of {_shown(path)} are not numbered 0, 1, 2 without a gap.")
    return [_with_lists(node[place], f"{path}.{place}") for place in places]


def _contradiction(name: str) -> Refusal:
    return Refusal("InvalidParameter", f"The parameter {_shown(name)} is both a value and an object.")


def _shown(name: str) -> str:
    return f"{name[:64]!a}"
