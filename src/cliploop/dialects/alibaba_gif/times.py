"""Moments as the vendor writes them: ISO 8601 in UTC, to the second."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


def iso(milliseconds: int) -> str:
    """A moment; empty for 0, which is none."""
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}" if milliseconds else ""


def read_iso(text: str) -> int | None:
    """The UTC milliseconds of a moment, or None where ``text`` is none."""
    try:
        moment = datetime.fromisoformat(text) if _MOMENT.fullmatch(text) else None
    except ValueError:
        return None
    return int(moment.timestamp()) * 1000 if moment else None
