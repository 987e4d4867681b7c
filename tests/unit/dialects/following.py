"""Tasks of a world, brought to where a test needs them, and replies as the vendor's client reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from cliploop.domain.errors import ErrorCode, Failure
from cliploop.domain.identity import ObjectVersion, parse_vod_task_id
from cliploop.domain.limits import Limits
from cliploop.domain.media import AudioStream, MediaInfo, VideoStream
from cliploop.domain.output import Output, StoredImage
from cliploop.domain.plan import plan_output
from cliploop.domain.source_file import SourceFile
from cliploop.domain.task import Task
from tests.unit.dialects.tencent_world import PROJECT, World

#: What the frame gives for any action: after a failure inside, or for a SubAppId of somebody else's.
OF_THE_FRAME = {"InternalError", "UnauthorizedOperation", "InvalidParameterValue.SubAppId"}
MEDIA = MediaInfo(
    container="mov,mp4",
    duration_ms=60_500,
    size=7_700_180,
    bitrate=1_021_028,
    video=(VideoStream(0, "hevc", 640, 480, Fraction(24000, 1001), bitrate=637_174, codec_tag="hvc1"),),
    audio=(AudioStream("aac", 48_000, 383_854),),
)
#: What a request for one GIF holds.
ONE_GIF = {"AnimatedGraphicTaskSet": [{"Definition": 20000, "StartTimeOffset": 2, "EndTimeOffset": 5.5}]}


def row(world: World, task_id: str) -> Task:
    """The row of a task by the id that was told."""
    parsed = parse_vod_task_id(PROJECT.app_id, task_id)
    assert parsed is not None
    return world.tasks.rows[PROJECT.project_id, parsed[1]]


def start(world: World, **parameters: Any) -> str:
    """The id of a new task of the world's file."""
    asked = {"FileId": world.file_id, "MediaProcessTask": ONE_GIF} | parameters
    return str(world.ask("ProcessMedia", **asked)["TaskId"])


def claim(world: World, task_id: str) -> Task:
    """A worker takes the task."""
    before = row(world, task_id)
    world.tasks.replace(before, before.claim(world.clock.now_ms()))
    return row(world, task_id)


def finish(world: World, task_id: str) -> None:
    """A worker makes the images of those outputs that can be made."""
    claimed = claim(world, task_id)
    outputs = [
        made(output, number) if not output.failure else output for number, output in enumerate(claimed.outputs)
    ]
    settled = claimed.settle(claimed.attempt, MEDIA, outputs)
    world.tasks.replace(claimed, settled)
    world.clock.advance(3_000)
    world.tasks.replace(settled, settled.finish(claimed.attempt, world.clock.now_ms()))


def made(output: Output, number: int) -> Output:
    plan = plan_output(MEDIA, output.use.template, output.use.section, Limits())
    name = f"p/{number}.{plan.format}"
    return output.succeed(plan, StoredImage("outputs", name, 121_601, "0" * 32, plan.width, plan.height, 6, 3_000))


def fetch(world: World, task_id: str) -> SourceFile:
    """A worker fetches the task's source."""
    claimed = claim(world, task_id)
    file = SourceFile(
        project_id=PROJECT.project_id,
        file_id=77,
        source=ObjectVersion("uploads", "cliploop-fetched/x/film.mp4", "v9"),
        size=9,
        created_ms=world.clock.now_ms(),
        source_context=claimed.source_context,
    )
    world.files.add(file)
    world.sources.put(file.source, "/dev/null", 9)
    world.files.link(PROJECT.project_id, file.file_id, claimed.task_id, claimed.created_ms)
    world.tasks.replace(claimed, claimed.fetched(claimed.attempt, file.source, file.file_id, file.created_ms))
    return file


def fail_to_fetch(world: World, task_id: str) -> None:
    claimed = claim(world, task_id)
    failure = Failure(ErrorCode.FETCH_FAILED, "The address answered 404.")
    world.tasks.replace(claimed, claimed.fail(claimed.attempt, failure, world.clock.now_ms()))


def age(world: World, task_id: str, milliseconds: int) -> None:
    """The task was created earlier."""
    task = row(world, task_id)
    world.tasks.rows[task.project_id, task.task_id] = replace(task, created_ms=task.created_ms - milliseconds)


def through(model: Any, reply: Mapping[str, Any]) -> dict[str, Any]:
    """A reply after the vendor's client has read it and written it again, without fields that have no value."""
    model._deserialize(json.loads(json.dumps(reply)))
    again: dict[str, Any] = json.loads(model.to_json_string())
    return dict(_present(again))


def _present(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _present(field) for name, field in value.items() if field is not None}
    return [_present(each) for each in value] if isinstance(value, list) else value
