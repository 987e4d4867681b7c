"""The two runs: uploads that come in and become images, and a burst that is only registered."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load.findings import Depth, Spread, faults, spread
from benchmarks.load.stand import Stand
from cliploop.adapters.ffmpeg.locate import ffmpeg

SEED = 20261121
#: What is asked of an upload, and how often: the section as metadata says it, in seconds.
SECTIONS = (("0%2C0.5", 4), ("0%2C1", 3), ("1%2C2.5", 2), ("0%2C3", 1))
#: One upload in so many is no video, and its task FAILED.
BROKEN_EVERY = 25
_LONGEST_WAIT_S = 3 * 60 * 60
_UPLOADERS = 4
#: Uploads before a run, enough for each of ten functions to be started.
_WARM = 40
#: The content of an object that is no video.
_NOTHING = b"x"


@dataclass(frozen=True)
class Steady:
    """What became of uploads that came one after the other.

    Attributes:
        registered, ended, told: seconds from the upload.
        worked: seconds from an attempt's start to the end.
        deliveries: events that the subscriber got; more than tasks where some came twice under one id.
    """

    uploads: int
    rate: float
    took_s: float
    images: int
    registered: Spread
    ended: Spread
    told: Spread
    worked: Spread
    deliveries: int
    second_attempts: int
    depths: tuple[Depth, ...]
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Burst:
    """What became of uploads that came as fast as they could be put, while nothing was worked on."""

    uploads: int
    put_s: float
    took_s: float
    registered: Spread
    messages: int
    depths: tuple[Depth, ...]
    faults: tuple[str, ...]


def steady(stand: Stand, uploads: int, rate: float, folder: Path) -> Steady:
    """Upload so many videos, so many a second at random moments, and wait for every end to be told."""
    video = _video(folder)
    chance = random.Random(SEED)  # noqa: S311
    sections = [section for section, weight in SECTIONS for _ in range(weight)]
    stand.warm_up(_WARM)
    began = time.monotonic()
    with stand.watched(), ThreadPoolExecutor(_UPLOADERS) as uploaders:
        at_s = 0.0
        for number in range(uploads):
            at_s += chance.expovariate(rate)
            time.sleep(max(0, began + at_s - time.monotonic()))
            is_video = number % BROKEN_EVERY != BROKEN_EVERY - 1
            content, metadata = video if is_video else _NOTHING * 500, {"section": chance.choice(sections)}
            uploaders.submit(stand.upload, f"steady/{number}.mp4", content, metadata, is_video=is_video)
        stand.wait(lambda: len({each.task_id for each in stand.told}) >= uploads, _LONGEST_WAIT_S)
        time.sleep(5)  # what comes twice has come by then
    rows, versions = stand.rows(), stand.output_versions()
    put = {(each.key, each.version_id): each.at_ms for each in stand.uploads}
    waits = [(row, put[row.key, row.version_id]) for row in rows]
    ends = {each.task_id: each.at_ms for each in reversed(stand.told)}
    return Steady(
        uploads=uploads,
        rate=rate,
        took_s=round(max(ends.values()) / 1000 - min(put.values()) / 1000, 1),
        images=len(versions),
        registered=spread((row.created_ms - at_ms) / 1000 for row, at_ms in waits),
        ended=spread((row.ended_ms - at_ms) / 1000 for row, at_ms in waits),
        told=spread((ends[row.task_id] - at_ms) / 1000 for row, at_ms in waits if row.task_id in ends),
        worked=spread((row.ended_ms - row.started_ms) / 1000 for row in rows),
        deliveries=len(stand.told),
        second_attempts=sum(row.attempt > 1 for row in rows),
        depths=tuple(stand.depths),
        faults=tuple(faults(stand.uploads, rows, stand.told, versions)),
    )


def burst(stand: Stand, uploads: int) -> Burst:
    """Put so many objects as fast as they can be put, and wait until each of them is a task that waits."""
    stand.warm_up(_WARM)
    stand.stop_listening()
    stand.switch_worker(on=False)
    began = time.monotonic()
    with stand.watched(2.0):
        with ThreadPoolExecutor(_UPLOADERS) as uploaders:
            for number in range(uploads):
                uploaders.submit(stand.upload, f"burst/{number}.mp4", _NOTHING, {})
        put_s = time.monotonic() - began
        stand.wait(
            lambda: (
                stand.depth(stand.stack.work_queue_url) >= uploads and not stand.depth(stand.stack.uploads_queue_url)
            ),
            _LONGEST_WAIT_S,
        )
    rows = stand.rows()
    put = {(each.key, each.version_id): each.at_ms for each in stand.uploads}
    first_ms, last_ms = min(put.values()), max(row.created_ms for row in rows)
    return Burst(
        uploads=uploads,
        put_s=round(put_s, 1),
        took_s=round((last_ms - first_ms) / 1000, 1),
        registered=spread((row.created_ms - put[row.key, row.version_id]) / 1000 for row in rows),
        messages=stand.depth(stand.stack.work_queue_url),
        depths=tuple(stand.depths),
        faults=tuple(_unregistered(put, [(row.key, row.version_id, row.state) for row in rows])),
    )


def _unregistered(put: dict[tuple[str, str], int], rows: Sequence[tuple[str, str, str]]) -> list[str]:
    known = [row[:2] for row in rows]
    lost = [f"{key} has no row" for key, version in put if (key, version) not in set(known)]
    twice = [f"{len(known) - len(set(known))} rows too many"] if len(known) > len(set(known)) else []
    return lost + twice + [f"{key} is {state}" for key, _, state in rows if state != "WAITING"]


def _video(folder: Path) -> bytes:
    """Three seconds, 320x180."""
    path = folder / "load.mp4"
    words = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=24:duration=3", "-pix_fmt", "yuv420p", "-y", str(path)]
    subprocess.run([ffmpeg(), "-loglevel", "error", *words], check=True)
    return path.read_bytes()
