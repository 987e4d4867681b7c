from __future__ import annotations


class Refusal(Exception):  # noqa: N818  # it is the vendor's reply, not a failure of ours
    """A request is refused with a code of the vendor's; ``message`` tells the caller what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
