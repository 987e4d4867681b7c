"""How much of a project's work may be open at the same time.

Nobody has looked at a source yet when its task is registered. What depends on it is assumed: a section that ends
where the source does has a minute, and a side that the template leaves to the source is that of a Full HD picture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.output import Output
from cliploop.domain.section import Section
from cliploop.domain.template import Template
from cliploop.domain.timing import frame_count, playable_rate

#: The length of a section whose end is the source's.
ASSUMED_SECTION_MS = 60_000
#: The size of a picture of which nothing was asked, and the proportions of one of which one side was.
ASSUMED_WIDTH, ASSUMED_HEIGHT = 1_920, 1_080


@dataclass(frozen=True)
class Demand:
    """What a task takes of its project's quota, from its registration until its end was told.

    Attributes:
        tasks: 1, or 0 where nothing is taken.
        milliseconds: length of all its images together.
        pixels: width × height × frames of all its images together.
    """

    tasks: int = 0
    milliseconds: int = 0
    pixels: int = 0

    def added_to(self, other: Demand) -> Demand:
        """Both together."""
        return Demand(other.tasks + self.tasks, other.milliseconds + self.milliseconds, other.pixels + self.pixels)

    def beyond(self, other: Demand) -> Demand:
        """What has to be added to ``other`` to have this; it may be negative."""
        return self.added_to(Demand(-other.tasks, -other.milliseconds, -other.pixels))


#: Of a task that has ended, or that was registered while there was no quota.
NO_DEMAND = Demand()


@dataclass(frozen=True)
class Quota:
    """How much a project may have open at the same time; 0 is no limit.

    Attributes:
        tasks: that have not ended.
        seconds: of output that they were asked for.
        pixels: width × height × frames, likewise.
    """

    tasks: int = 0
    seconds: int = 0
    pixels: int = 0

    def demand_of(self, outputs: Sequence[Output]) -> Demand:
        """What a task with these outputs takes; nothing where there is no limit, so that nothing is counted."""
        if not self._limits:
            return NO_DEMAND
        wanted = [output.use for output in outputs if not output.failure]
        lengths = [_length_ms(use.section) for use in wanted]
        pixels = [_pixels(use.template, length_ms) for use, length_ms in zip(wanted, lengths, strict=True)]
        return Demand(1, sum(lengths), sum(pixels))

    def room_for(self, demand: Demand) -> Mapping[str, int]:
        """The most that may be taken already of each part of a demand that has a limit; negative: it never fits."""
        return {name: limit - getattr(demand, name) for name, limit in self._limits.items()}

    def admits(self, demand: Demand, taken: Demand) -> bool:
        """Whether ``demand`` fits beside what is taken."""
        return all(getattr(taken, name) <= most for name, most in self.room_for(demand).items())

    def refusal_of(self, demand: Demand) -> CliploopError:
        """Why a task with that demand is not taken on."""
        if not self.admits(demand, NO_DEMAND):
            return CliploopError(
                ErrorCode.QUOTA_EXCEEDED,
                f"The task needs {_in_words(demand, self._limits)}, and the project's quota is {self}; ask for less.",
            )
        return CliploopError(
            ErrorCode.QUOTA_EXCEEDED,
            f"The project's quota of open tasks is used up ({self}); try again when some have ended, or cancel some.",
        )

    def __str__(self) -> str:
        """In words, without what has no limit."""
        return _in_words(Demand(self.tasks, self.seconds * 1_000, self.pixels), self._limits)

    @property
    def _limits(self) -> Mapping[str, int]:
        limits = {"tasks": self.tasks, "milliseconds": self.seconds * 1_000, "pixels": self.pixels}
        return {name: limit for name, limit in limits.items() if limit}


NO_QUOTA = Quota()


def _in_words(demand: Demand, limits: Mapping[str, int]) -> str:
    words = {
        "tasks": "1 task" if demand.tasks == 1 else f"{demand.tasks} tasks",
        "milliseconds": f"{demand.milliseconds / 1_000:g} s of output",
        "pixels": f"{demand.pixels} pixels in all frames",
    }
    return ", ".join(text for name, text in words.items() if name in limits)


def _length_ms(section: Section) -> int:
    start, end = section.start_ms, section.end_ms
    if (start < 0) == (end < 0) and end:
        return max(0, end - start)  # both are counted from the same end of the source
    if start < 0:
        return min(-start, end) if end else -start  # at most, however long the source is
    return ASSUMED_SECTION_MS


def _pixels(template: Template, length_ms: int) -> int:
    rate = playable_rate(template.format, template.fps, Fraction(0))
    width, height = _size(template)
    return width * height * frame_count(template.format, length_ms, rate)


def _size(template: Template) -> tuple[int, int]:
    width, height = max(0, template.width), max(0, template.height)
    if not width and not height:
        return ASSUMED_WIDTH, ASSUMED_HEIGHT
    return (
        width or round(height * ASSUMED_WIDTH / ASSUMED_HEIGHT),
        height or round(width * ASSUMED_HEIGHT / ASSUMED_WIDTH),
    )
