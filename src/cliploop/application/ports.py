"""What the use cases need of the world, in the words of the domain.

``adapters`` keeps these promises on AWS and ffmpeg, ``testing`` in memory; one suite in ``tests/contract`` holds both
to them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from cliploop.domain.deadline import Deadline
from cliploop.domain.errors import CliploopError
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.media import MediaInfo
from cliploop.domain.notification import Notification
from cliploop.domain.plan import OutputPlan
from cliploop.domain.procedure import PrefixRule, Procedure
from cliploop.domain.query import PageRequest, TaskFilter, TaskPage
from cliploop.domain.quota import NO_QUOTA, Quota
from cliploop.domain.task import Task
from cliploop.domain.template import Template


@dataclass(frozen=True)
class ReadableSource:
    """One version of a source object, opened for reading by ranges.

    Attributes:
        url: where a decoder reads it; short-lived and secret (it is signed), so never stored, logged or published.
        size: bytes.
    """

    url: str
    size: int

    def __repr__(self) -> str:
        """Without the address, which carries a signature."""
        return f"ReadableSource(size={self.size})"


@dataclass(frozen=True)
class StageSeconds:
    """Where one image's time went, by the clock on the wall. Images of one section are made at the same time.

    Attributes:
        decoding: from the decoder's start to its end, which waits where images are made slower than it decodes; the
            same for every image of one section.
        waiting: for the decoder's next frame.
        encoding: making the file of the frames.
        verifying: reading the file back.
    """

    decoding: float = 0.0
    waiting: float = 0.0
    encoding: float = 0.0
    verifying: float = 0.0


@dataclass(frozen=True)
class EncodedImage:
    """An animated image on the local disk, reopened and found to be what was planned.

    Attributes:
        cut_after: how many planned frames there were before the file broke off, None where it did not.
    """

    path: Path
    size: int
    md5: str
    width: int
    height: int
    frames: int
    duration_ms: int
    cut_after: int | None = None
    seconds: StageSeconds = field(default=StageSeconds(), compare=False)


#: Called by long work, some times a second at most; raises to stop it.
Beat = Callable[[], None]


def no_beat() -> None:
    """Nobody wants to know."""


class RevisionConflictError(Exception):
    """The stored row is not the one that the change was made from: read it again."""


class Tasks(Protocol):
    """Keeps task rows. Every write is compare-and-set (docs/adr/0003).

    What is taken of a project's quota is the sum of its rows' demands, at every moment.
    """

    def add(self, task: Task, quota: Quota = NO_QUOTA) -> Task:
        """Store a new row unless its id is taken; the row that is stored now, new or old.

        Raises:
            CliploopError: QUOTA_EXCEEDED where the new row's demand does not fit into ``quota``; nothing was stored.
        """
        ...

    def get(self, project_id: str, task_id: int) -> Task | None:
        """The latest row, or None."""
        ...

    def replace(self, before: Task, after: Task) -> None:
        """Store ``after`` in the place of ``before``.

        Raises:
            RevisionConflictError: the stored row's revision is not ``before``'s.
        """
        ...

    def retire(self, before: Task, after: Task) -> None:
        """Like ``replace``, for a row whose end has been told: it is counted among the ended ones from now on.

        Raises:
            RevisionConflictError: the stored row's revision is not ``before``'s; nothing was counted.
        """
        ...

    def revive(self, before: Task, after: Task) -> None:
        """Like ``replace``, for a row that is brought back; where its end was told it is no longer counted as ended.

        Raises:
            RevisionConflictError: the stored row's revision is not ``before``'s; nothing was counted.
        """
        ...

    def get_many(self, project_id: str, task_ids: Sequence[int]) -> list[Task]:
        """The rows that exist of ``task_ids``, in their order, each once."""
        ...

    def list(self, project_id: str, where: TaskFilter, page: PageRequest) -> TaskPage:
        """One page of the project's tasks, newest first, and how many match in all."""
        ...


class Catalog(Protocol):
    """Knows a project's procedures, templates and prefix rules."""

    def procedure(self, project_id: str, name: str) -> Procedure | None:
        """A stored procedure, or None."""
        ...

    def templates(self, project_id: str, definitions: Sequence[int]) -> Mapping[int, Template]:
        """The stored templates that there are of ``definitions``, by their number."""
        ...

    def prefix_rules(self, project_id: str) -> tuple[PrefixRule, ...]:
        """Every prefix rule of the project."""
        ...


class Sources(Protocol):
    """Reads what users uploaded."""

    def metadata(self, source: ObjectVersion) -> Mapping[str, str]:
        """An object version's user metadata, names in lower case, values as stored.

        Raises:
            CliploopError: SOURCE_NOT_FOUND, SOURCE_FORBIDDEN, or UNAVAILABLE (retryable).
        """
        ...

    def open(self, source: ObjectVersion) -> ReadableSource:
        """An object version for reading by ranges; the same errors as ``metadata``."""
        ...


class WorkQueue(Protocol):
    """Hands tasks to workers."""

    def send(self, project_id: str, task_id: int) -> None:
        """Have the task processed, now or when it is its turn; at least once."""
        ...


class Notifications(Protocol):
    """Tells subscribers."""

    def publish(self, notifications: Sequence[Notification]) -> list[Notification]:
        """Tell each; those that could not be told are returned, so that they are tried again."""
        ...


class Clock(Protocol):
    """The time."""

    def now_ms(self) -> int:
        """UTC milliseconds."""
        ...


@dataclass(frozen=True)
class Progress:
    """How far an encoder is: frames that have arrived of those planned, of all images together.

    Fewer than planned may be all there are, where a source ends early.
    """

    frames: int
    planned: int


#: Called by long work every second or so while it lasts; raises to stop it.
Pulse = Callable[[Progress], None]


class Prober(Protocol):
    """Finds out what is in a source."""

    def probe(self, source: ReadableSource, deadline: Deadline, beat: Beat = no_beat) -> MediaInfo:
        """Read a source's headers; ``beat`` is called meanwhile.

        Raises:
            CliploopError: SOURCE_UNSUPPORTED, SOURCE_MALFORMED, SOURCE_NOT_FOUND, SOURCE_FORBIDDEN,
                DEADLINE_EXCEEDED, or UNAVAILABLE (retryable) where the store did not answer.
        """
        ...


class Encoder(Protocol):
    """Makes animated images from a source."""

    def encode(
        self,
        source: ReadableSource,
        media: MediaInfo,
        plans: Sequence[OutputPlan],
        *,
        scratch: Path,
        deadline: Deadline,
        pulse: Pulse,
    ) -> list[EncodedImage | CliploopError]:
        """Make every planned image, in the plans' order, as files in ``scratch``.

        An image that cannot be made is its error in the list; the others are made all the same.

        Raises:
            CliploopError: DEADLINE_EXCEEDED, or UNAVAILABLE (retryable): nothing is made.
        """
        ...
