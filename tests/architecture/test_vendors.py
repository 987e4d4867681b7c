"""A vendor is a folder of dialects/ and lines in bootstrap: nobody else imports one."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DIALECTS = ROOT / "src" / "cliploop" / "dialects"
VENDORS = sorted(folder.name for folder in DIALECTS.iterdir() if (folder / "__init__.py").exists())
#: What documents the dialects has to know them.
MAY_KNOW = {ROOT / "local" / "reference.py"}
ELSEWHERE = [
    path
    for root in ("src/cliploop", "functions", "local")
    for path in sorted((ROOT / root).rglob("*.py"))
    if DIALECTS not in path.parents and path.parent.name != "bootstrap" and path not in MAY_KNOW
]


def imported_by(path: Path) -> set[str]:
    """The modules that a file names in its imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_there_are_vendors_and_others() -> None:
    assert {"tencent_vod", "huawei_mpc", "alibaba_gif"} <= set(VENDORS)
    assert len(ELSEWHERE) > 100


@pytest.mark.parametrize("path", ELSEWHERE, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_bootstrap_knows_vendors(path: Path) -> None:
    dialects = {f"cliploop.dialects.{vendor}" for vendor in VENDORS}
    assert not [name for name in imported_by(path) if any(f"{name}.".startswith(f"{each}.") for each in dialects)]


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_doors_table_has_every_vendor(vendor: str) -> None:
    table = ROOT / "src" / "cliploop" / "bootstrap" / "managing.py"
    assert f"cliploop.dialects.{vendor}.api" in imported_by(table)


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_the_dialects_share_knows_no_vendor(vendor: str) -> None:
    for path in DIALECTS.glob("*.py"):
        assert not [name for name in imported_by(path) if name.startswith(f"cliploop.dialects.{vendor}")]
