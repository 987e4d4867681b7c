from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from botocore.exceptions import HTTPClientError

from cliploop.application.ports import Beat


class BeatingFile(io.FileIO):
    """A file that is sent, and calls ``beat`` with each read of it: so a long upload keeps its lease."""

    def __init__(self, path: Path, beat: Beat) -> None:
        super().__init__(path, "rb")
        self._beat = beat
        self._stopped: Exception | None = None

    def read(self, size: int | None = -1, /) -> bytes:
        """The next bytes."""
        try:
            self._beat()
        except Exception as error:
            self._stopped = error
            raise
        return super().read(-1 if size is None else size) or b""

    @contextmanager
    def unwrapped(self) -> Iterator[None]:
        """What ``beat`` has raised, which the client takes for a fault of its connection, comes out as it was."""
        try:
            yield
        except HTTPClientError as error:
            raise self._stopped or error from None
