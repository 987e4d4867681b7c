"""What a run has found out, as values that are kept as JSON. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """A measure over many tasks, in seconds."""

    median: float
    p90: float
    p99: float
    longest: float


def spread(values: Iterable[float]) -> Spread:
    """The spread of one value or more: the smallest value that so many of them do not pass (nearest rank)."""
    ranked = sorted(values)

    def at(percent: int) -> float:
        return round(ranked[max(0, -(-len(ranked) * percent // 100) - 1)], 3)

    return Spread(at(50), at(90), at(99), at(100))


@dataclass(frozen=True)
class Upload:
    """An object that was put; ``at_ms`` is when S3 had taken it."""

    key: str
    version_id: str
    at_ms: int
    is_video: bool = True


@dataclass(frozen=True)
class Row:
    """Of a task's row, what a run is judged by."""

    task_id: int
    key: str
    version_id: str
    state: str
    attempt: int
    created_ms: int
    started_ms: int
    ended_ms: int
    images: tuple[str, ...]


@dataclass(frozen=True)
class Told:
    """A delivery of a task's end, and when it lay in its subscriber's queue."""

    task_id: int
    delivery_id: str
    at_ms: int


@dataclass(frozen=True)
class Depth:
    """Messages in each queue, hidden ones too, so many seconds after the start."""

    at_s: float
    uploads: int
    work: int


def faults(
    uploads: Sequence[Upload], rows: Sequence[Row], told: Sequence[Told], versions: Mapping[str, int]
) -> list[str]:
    """What was lost or was done twice, in sentences; none where all is well.

    Args:
        uploads: what was put.
        rows: what is in the table.
        told: what a subscriber of the bus has heard.
        versions: how often each key of the output bucket was put.
    """
    found: list[str] = []
    by_source = Counter((row.key, row.version_id) for row in rows)
    for upload in uploads:
        number = by_source[upload.key, upload.version_id]
        if number != 1:
            found.append(f"{upload.key} has {number} rows")
    wanted = {upload.key: "SUCCEED" if upload.is_video else "FAILED" for upload in uploads}
    found += [f"{row.key} is {row.state}" for row in rows if row.state != wanted.get(row.key)]
    deliveries = {row.task_id: {each.delivery_id for each in told if each.task_id == row.task_id} for row in rows}
    found += [
        f"{row.key} has {len(deliveries[row.task_id])} ends" for row in rows if len(deliveries[row.task_id]) != 1
    ]
    stored = {key for row in rows for key in row.images}
    found += [f"{key} was put {number} times" for key, number in versions.items() if number != 1]
    found += [f"{key} is on a row and not there" for key in sorted(stored - versions.keys())]
    found += [f"{key} is there and on no row" for key in sorted(versions.keys() - stored)]
    return found
