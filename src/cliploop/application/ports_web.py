"""What the use cases need of other people's servers, and of the place that keeps what was fetched from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from cliploop.domain.deadline import Deadline
from cliploop.domain.upload import FETCHED_PREFIX, UploadedObject


class WebSource(Protocol):
    """The body of an answer, while it arrives."""

    @property
    def name(self) -> str:
        """The last part of the final address's path, decoded, fit for a file's name; never empty."""
        ...

    @property
    def size(self) -> int | None:
        """Bytes that the answer promised, or None where it did not say."""
        ...

    def read(self, most: int) -> bytes:
        """The next bytes, one at least and ``most`` at most; none at the end.

        Raises:
            CliploopError: FETCH_FAILED (retryable) where it breaks off, or ends before what it promised;
                FETCH_TOO_LARGE; DEADLINE_EXCEEDED where it is too slow.
        """
        ...


class Web(Protocol):
    """Other people's servers, as far as they are public."""

    def fetch(self, url: str, *, most_bytes: int, deadline: Deadline) -> AbstractContextManager[WebSource]:
        """Ask for a file, follow redirects, and answer with its body.

        Raises:
            CliploopError: ADDRESS_REFUSED; FETCH_FAILED, retryable where the server may answer differently later;
                FETCH_TOO_LARGE where more than ``most_bytes`` are promised.
        """
        ...

    def post(self, url: str, body: bytes, headers: Mapping[str, str], *, deadline: Deadline) -> int:
        """Hand ``body`` over and return the status of the answer, whatever it is. Redirects are not followed.

        Raises:
            CliploopError: ADDRESS_REFUSED, or FETCH_FAILED (retryable unless the host is unknown or not who it says).
        """
        ...


@dataclass(frozen=True)
class FetchAddress:
    """Where a fetched source goes, and whose attempt puts it there."""

    project_id: str
    task_id: int
    attempt: int
    name: str

    @property
    def key(self) -> str:
        """Its key in the upload bucket. The attempt keeps a worker that was overtaken off its successor's object."""
        return f"{FETCHED_PREFIX}{self.project_id}/{self.task_id}/{self.attempt}/{self.name}"


class FetchedSources(Protocol):
    """Keeps what was fetched, where sources are kept."""

    def store(self, address: FetchAddress, source: WebSource, beat: Callable[[], None]) -> UploadedObject:
        """Store ``source`` as it arrives, and mark it as ours. ``beat`` is called between reads; it raises to stop.

        Whatever is raised, nothing is left behind.

        Raises:
            CliploopError: what ``source`` raises; FETCH_FAILED where it is empty; UNAVAILABLE (retryable).
        """
        ...
