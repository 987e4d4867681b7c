"""The command ``cliploop``: its first word says which room does the rest."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(words: Sequence[str] | None = None) -> int:
    """Do what the words after ``cliploop`` say, and return the exit code."""
    words = sys.argv[1:] if words is None else words
    # A room is loaded when it is wanted: who encodes has no use for AWS, who operates a stack none for the engine.
    if words and words[0] in {"redrive", "replay"}:
        from cliploop.operating import main as operate  # noqa: PLC0415

        return operate(words)
    from cliploop.cli import main as encode  # noqa: PLC0415

    return encode(words)


if __name__ == "__main__":
    sys.exit(main())
