"""Each call to AWS of each use case fails, in each way, once, twice and for a while: on moto, with the real adapters."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context

from cliploop.application.start_task import StartOrder
from cliploop.domain.destination import Destination
from cliploop.domain.errors import ErrorCode, Failure
from cliploop.domain.identity import delivery_id_of
from cliploop.domain.output import OutputState
from cliploop.domain.procedure import TemplateReference
from cliploop.domain.query import PageRequest, TaskFilter
from cliploop.domain.task import TaskState
from tests.faults.baton import KilledError
from tests.faults.laboratory import Laboratory, laboratory
from tests.faults.wire import ALWAYS, PASSING, Call, Fault
from tests.faults.world import PROJECT, SOURCE_URL, UPLOADS

_PREVIEW = StartOrder(procedure="preview", token="call", callback_url="https://starter.example/")


def _an_upload(there: Laboratory) -> None:
    upload = there.upload("clip.mp4")
    there.deliver(lambda: there.register(upload))


def _an_upload_twice(there: Laboratory) -> None:
    upload = there.upload("clip.mp4")
    there.deliver(lambda: there.register(upload))
    there.go_on()
    there.deliver(lambda: there.register(upload))


def _a_call(there: Laboratory) -> None:
    there.upload("clip.mp4")
    there.deliver(lambda: there.start.of_object(PROJECT, UPLOADS, "clip.mp4", _PREVIEW))


def _a_name_of_two(there: Laboratory) -> None:
    there.upload("clip.mp4")
    for number in range(2):
        order = StartOrder(
            references=(TemplateReference(20000),), token=f"{number}", destination=Destination("", "chosen", "image")
        )
        there.deliver(partial(there.start.of_object, PROJECT, UPLOADS, "clip.mp4", order))
        there.clock.advance(1_000)


def _an_address(there: Laboratory) -> None:
    there.deliver(lambda: there.start.of_address(PROJECT, SOURCE_URL, _PREVIEW))


def _a_cancel(there: Laboratory) -> None:
    there.upload("clip.mp4")
    there.deliver(lambda: there.start.of_object(PROJECT, UPLOADS, "clip.mp4", _PREVIEW))
    for row in there.rows():
        there.deliver(partial(there.cancel, PROJECT.project_id, row.task_id))


def _a_redrive(there: Laboratory) -> None:
    _a_call(there)
    for row in there.rows():  # as if it had been too much for one invocation
        failed = row.claim(there.clock.now_ms())
        there.rows_by_hand.replace(row, failed)
        there.rows_by_hand.replace(failed, failed.fail(failed.attempt, _failure(), there.clock.now_ms()))
    there.go_on()
    for row in there.rows():
        there.deliver(partial(there.redrive, row.task_id))


def _failure() -> Failure:
    return Failure(ErrorCode.DEADLINE_EXCEEDED, "It took too long.")


def _a_lost_message(there: Laboratory) -> None:
    _an_upload(there)
    there.sqs.purge_queue(QueueUrl=there.queues["work"])
    there.clock.advance(3_600_000)


#: What is done before everything is left to the queues, the stream and the sweep.
PLAYS: dict[str, Callable[[Laboratory], None]] = {
    "an upload": _an_upload,
    "an upload that is delivered twice": _an_upload_twice,
    "a call": _a_call,
    "a name that two tasks want": _a_name_of_two,
    "an address": _an_address,
    "a task that is canceled": _a_cancel,
    "a task that is redriven": _a_redrive,
    "a task whose message is lost": _a_lost_message,
}


@dataclass(frozen=True)
class Cut:
    """One run: in which play which call fails, in which way, how often."""

    play: str
    call: Call
    fault: Fault
    times: int

    def __str__(self) -> str:
        often = "for a while" if self.times == ALWAYS else "twice" if self.times > 1 else "once"
        return f"{self.play}: call {self.call.number}, {self.call.name}, {self.fault} {often}"


def cuts_of(play: str) -> list[Cut]:
    """Every call that a good run of ``play`` makes, with everything that can happen to it."""
    with _quiet(), laboratory() as there:
        PLAYS[play](there)
        there.settle()
        calls = list(there.wire.calls)
    found, seen = [], set()
    for call in calls:
        for fault in call.faults():
            often = [1] if (call.name, fault) in seen else [1, 2] if fault in PASSING else [1, 2, ALWAYS]
            seen.add((call.name, fault))
            found += [Cut(play, call, fault, times) for times in often]
    return found


def broken_by(cut: Cut) -> list[str]:
    """The promises that are not kept when the wire is cut so."""
    with _quiet(), laboratory() as there:
        there.wire.arm(cut.call, cut.fault, cut.times)
        try:
            PLAYS[cut.play](there)
            there.settle()
        except (Exception, KilledError) as error:  # noqa: BLE001  # a fault of the play, or it does not end
            return [f"{type(error).__name__}: {error}"]
        there.wire.calm()
        return [*_rows(there), *_images(there), *_counts(there), *_told(there)]


def _rows(there: Laboratory) -> Iterator[str]:
    rows = there.rows()
    if not rows:
        yield "there is no task"
    for row in rows:
        if not row.state.is_final or row.due_at_ms:
            yield f"task {row.task_id} is {row.state}, due {row.due_at_ms}"


def _images(there: Laboratory) -> Iterator[str]:
    images = there.images()
    wanted: dict[str, str] = {}
    for row in sorted(there.rows(), key=lambda row: (row.created_ms, row.task_id)):
        for output in row.outputs:
            if output.state is OutputState.SUCCEED and output.image:
                wanted[output.image.key] = output.image.md5
    if images != wanted:
        yield f"the bucket holds {images}, the rows say {wanted}"


def _counts(there: Laboratory) -> Iterator[str]:
    rows = Counter(row.state for row in there.rows())
    for state in (TaskState.SUCCEED, TaskState.FAILED, TaskState.CANCELED):
        page = there.rows_by_hand.list(PROJECT.project_id, TaskFilter(states=frozenset({state})), PageRequest(0, 10))
        if not page.total == len(page.tasks) == rows[state]:
            yield f"{state}: the total is {page.total}, listed are {len(page.tasks)}, there are {rows[state]}"


def _told(there: Laboratory) -> Iterator[str]:
    ways = {"the bus": there.heard(), "the receiver": there.called_back()}
    for row in there.rows():
        pulled = [(-row.attempts_before, "PullComplete")] * bool(row.origin)
        versions = [(row.row_version, "ProcedureStateChanged"), *pulled]
        for version, kind in versions:
            wanted = delivery_id_of(row.project_id, row.task_id, version)
            for way, told in ways.items():
                got = {event["DeliveryId"] for event in told if event["Kind"] == kind and event["Id"] == row.task_id}
                if wanted not in got:
                    yield f"{way} never heard of {kind} of task {row.task_id}"
                if len(got) > 1 + bool(row.attempts_before):
                    yield f"{way} heard of {kind} of task {row.task_id} under {len(got)} delivery ids"


@contextmanager
def _quiet() -> Iterator[None]:
    logs = [logging.getLogger(name) for name in ("cliploop", "botocore")]
    levels = [log.level for log in logs]
    for log in logs:
        log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for log, level in zip(logs, levels, strict=True):
            log.setLevel(level)


def main(every: int) -> int:
    """Try every ``every``-th; how many broke a promise."""
    began = time.monotonic()
    failed = tried = 0
    with get_context("spawn").Pool(os.cpu_count()) as pool:
        cuts = [cut for found in pool.imap(cuts_of, PLAYS) for cut in found][::every]
        calls = len({(cut.play, cut.call.number) for cut in cuts})
        for cut, problems in zip(cuts, pool.imap(broken_by, cuts, chunksize=4), strict=True):
            tried += 1
            failed += bool(problems)
            for problem in problems:
                sys.stdout.write(f"{cut}: {problem}\n")
                sys.stdout.flush()
    sys.stdout.write(
        f"{tried} failing calls on moto ({calls} calls of {len(PLAYS)} plays), {failed} broke a promise, "
        f"{time.monotonic() - began:.0f} s\n"
    )
    return failed
