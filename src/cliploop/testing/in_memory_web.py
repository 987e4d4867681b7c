from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO

from cliploop.application.ports_web import FetchAddress, WebSource
from cliploop.domain.deadline import Deadline
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.upload import UploadedObject
from cliploop.domain.web_address import AllowedTargets, literal_is_refused, read_web_address


@dataclass(frozen=True)
class Posted:
    """A request that was handed over."""

    url: str
    body: bytes
    headers: Mapping[str, str]


@dataclass
class InMemoryWeb:
    """``Web`` of the files in a dictionary. Addresses in ``failures`` raise; POSTs are answered from ``statuses``."""

    files: dict[str, bytes] = field(default_factory=dict)
    failures: dict[str, CliploopError] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    posted: list[Posted] = field(default_factory=list)
    allowed: AllowedTargets = field(default_factory=AllowedTargets)

    @contextmanager
    def fetch(self, url: str, *, most_bytes: int, deadline: Deadline) -> Iterator[WebSource]:
        """See ``Web``."""
        self._must_answer(url)
        if url not in self.files:
            raise CliploopError(ErrorCode.FETCH_FAILED, "The address answered with status 404 instead of 200.")
        if len(self.files[url]) > most_bytes:
            raise CliploopError(ErrorCode.FETCH_TOO_LARGE, "The file at the address is too large.")
        yield InMemoryWebSource(self.files[url], read_web_address(url).name)

    def post(self, url: str, body: bytes, headers: Mapping[str, str], *, deadline: Deadline) -> int:
        """See ``Web``."""
        self._must_answer(url)
        self.posted.append(Posted(url, body, headers))
        return self.statuses.get(url, 200)

    def _must_answer(self, url: str) -> None:
        if literal_is_refused(read_web_address(url), self.allowed):
            raise CliploopError(ErrorCode.ADDRESS_REFUSED, "The address leads to a network that is not public.")
        if url in self.failures:
            raise self.failures[url]


class InMemoryWebSource:
    """``WebSource`` of bytes."""

    def __init__(self, content: bytes, name: str = "source") -> None:
        self.name = name
        self.size: int | None = len(content)
        self._content = BytesIO(content)

    def read(self, most: int) -> bytes:
        """See ``WebSource``."""
        return self._content.read(most)


@dataclass
class InMemoryFetchedSources:
    """``FetchedSources`` in a dictionary by key: bytes, and the attempt that stored them."""

    objects: dict[str, tuple[bytes, int]] = field(default_factory=dict)
    bucket: str = "uploads"

    def store(self, address: FetchAddress, source: WebSource, beat: Callable[[], None]) -> UploadedObject:
        """See ``FetchedSources``."""
        content = b""
        beat()
        while data := source.read(1 << 16):
            content += data
            beat()
        if not content:
            raise CliploopError(ErrorCode.FETCH_FAILED, "The address answered with an empty body.")
        key = address.key
        self.objects[key] = (content, address.attempt)
        return UploadedObject(ObjectVersion(self.bucket, key, f"v{len(self.objects)}"), len(content))
