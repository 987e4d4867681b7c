"""Objects and lists out of the flat names of a query or a form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cliploop.dialects.refusal import Refusal

#: The vendor's deepest request nests its parameters six deep.
_DEEPEST = 16


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
