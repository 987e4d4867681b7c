"""The part of a video that an address names behind its ``#`` (W3C Media Fragments URI 1.0, section 4.2.1)."""

from __future__ import annotations

import re
from fractions import Fraction
from urllib.parse import unquote

from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.section import Section

#: Normal play time: seconds, ``mm:ss`` or ``hh:mm:ss``, each with a fraction or without.
_TIME = (
    r"(?:(?:(?P<{0}h>[0-9]{{1,4}}):)?(?P<{0}m>[0-5][0-9]):(?=[0-5][0-9](?![0-9])))?"
    r"(?P<{0}s>[0-9]{{1,8}}(?:\.[0-9]{{0,9}})?)"
)
_RANGE = re.compile(rf"(?:npt:)?(?:{_TIME.format('from_')})?(?P<comma>,(?:{_TIME.format('to_')})?)?")
_MINUTE = 60


def section_of_fragment(fragment: str) -> Section | None:
    """The section that ``t=`` names, as ``t=2,5.5``, ``t=,5`` or ``t=2``; None where the fragment names none.

    Other dimensions, as ``xywh=``, say nothing here. Of several ``t=`` the last one counts, as the standard has it.

    Args:
        fragment: what follows the ``#``.

    Raises:
        CliploopError: SECTION_INVALID. The standard has players ignore what they cannot read, but a caller who names
            a part does not want another.
    """
    pairs = (pair.partition("=") for pair in fragment.split("&") if "=" in pair)
    times = [unquote(value) for name, _, value in pairs if unquote(name) == "t"]
    return _section(times[-1]) if times else None


def _section(text: str) -> Section:
    match = _RANGE.fullmatch(text)
    start = _milliseconds(match, "from_") if match else None
    end = _milliseconds(match, "to_") if match else None
    if match is None or (start is None and end is None) or match["comma"] == ",":
        raise _invalid("is not t=START,END, t=START or t=,END in seconds, as in t=2,5.5")
    if end is None:
        return Section(start or 0)
    if end <= (start or 0):
        raise _invalid("ends at or before its start")
    return Section(start or 0, end)


def _milliseconds(match: re.Match[str], which: str) -> int | None:
    """The nearest millisecond; None where the moment is left out."""
    if match[f"{which}s"] is None:
        return None
    minutes = int(match[f"{which}h"] or 0) * _MINUTE + int(match[f"{which}m"] or 0)
    return round((minutes * _MINUTE + Fraction(match[f"{which}s"])) * 1000)


def _invalid(reason: str) -> CliploopError:
    return CliploopError(ErrorCode.SECTION_INVALID, f"The part of the video that the address names {reason}.")
