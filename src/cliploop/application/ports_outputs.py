"""Where finished images are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

from cliploop.application.ports import Beat, EncodedImage, no_beat
from cliploop.domain.output import StoredImage
from cliploop.domain.publication import Publication
from cliploop.domain.task import Task
from cliploop.domain.template import ImageFormat


@dataclass(frozen=True)
class OutputAddress:
    """Where a finished image goes, and whose attempt puts it there.

    Attributes:
        created_ms: when the task was created, UTC milliseconds; of two with one destination the later one has it.
        destination: the key that the caller chose; empty = one of cliploop's own, which no other task has.
    """

    project_id: str
    task_id: int
    ordinal: int
    definition: int
    format: ImageFormat
    attempt: int
    created_ms: int
    destination: str = ""

    @classmethod
    def of(cls, task: Task, ordinal: int) -> Self:
        """Where the ``ordinal``-th image (from 1) of a task goes, put there by its latest attempt."""
        output = task.outputs[ordinal - 1]
        return cls(
            project_id=task.project_id,
            task_id=task.task_id,
            ordinal=ordinal,
            definition=output.use.template.definition,
            format=output.use.template.format,
            attempt=task.attempt,
            created_ms=task.created_ms,
            destination=output.destination,
        )

    @property
    def key(self) -> str:
        """The image's key in the output bucket."""
        # As in the seeds (v.f20001.webp); the ordinal keeps two uses of one template apart.
        name = f"{self.ordinal}.f{self.definition}.{self.format}"
        return self.destination or f"{self.project_id}/{self.task_id}/{name}"

    def publication(self, md5: str) -> Publication:
        """Who stores an image with that MD5 there."""
        return Publication(self.task_id, self.created_ms, self.attempt, md5)

    def has_stored(self, there: Publication) -> bool:
        """Whether what is there was put there by this attempt, or by an earlier one at the same task."""
        return there.task_id == self.task_id and there.attempt <= self.attempt


class Outputs(Protocol):
    """Keeps finished images."""

    def locate(self, address: OutputAddress, image: EncodedImage) -> StoredImage:
        """Where ``image`` will be stored, without storing it."""
        ...

    def publish(self, address: OutputAddress, image: EncodedImage, beat: Beat = no_beat) -> None:
        """Store ``image``; storing the same bytes twice is storing them once.

        An image of an earlier attempt, or of another task that was created earlier, is replaced. ``beat`` is called
        while it goes out.

        Raises:
            LeaseLostError: a later attempt has stored its image there.
            CliploopError: OUTPUT_NAME_TAKEN where the key holds the image of a task that was created later, or what
                cliploop did not write; UNAVAILABLE (retryable).
        """
        ...

    def withdraw(self, address: OutputAddress) -> None:
        """Remove what this attempt of the task, or one before it, has stored there; nothing where nothing is.

        Raises:
            CliploopError: UNAVAILABLE (retryable), INTERNAL.
        """
        ...
