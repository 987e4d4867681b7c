"""A number whose range is a value of the domain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cliploop.dialects.fields import Integer
from cliploop.domain.ranges import Numbers

#: Beyond any range; what a number must be to be one.
_WIDEST = Integer(-(10**18), 10**18)


@dataclass(frozen=True)
class Ranged:
    """One of the numbers that a vendor lets be asked for."""

    numbers: Numbers

    def read(self, value: Any, path: str, *, textual: bool) -> int:
        """See ``Kind``."""
        number = _WIDEST.read(value, path, textual=textual)
        self.numbers.check(number, path)
        return number

    def describe(self) -> str:
        """See ``Kind``."""
        return f"integer, {self.numbers.describe()}"
