"""The table of traps names what is there: each of the 26 has a remedy in the code, and a test that exists."""

from __future__ import annotations

import re
from pathlib import Path

from tests.media.without_remedies import REMEDIES

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "traps.md").read_text()
TESTS = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))


def test_every_trap_has_a_remedy_that_can_be_taken_out() -> None:
    rows = [int(number) for number in re.findall(r"^\| (\d+) \|", DOCUMENT, re.MULTILINE)]
    assert rows == list(range(1, 27)) == sorted({remedy.trap for remedy in REMEDIES})
    for remedy in REMEDIES:
        assert (ROOT / remedy.file).read_text().count(remedy.present) == 1, remedy.trap


def test_every_test_that_the_table_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", DOCUMENT))
    tried = {remedy.test.partition("::")[2] for remedy in REMEDIES} - {""}
    assert tried <= named
    assert [name for name in sorted(named) if f"def {name}(" not in TESTS] == []
