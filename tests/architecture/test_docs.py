"""What the documents point at is there."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
# Decisions also name what was thought of and not made.
OF_TODAY = [path for path in DOCUMENTS if path.parent.name != "adr"]
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE))

_LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
# `docs/adr/`, `domain/task.py`: in backticks, with a folder. `<id>/x` and `out/*.gif` are no names of files.
_FILE = re.compile(r"`([\w.-]+(?:/[\w.-]+)*/(?:[\w-]+\.(?:md|py|yaml))?)`")
# "make demo" in backticks, or at the beginning of a line of a block of commands.
_COMMAND = re.compile(r"(?:^|`)make +([a-z-]+)\b([^`\n]*)", re.MULTILINE)
_VARIABLE = re.compile(r"\b([A-Z]{2,})=")


def each(paths: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", paths, ids=lambda path: str(path.relative_to(ROOT)))


def anchor(heading: str) -> str:
    """A heading's fragment, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def is_broken(link: str, document: Path) -> bool:
    """A link to a file that is not there, to a heading that it does not have, or out of the repository."""
    name, _, fragment = link.partition("#")
    target = (document.parent / name).resolve() if name else document
    if not target.exists() or not target.is_relative_to(ROOT):
        return True
    return bool(fragment) and fragment not in map(anchor, _HEADING.findall(target.read_text()))


@each(DOCUMENTS)
def test_every_link_leads_somewhere(path: Path) -> None:
    links = _LINK.findall(_FENCED.sub("", path.read_text()))
    assert [link for link in links if not link.startswith("https://") and is_broken(link, path)] == []


@each(OF_TODAY)
def test_every_file_that_is_named_exists(path: Path) -> None:
    rooms = (ROOT, ROOT / "src" / "cliploop", path.parent)
    made = (ROOT / ".gitignore").read_text().split()
    names = [name for name in _FILE.findall(_FENCED.sub("", path.read_text())) if name not in made]
    assert [name for name in names if not any((room / name).exists() for room in rooms)] == []


@each(DOCUMENTS)
def test_every_make_command_exists_with_its_variables(path: Path) -> None:
    commands = _COMMAND.findall(path.read_text())
    assert {target for target, _ in commands} <= TARGETS
    variables = {name for _, rest in commands for name in _VARIABLE.findall(rest)}
    assert {name for name in variables if f"$({name})" not in MAKEFILE} == set()


def test_the_readme_names_commands_at_all() -> None:
    named = {target for target, _ in _COMMAND.findall((ROOT / "README.md").read_text())}
    assert {"demo", "test", "serve", "build", "setup"} <= named


def test_make_alone_lists_every_target_that_can_be_called() -> None:
    phony = re.search(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)
    assert phony is not None
    program = shutil.which("make")
    assert program is not None
    printed = subprocess.run([program], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    listed = re.findall(r"^  make ([a-z-]+) ", printed, re.MULTILINE)
    assert set(listed) == set(phony[1].split()) == TARGETS
