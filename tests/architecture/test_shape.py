"""The shape that the design promises, read from the source itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOUSE = sorted((ROOT / "src" / "cliploop").rglob("*.py"))
DOORS = sorted((ROOT / "functions").glob("*/app.py"))
LONGEST_FUNCTION = 45
LONGEST_MODULE = 300
LONGEST_DOOR = 75
FORBIDDEN_NAMES = {"utils", "helpers", "common", "manager", "base", "misc"}


def functions(path: Path) -> Iterator[ast.FunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            yield node


def lines(node: ast.FunctionDef) -> int:
    """A function's length without its docstring."""
    first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
    return (node.end_lineno or 0) - first.lineno + 1


@pytest.mark.parametrize("path", HOUSE, ids=lambda path: str(path.relative_to(ROOT)))
def test_functions_and_modules_stay_small(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_MODULE
    assert {node.name: lines(node) for node in functions(path) if lines(node) > LONGEST_FUNCTION} == {}


@pytest.mark.parametrize("path", DOORS, ids=lambda path: path.parent.name)
def test_a_door_is_a_door(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_DOOR


def test_no_room_is_a_drawer_for_everything() -> None:
    assert not {path.stem for path in HOUSE} & FORBIDDEN_NAMES


def test_every_port_has_an_in_memory_adapter_or_is_run_for_real() -> None:
    ports = {
        node.name
        for path in (ROOT / "src/cliploop/application").glob("ports*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "Protocol" for base in node.bases)
    }
    import cliploop.testing as memory  # noqa: PLC0415

    covered = {name.removeprefix("InMemory").removeprefix("Settable") for name in memory.__all__}
    assert ports == covered
