"""The deployed template on the local engine: workers are killed inside the encode, and queues emptied by hand."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from cliploop.adapters.ffmpeg.locate import ffmpeg
from cliploop.adapters.task_rows import item_to_task
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.task import TaskState
from cliploop.domain.timetable import LEASE_MS, SWEEP_EVERY_S
from local import engine as engines
from local.deploy import DeployError, deploy
from local.engine import Engine, EngineError
from local.listener import listen
from local.stack import Stack
from tests.e2e.customer import FINAL, Customer

#: Tasks of one round, of which two workers are killed: fewer than a task has tries.
_TASKS, _KILLS_A_ROUND = 3, 2
#: How long a successor may take from the kill to the end: the lease, a sweep, and the work itself on a busy machine.
_PATIENCE_S = LEASE_MS / 1000 + SWEEP_EVERY_S + 90


@dataclass
class Round:
    """Some uploads, of which some workers die."""

    engine: Engine
    customer: Customer
    dice: Random
    number: int
    purges: bool
    kills: list[float] = field(default_factory=list)

    def run(self, video: Path) -> list[str]:
        """Upload, kill, wait; what went wrong."""
        sources = [
            self.customer.upload(video, f"round{self.number}-{each}.mp4", {"section": "0%2C4"})
            for each in range(_TASKS)
        ]
        for _ in range(_KILLS_A_ROUND):
            if not self._kill_one():
                return ["no worker was found inside an encode"]
        if self.purges:
            for queue in (self.customer.stack.uploads_queue_url, self.customer.stack.work_queue_url):
                self.customer.stack.client("sqs").purge_queue(QueueUrl=queue)
        slowest, problems = self._wait(sources)
        _say(f"  round {self.number}: {len(self.kills)} killed, queues {'purged' if self.purges else 'left'}, "
             f"{slowest:.0f} s from the last kill to the last end")  # fmt: skip
        return problems + [problem for source in sources for problem in self._broken(source)]

    def _kill_one(self) -> bool:
        """SIGKILL a worker and its decoder, as Lambda ends a sandbox: at a random moment of an encode."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            time.sleep(self.dice.uniform(0.1, 1.5))
            decoders = list(_decoders(self.engine.process.pid))
            if decoders:
                decoder, worker = self.dice.choice(decoders)
                for pid in (worker, decoder):
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                self.kills.append(time.monotonic())
                return True
        return False

    def _wait(self, sources: list[ObjectVersion]) -> tuple[float, list[str]]:
        waiting, last = list(sources), self.kills[-1]
        while waiting and time.monotonic() < last + _PATIENCE_S:
            waiting = [source for source in waiting if not self._has_ended(source)]
            time.sleep(0.5)
        problems = [f"{source.key} has not ended {_PATIENCE_S:.0f} s after the last kill" for source in waiting]
        return time.monotonic() - last, problems

    def _has_ended(self, source: ObjectVersion) -> bool:
        task = self.customer.found(source)
        return task is not None and task["status"] in FINAL

    def _broken(self, source: ObjectVersion) -> Iterator[str]:
        row = item_to_task(self.customer.row(source))
        if row.state is not TaskState.SUCCEED:
            yield f"{source.key} is {row.state}: {row.failure}"
        told = self.customer.notification(source)
        if self.customer.delivery_ids(source) != {told["DeliveryId"]}:
            yield f"{source.key} was told under {self.customer.delivery_ids(source)}"
        listed = self.customer.stack.client("s3").list_objects_v2(
            Bucket=self.customer.stack.output_bucket, Prefix=f"{row.project_id}/{row.task_id}/"
        )
        there = {each["Key"]: each["ETag"].strip('"') for each in listed.get("Contents", [])}
        wanted = {output.image.key: output.image.md5 for output in row.outputs if output.image}
        if there != wanted:
            yield f"{source.key}: the bucket holds {there}, the row says {wanted}"


def _decoders(engine: int) -> Iterator[tuple[int, int]]:
    """Every ffmpeg below the engine that decodes, with the process that started it."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with suppress(OSError, IndexError, ValueError):
                parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    for pid, parent in parents.items():
        with suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            above, seen = pid, 0
            while above in parents and above != engine and seen < 20:
                above, seen = parents[above], seen + 1
            if above == engine and b"ffmpeg" in words[0] and b"rawvideo" in words:
                yield pid, parent


def _film(folder: str) -> Path:
    path = Path(folder, "film.mp4")
    words = ["-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30:duration=6", "-pix_fmt", "yuv420p", str(path)]
    subprocess.run([ffmpeg(), "-loglevel", "error", *words], check=True)
    return path


def main(kills: int, seed: int = 0) -> int:
    """Kill about so many workers; how many promises were broken."""
    if not Path("/proc/self/stat").exists():
        _say("the local stack: skipped, for this machine has no /proc to find workers in")
        return 0
    began, dice = time.monotonic(), Random(seed)  # noqa: S311  # a schedule is no secret
    try:
        with engines.running() as engine, tempfile.TemporaryDirectory() as folder:
            stack = deploy(engine)
            customer, film = Customer(stack, listen(stack, "faults")), _film(folder)
            problems, killed = [], 0
            for number in range(max(1, kills // _KILLS_A_ROUND)):
                played = Round(engine, customer, dice, number, purges=number % 2 == 1)
                problems += played.run(film)
                killed += len(played.kills)
            problems += _still_open(stack)
    except (EngineError, DeployError) as error:
        _say(f"the local stack: skipped, for it does not run here: {error}")
        return 0
    for problem in problems:
        _say(f"on the local stack: {problem}")
    _say(
        f"{killed} workers killed on the local stack, {len(problems)} promises broken, {time.monotonic() - began:.0f} s"
    )
    return len(problems)


def _still_open(stack: Stack) -> list[str]:
    """Rows that are neither ended nor told."""
    time.sleep(5)
    pages = stack.client("dynamodb").get_paginator("scan").paginate(TableName=stack.table)
    rows = [item for page in pages for item in page["Items"] if item["sk"]["S"] == "task"]
    return [f"{row['pk']['S']} is {row['state']['S']}, and due" for row in rows if "due_at" in row]


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
