"""Moments and lengths of time as the vendor writes them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from cliploop.domain.errors import InvalidRequestError

#: What the vendor calls ISO date format: seconds, and a zone.
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})")


def iso(milliseconds: int) -> str:
    """A moment, in UTC and whole seconds; empty for 0, which is none."""
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}" if milliseconds else ""


def read_iso(text: str, path: str) -> int:
    """The UTC milliseconds of a moment.

    Raises:
        InvalidRequestError: ``text``, which the request has at ``path``, is none.
    """
    try:
        moment = datetime.fromisoformat(text) if _ISO.fullmatch(text) else None
    except ValueError:
        moment = None
    if moment is None:
        raise InvalidRequestError(path, f"{path} is {text[:64]!a}; write it as 2026-01-31T23:59:59Z.")
    return round(moment.timestamp() * 1000)


def seconds(milliseconds: int) -> float | int:
    """A length in seconds, an integer where it is one."""
    length = milliseconds / 1000
    return int(length) if length.is_integer() else length
