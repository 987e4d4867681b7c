from __future__ import annotations

import argparse
from typing import NoReturn

from cliploop.domain.errors import InvalidRequestError


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are ours."""

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print below its usage."""
        words = message.removeprefix("argument ")
        raise InvalidRequestError(words.partition(":")[0], f"{words}; see {self.prog} --help")
