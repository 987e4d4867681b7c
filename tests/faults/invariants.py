"""What must hold when everything has come to its end."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from hashlib import md5
from typing import Any

from cliploop.domain.event_settings import EventMode
from cliploop.domain.identity import delivery_id_of
from cliploop.domain.notification import EventKind, Notification
from cliploop.domain.output import OutputState
from cliploop.domain.procedure import NotifyMode
from cliploop.domain.task import Task, TaskState
from tests.faults.adapters import Version
from tests.faults.customers import Customers
from tests.faults.world import PROJECT, RECEIVER, STARTER, World, said

INIT, WAITING, PROCESSING = TaskState.INIT, TaskState.WAITING, TaskState.PROCESSING
SUCCEED, FAILED, CANCELED = TaskState.SUCCEED, TaskState.FAILED, TaskState.CANCELED
#: What one way was told.
Events = list[dict[str, Any]]

#: Where a state may lead (docs/architecture.md); what was FAILED comes back by a redrive alone.
GRAPH = {
    INIT: {INIT, WAITING, SUCCEED, FAILED, CANCELED},
    WAITING: {WAITING, PROCESSING, FAILED, CANCELED},
    PROCESSING: {PROCESSING, SUCCEED, FAILED, CANCELED},
    SUCCEED: {SUCCEED},
    FAILED: {FAILED},
    CANCELED: {CANCELED},
}


def broken(world: World, customers: Customers) -> Iterator[str]:
    """Every promise that was not kept, in words."""
    for row in world.rows:
        yield from _row(row)
    yield from _calls(world, customers)
    yield from _history(world)
    yield from _images(world)
    yield from _counters(world)
    yield from _told(world)


def _row(row: Task) -> Iterator[str]:
    if not row.state.is_final:
        yield f"task {row.task_id} is {row.state}, and not final"
    if row.due_at_ms:
        yield f"task {row.task_id} ({row.state}) is still due"
    if any(output.state is OutputState.WAITING for output in row.outputs):
        yield f"task {row.task_id} ({row.state}) has an output that waits"
    if row.state is CANCELED and any(output.state is OutputState.SUCCEED for output in row.outputs):
        yield f"task {row.task_id} is CANCELED and has an image"


def _calls(world: World, customers: Customers) -> Iterator[str]:
    there = {row.task_id: row for row in world.rows}
    for task_id in sorted(customers.accepted - there.keys()):
        yield f"task {task_id} was accepted, and is not there"
    for task_id in sorted(customers.canceled):
        if there[task_id].state is not CANCELED:
            yield f"task {task_id} was canceled, and is {there[task_id].state}"


def _history(world: World) -> Iterator[str]:
    revived = [(change.before.task_id, change.after.revision) for change in world.tasks.revived if change.before]
    seen: dict[int, Task] = {}
    for change in world.tasks.changes:
        before, after = seen.get(change.after.task_id), change.after
        seen[after.task_id] = after
        if before is None:
            continue
        if after.revision != before.revision + 1:
            yield f"task {after.task_id}: revision {after.revision} follows {before.revision}"
        if (after.task_id, after.revision) in revived:
            continue
        if after.state not in GRAPH[before.state]:
            yield f"task {after.task_id} went from {before.state} to {after.state}"
        if (after.state, after.outputs) != (before.state, before.outputs) and before.state.is_final:
            yield f"task {after.task_id} was changed after its end"
        if after.row_version < before.row_version or (
            after.state is not before.state and after.row_version == before.row_version
        ):
            yield f"task {after.task_id}: {before.state} v{before.row_version} to {after.state} v{after.row_version}"


def _images(world: World) -> Iterator[str]:
    wanted = _wanted(world)
    for key, digest in wanted.items():
        if key not in world.s3.objects:
            yield f"image {key} is not there"
        elif _md5(world.s3.objects[key]) != digest:
            yield f"image {key} is not the one on the row, but {world.s3.objects[key]!r}"
    for key in sorted(world.s3.objects.keys() - wanted.keys()):
        image = world.s3.versions[key][-1]
        if not _came_too_late(world, image):
            yield f"image {key} belongs to no task that succeeded: ORPHAN"


def _came_too_late(world: World, image: Version) -> bool:
    """The known limit: it arrived after its task had ended, and its worker was killed before it could look again."""
    row = world.tasks.rows[PROJECT.project_id, int(image.metadata["cliploop-task"])]
    return image.at_ms > row.ended_ms and image.by is not None and image.by.killed


def _wanted(world: World) -> dict[str, str]:
    """Every image's MD5 by its key; of tasks with one chosen key the one that was created later has it."""
    rows = sorted(world.rows, key=lambda row: (row.created_ms, row.task_id))
    outputs = [output for row in rows for output in row.outputs if output.state is OutputState.SUCCEED]
    return {output.image.key: output.image.md5 for output in outputs if output.image}


def _md5(content: bytes) -> str:
    return md5(content, usedforsecurity=False).hexdigest()


def _counters(world: World) -> Iterator[str]:
    rows = Counter(row.state for row in world.rows if row.state.is_final and not row.due_at_ms)
    counted = {state: number for state, number in world.tasks.counted.items() if number}
    if counted != dict(rows):
        yield f"counted are {counted}, there are {dict(rows)}"


def _told(world: World) -> Iterator[str]:
    ends = _final_notices(world)
    for way, got in _ways(world).items():
        yield from _that_never_was(world, way, got)
        yield from _meanings(way, got)
        yield from _one_id_each(world, way, got)
        for notice in ends:
            if _hears(way, world, notice) and not any(_is(notice, event) for event in got):
                task = notice.subject
                yield f"{way} never heard that task {task.task_id} is {task.state} ({notice.kind})"


def _is(notice: Any, event: dict[str, Any]) -> bool:
    """Whether it is the event; which of a source's tries was told first is not asked."""
    if notice.kind is EventKind.PULL_COMPLETE:
        return bool(event["Kind"] == notice.kind and event["Id"] == notice.subject.task_id)
    return bool(event["DeliveryId"] == notice.delivery_id)


def _that_never_was(world: World, way: str, got: Events) -> Iterator[str]:
    had = {(each.after.task_id, each.after.row_version): each.after.state for each in world.tasks.changes}
    of_tasks = [event for event in got if event["Kind"] != EventKind.NEW_FILE_UPLOAD]
    for event in of_tasks:
        if had.get((event["Id"], event["Version"])) != event["State"]:
            yield f"{way} was told of {event}, which never was"


def _meanings(way: str, got: Events) -> Iterator[str]:
    """One delivery id stands for one thing; that a source was fetched may be told with a later state of its task."""
    told: dict[str, set[Any]] = defaultdict(set)
    for event in got:
        pulled = event["Kind"] == EventKind.PULL_COMPLETE
        state = None if pulled else (event.get("State"), event.get("Version"))
        told[event["DeliveryId"]].add((event["Kind"], event["Id"], state))
    for delivery_id, meanings in told.items():
        if len(meanings) > 1:
            yield f"{way}: delivery {delivery_id} stands for {meanings}"


def _final_notices(world: World) -> list[Any]:
    """What the end of each task has to tell, by the rule and not by what was sent."""
    found = []
    for row in world.rows:
        if row.outputs or not row.origin:
            told = row.notify_mode is not NotifyMode.NONE
            found += [Notification(_id(row), EventKind.PROCEDURE_STATE_CHANGED, row)] * told
        if row.origin:
            found.append(Notification("", EventKind.PULL_COMPLETE, row))
    return found


def _id(row: Task) -> str:
    return delivery_id_of(row.project_id, row.task_id, row.row_version)


def _ways(world: World) -> dict[str, Events]:
    bus = [said(notice) for notice in world.bus.told]
    posted = [(each.url, json.loads(each.body)) for each in world.web.posted]
    queue = [
        json.loads(each.text) for (owner, _), each in world.events.waiting.items() if owner == PROJECT.project_id
    ]
    return {
        "the bus": bus,
        "the receiver": [body for url, body in posted if url == RECEIVER],
        "the starter": [body for url, body in posted if url == STARTER],
        "the queue": queue,
    }


def _hears(way: str, world: World, notice: Any) -> bool:
    if way == "the receiver":
        return world.settings.mode is EventMode.PUSH and bool(world.settings.notification_url)
    if way == "the queue":
        return world.settings.mode is EventMode.PULL
    if way == "the starter":
        return bool(notice.subject.callback_url) and notice.kind is EventKind.PROCEDURE_STATE_CHANGED
    return True


def _one_id_each(world: World, way: str, got: Events) -> Iterator[str]:
    """The end of a task has one delivery id; one that was redriven has ended once more."""
    redriven = Counter(change.after.task_id for change in world.tasks.revived)
    ends: dict[tuple[int, str], set[str]] = defaultdict(set)
    for event in got:
        if event["Kind"] == EventKind.PROCEDURE_STATE_CHANGED and TaskState(event["State"]).is_final:
            ends[event["Id"], event["Kind"]].add(event["DeliveryId"])
    for (number, _), delivery_ids in ends.items():
        if len(delivery_ids) > 1 + redriven[number]:
            yield f"{way} heard of the end of task {number} under {len(delivery_ids)} delivery ids"
