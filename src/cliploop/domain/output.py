"""What a task has to make: one animated image each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from cliploop.domain.errors import ErrorCode, Failure
from cliploop.domain.plan import OutputPlan
from cliploop.domain.procedure import TemplateReference, TemplateUse
from cliploop.domain.template import ImageFormat, Template


class OutputState(StrEnum):
    """The states of one output of a task."""

    WAITING = "WAITING"
    SUCCEED = "SUCCEED"
    FAILED = "FAILED"


@dataclass(frozen=True)
class StoredImage:
    """A finished output. Size in bytes, MD5 in hex over the bytes that were stored."""

    bucket: str
    key: str
    size: int
    md5: str
    width: int
    height: int
    frames: int
    duration_ms: int

    @property
    def bitrate(self) -> int:
        """Bits a second while it plays, as the seeds count it."""
        return round(self.size * 8_000 / self.duration_ms) if self.duration_ms else 0


@dataclass(frozen=True)
class Output:
    """One animated image of a task: what was asked for, what was done, and how it went.

    Attributes:
        destination: the key in the output bucket that the caller chose; empty = cliploop's own.
    """

    use: TemplateUse
    state: OutputState = OutputState.WAITING
    applied: OutputPlan | None = None
    image: StoredImage | None = None
    failure: Failure | None = None
    destination: str = ""

    def succeed(self, applied: OutputPlan, image: StoredImage) -> Output:
        """This output, made."""
        return replace(self, state=OutputState.SUCCEED, applied=applied, image=image, failure=None)

    def fail(self, failure: Failure) -> Output:
        """This output, ended without an image."""
        return replace(self, state=OutputState.FAILED, image=None, failure=failure)

    def again(self) -> Output:
        """This output, to be made anew; one without a template stays as it is, for what it was is not known."""
        if self.failure and self.failure.code is ErrorCode.TEMPLATE_NOT_FOUND:
            return self
        return replace(self, state=OutputState.WAITING, applied=None, image=None, failure=None)


def outputs_of(references: Sequence[TemplateReference], templates: Mapping[int, Template]) -> tuple[Output, ...]:
    """What a task has to make: each reference with its template as it is now.

    A reference to a template that does not exist is an output that is FAILED from the start; the others are made all
    the same.
    """
    return tuple(
        Output(TemplateUse(templates[each.definition], each.section))
        if each.definition in templates
        else Output(TemplateUse(Template(each.definition, ImageFormat.GIF), each.section)).fail(_no_template(each))
        for each in references
    )


def _no_template(reference: TemplateReference) -> Failure:
    return Failure(
        ErrorCode.TEMPLATE_NOT_FOUND,
        f"Template {reference.definition} does not exist; create it, or name another.",
    )
