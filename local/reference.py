"""The pages that the code writes about itself: `python -m local.reference` writes them, `--check` only compares."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from cliploop.dialects.alibaba_gif import reference as alibaba_gif
from cliploop.dialects.huawei_mpc import reference as huawei_mpc
from cliploop.dialects.tencent_vod import reference as tencent_vod
from local.stack import ROOT

if TYPE_CHECKING:
    from pathlib import Path

_VENDORS = {"tencent-vod": tencent_vod, "huawei-mpc": huawei_mpc, "alibaba-gif": alibaba_gif}
_COMPATIBILITY = ROOT / "docs" / "compatibility.md"
#: Where a vendor's table stands among what people wrote.
_TABLE = re.compile(r"(<!-- `make reference` writes this: ([a-z-]+) -->\n).*?(<!-- end -->\n)", re.DOTALL)


def pages() -> dict[Path, str]:
    """Each page as it should be."""
    written = {
        ROOT / "docs" / "reference" / f"{name}.md": vendor.reference_page() for name, vendor in _VENDORS.items()
    }
    return written | {_COMPATIBILITY: _TABLE.sub(_table, _COMPATIBILITY.read_text())}


def _table(block: re.Match[str]) -> str:
    begin, name, end = block.groups()
    return f"{begin}\n{_VENDORS[name].support_table()}\n{end}"


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
