"""``MediaProcessTask``: which animated images to make of a video. Procedures keep it, ``ProcessMedia`` starts it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from cliploop.dialects.fields import Anything, Field, Integer, ListOf, Number, Record, Support
from cliploop.domain.errors import InvalidRequestError
from cliploop.domain.procedure import MAX_USES, TemplateReference
from cliploop.domain.section import Section

#: Seconds, 115 days: longer than any video, and exact in milliseconds as a number of JSON's.
_LONGEST_OFFSET = 10_000_000

_ANIMATED_GRAPHIC_TASK = Record(
    (
        Field("Definition", Integer(), "The template's number.", required=True),
        Field(
            "StartTimeOffset",
            Number(-_LONGEST_OFFSET, _LONGEST_OFFSET),
            "Seconds; from where on. 0: from the beginning; negative: counted from the end.",
            default=0,
        ),
        Field(
            "EndTimeOffset",
            Number(-_LONGEST_OFFSET, _LONGEST_OFFSET),
            "Seconds; up to where. 0: to the end; negative: counted from the end.",
            default=0,
        ),
    )
)

#: The other lists of a ``MediaProcessTask``, which ask for something else than an animated image.
_OTHER_LISTS = {
    "TranscodeTaskSet": "Transcoding.",
    "SnapshotByTimeOffsetTaskSet": "Screenshots at points in time.",
    "SampleSnapshotTaskSet": "Screenshots at intervals.",
    "ImageSpriteTaskSet": "Image sprites.",
    "CoverBySnapshotTaskSet": "Covers.",
    "AdaptiveDynamicStreamingTaskSet": "Streams of several bitrates.",
}

MEDIA_PROCESS_TASK = Field(
    "MediaProcessTask",
    Record(
        (
            Field(
                "AnimatedGraphicTaskSet",
                ListOf(_ANIMATED_GRAPHIC_TASK, MAX_USES),
                "The animated images to make; at least one.",
                default=(),
            ),
            *(
                Field(
                    name,
                    Anything(),
                    meaning,
                    support=Support.REFUSED,
                    note="only animated images are made of a video",
                )
                for name, meaning in _OTHER_LISTS.items()
            ),
        )
    ),
    "What to make of a video.",
)


def read_references(value: Mapping[str, Any] | None) -> tuple[TemplateReference, ...]:
    """The templates, with their sections, that a ``MediaProcessTask`` names: at least one.

    Args:
        value: as ``MEDIA_PROCESS_TASK`` reads it, None where the request has none.

    Raises:
        InvalidRequestError: nothing is asked for.
    """
    tasks = value["AnimatedGraphicTaskSet"] if value else ()
    if not tasks:
        raise InvalidRequestError(
            MEDIA_PROCESS_TASK.name,
            "There is nothing to do; name at least one template in MediaProcessTask.AnimatedGraphicTaskSet.",
        )
    return tuple(
        TemplateReference(
            task["Definition"],
            Section(_milliseconds(task["StartTimeOffset"]), _milliseconds(task["EndTimeOffset"])),
        )
        for task in tasks
    )


def write_references(references: Sequence[TemplateReference]) -> dict[str, Any]:
    """The ``MediaProcessTask`` that ``references`` are; ``read_references`` of it gives them back."""
    tasks = [
        {
            "Definition": each.definition,
            "StartTimeOffset": each.section.start_ms / 1000,
            "EndTimeOffset": each.section.end_ms / 1000,
        }
        for each in references
    ]
    return {"AnimatedGraphicTaskSet": tasks} | {name: [] for name in _OTHER_LISTS}


def _milliseconds(seconds: float) -> int:
    """The nearest millisecond of the decimal that was sent; of what is not 0 never 0, which means an end."""
    exact = Fraction(str(seconds)) * 1000
    return round(exact) or (exact > 0) - (exact < 0)
