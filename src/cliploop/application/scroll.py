"""How a caller comes back for the rest of a search."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from hashlib import blake2b
from typing import Self

from cliploop.domain.errors import InvalidRequestError

#: A moment, a place (one or two moments and an id), and the check.
_TOKEN = re.compile(r"([0-9]{13})\.((?:[0-9]{13}#){1,2}[0-9]{1,19})\.[0-9a-f]{16}")


@dataclass(frozen=True)
class Scroll:
    """Where a search goes on.

    Attributes:
        as_of_ms: when its first page was asked for, UTC milliseconds: what the order of all its pages is taken from.
        place: of the last task that was looked at; empty = none was yet.
    """

    as_of_ms: int
    place: str = ""

    def write(self, search: str) -> str:
        """The token for the caller; ``search`` stands for what is searched, for the token serves for nothing else."""
        text = f"{self.as_of_ms:013d}.{self.place}"
        check = blake2b(f"{search}\n{text}".encode(), digest_size=8).hexdigest()
        return urlsafe_b64encode(f"{text}.{check}".encode()).decode().rstrip("=")

    @classmethod
    def read(cls, token: str, search: str) -> Self:
        """What ``token`` says.

        Raises:
            InvalidRequestError: it is not one of ``write``'s for this search.
        """
        try:
            text = urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4)).decode("ascii")
        except ValueError:
            text = ""
        match = _TOKEN.fullmatch(text)
        scroll = cls(int(match[1]), match[2]) if match else None
        if scroll is None or scroll.write(search) != token:
            raise InvalidRequestError(
                "ScrollToken",
                "The ScrollToken is not one of this search; send it as it was received, with the same conditions.",
            )
        return scroll
