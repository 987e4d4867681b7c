"""The pages that the code writes about itself: `python -m local.reference` writes them, `--check` only compares."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from cliploop.dialects.tencent_vod.reference import reference_page, support_table
from local.stack import ROOT

if TYPE_CHECKING:
    from pathlib import Path

_COMPATIBILITY = ROOT / "docs" / "compatibility.md"
_BEGIN = "<!-- written by `make reference` -->\n"
_END = "<!-- end -->\n"


def pages() -> dict[Path, str]:
    """Each page as it should be."""
    head, _, rest = _COMPATIBILITY.read_text().partition(_BEGIN)
    _, _, tail = rest.partition(_END)
    return {
        ROOT / "docs" / "reference" / "tencent-vod.md": reference_page(),
        _COMPATIBILITY: f"{head}{_BEGIN}\n{support_table()}\n{_END}{tail}",
    }


def main() -> int:
    """Write the pages; 1 with `--check` if one is not as it should be."""
    stale = [path for path, text in pages().items() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is not what the code says: run `make reference`.", file=sys.stderr)
        return 1 if stale else 0
    for path, text in pages().items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
