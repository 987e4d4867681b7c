from __future__ import annotations

from dataclasses import dataclass

from cliploop.domain.errors import CliploopError, ErrorCode


@dataclass(frozen=True)
class Section:
    """Start and end in the source as the caller asked for them, in integer milliseconds.

    As with Tencent VOD's offsets: a negative number counts from the end of the source, and an end of 0 means
    "to the end". ``Section()`` is the whole source.
    """

    start_ms: int = 0
    end_ms: int = 0

    def within(self, duration_ms: int) -> AppliedSection:
        """The part of a source of ``duration_ms`` that this section means, its end clamped to the source.

        Raises:
            CliploopError: SECTION_INVALID when nothing of the source lies in it.
        """
        start = max(0, duration_ms + self.start_ms) if self.start_ms < 0 else self.start_ms
        end = self.end_ms if self.end_ms > 0 else duration_ms + self.end_ms
        if start >= duration_ms:
            raise _invalid(f"the section starts at {start} ms, but the video is {duration_ms} ms long")
        if end <= start:
            raise _invalid(f"the section ends at {end} ms, at or before its start at {start} ms")
        return AppliedSection(start, min(end, duration_ms))


@dataclass(frozen=True)
class AppliedSection:
    """A part of a source that really is in it: ``0 <= start_ms < end_ms <= duration``."""

    start_ms: int
    end_ms: int

    @property
    def duration_ms(self) -> int:
        """Its length, at least 1."""
        return self.end_ms - self.start_ms


def _invalid(sentence: str) -> CliploopError:
    return CliploopError(ErrorCode.SECTION_INVALID, sentence[0].upper() + sentence[1:] + ".")
