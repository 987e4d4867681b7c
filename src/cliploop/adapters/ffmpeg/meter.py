"""How much of a source ffmpeg has read. It says so at its end, where it is asked to be talkative."""

from __future__ import annotations

import re
from dataclasses import dataclass

_READ = re.compile(r"Statistics: (\d+) bytes read")
#: Of ``-v level+verbose``: what ``-v warning`` would have printed. Words of the file itself come as "info".
_COMPLAINT = re.compile(r"^(?:\[[^]]* @ 0x[0-9a-f]+\] )*\[(?:warning|error|fatal|panic)\] .*$", re.MULTILINE)
#: What a talkative ffmpeg adds to the line about a stream, between the codec and its tag.
_ADDED = re.compile(r", \d+ reference frames?(?= \(|, )")


@dataclass
class Meter:
    """Adds up what the runs of ffmpeg have read.

    Attributes:
        bytes_read: by all runs; None until one has told.
    """

    bytes_read: int | None = None

    def count(self, stderr: str) -> None:
        """Add what one run has read, by its own words; a run that was killed says nothing."""
        told = [int(count) for count in _READ.findall(stderr)]
        if told:
            self.bytes_read = (self.bytes_read or 0) + sum(told)


def complaints(stderr: str, meter: Meter | None) -> str:
    """What a run complained of; counted, where it was asked to be talkative for ``meter``."""
    if meter is None:
        return stderr
    meter.count(stderr)
    return "\n".join(_COMPLAINT.findall(stderr))


def plain_banner(stderr: str, meter: Meter | None) -> str:
    """What a run printed about a source, as it does when it is not talkative."""
    if meter is None:
        return stderr
    meter.count(stderr)
    return _ADDED.sub("", stderr)
