"""What a vendor lets be asked for of an output. The numbers are the vendor's, and the rule about them is here."""

from __future__ import annotations

from dataclasses import dataclass

from cliploop.domain.errors import InvalidRequestError
from cliploop.domain.section import Section

#: A side that follows the other one in proportion.
FOLLOWS = -1
#: A side of the source's own.
SOURCE = 0


@dataclass(frozen=True)
class Numbers:
    """Whole numbers that may be asked for.

    Attributes:
        least: included.
        most: included.
        step: they are multiples of it.
        beside: others that may stand there, and mean something of their own.
    """

    least: int
    most: int
    step: int = 1
    beside: tuple[int, ...] = ()

    def check(self, number: int, parameter: str) -> None:
        """Take a number, or not.

        Raises:
            InvalidRequestError: it is none of them; ``parameter`` is its name.
        """
        if number in self.beside or (self.least <= number <= self.most and number % self.step == 0):
            return
        raise InvalidRequestError(parameter, f"{parameter} is {number:.12g}; it can be {self.describe()}.")

    def describe(self) -> str:
        """Them in words, as ``0 or 128 to 4096``."""
        span = f"{self.least} to {self.most}"
        if self.step > 1:
            span = f"a multiple of {self.step} from {span}"
        return f"{', '.join(map(str, self.beside))} or {span}" if self.beside else span


@dataclass(frozen=True)
class OutputRanges:
    """The ranges of an output.

    Attributes:
        width: pixels.
        height: pixels.
        rate: frames a second.
        longest_ms: of a section; None = any length.
        pairs_zeros: whether a side of 0 needs the other one to be 0 as well, and one of -1 a length for the other.
            Otherwise a side of 0 beside a length follows it.
    """

    width: Numbers
    height: Numbers
    rate: Numbers
    longest_ms: int | None = None
    pairs_zeros: bool = False

    def check_size(self, width: int, height: int, *, names: tuple[str, str]) -> None:
        """Take a size, or not.

        Args:
            width: pixels, ``FOLLOWS`` or ``SOURCE``.
            height: likewise.
            names: of both in the request.

        Raises:
            InvalidRequestError: a side is out of its range, or the two do not go together.
        """
        self.width.check(width, names[0])
        self.height.check(height, names[1])
        if not self.pairs_zeros:
            return
        sides = dict(zip(names, (width, height), strict=True))
        for name, other in (names, reversed(names)):
            if sides[name] == FOLLOWS and sides[other] in {FOLLOWS, SOURCE}:
                raise InvalidRequestError(name, f"{name} is {FOLLOWS}, so {other} has to be a length in pixels.")
            if sides[name] == SOURCE and sides[other] != SOURCE:
                raise InvalidRequestError(name, f"{name} is {SOURCE}, so {other} has to be {SOURCE} as well.")

    def check_section(self, section: Section, *, names: tuple[str, str]) -> None:
        """Take a section whose ends both count from the start of the source, or not.

        Args:
            section: as it was asked for.
            names: of its start and its end in the request.

        Raises:
            InvalidRequestError: it begins before the source, is empty, or is too long.
        """
        start, end = names
        if section.start_ms < 0:
            raise InvalidRequestError(start, f"{start} is {section.start_ms} ms; it is 0 or more.")
        length = section.end_ms - section.start_ms
        if length <= 0:
            raise InvalidRequestError(end, f"{end} is {section.end_ms} ms, which is not after {start}.")
        if self.longest_ms is not None and length > self.longest_ms:
            raise InvalidRequestError(
                end, f"{end} is {length} ms after {start}; at most {self.longest_ms} ms lie between them."
            )
