"""What each access pattern of the tasks table costs, in capacity units: `make bench-store`.

Two projects with tasks spread over 30 days, one with a thousand and one with a million, on DynamoDB Local, which
counts as DynamoDB bills. Writes docs/benchmarks/store.md.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from functools import partial
from pathlib import Path

from benchmarks.dynamodb_local import Meter, connect, put_all, running
from benchmarks.machine import machine
from cliploop.adapters.count_tree import DAY, buckets_of
from cliploop.adapters.dynamodb_files import DynamoDBFiles
from cliploop.adapters.dynamodb_tasks import DynamoDBTasks
from cliploop.adapters.task_counts import node_key, second_of
from cliploop.adapters.task_rows import task_to_item
from cliploop.domain.errors import ErrorCode, Failure
from cliploop.domain.identity import ObjectVersion, task_id_of_upload
from cliploop.domain.limits import Limits
from cliploop.domain.media import AudioStream, MediaInfo, VideoStream
from cliploop.domain.output import StoredImage, outputs_of
from cliploop.domain.plan import plan_output
from cliploop.domain.procedure import BUILT_IN_PROCEDURES
from cliploop.domain.query import PageRequest, TaskFilter
from cliploop.domain.source_file import SourceFile
from cliploop.domain.task import Task, TaskState
from cliploop.domain.template import BUILT_IN_TEMPLATES
from cliploop.testing import SettableClock
from tests.tables import create_tables

ROOT = Path(__file__).resolve().parents[1]
REPORT = ROOT / "docs" / "benchmarks" / "store.md"
NOW_MS = int(datetime(2026, 11, 20, 12, 34, 56, tzinfo=UTC).timestamp()) * 1000
DAYS = 30
WRITE_DOLLARS, READ_DOLLARS = 0.625e-6, 0.125e-6  # per unit on demand, us-east-1, 2026-11
_CHUNK = 50_000
SMALL, LARGE, BUSY = "5" * 32, "a" * 32, "b" * 32
BROKEN = Failure(ErrorCode.SOURCE_MALFORMED, "The file is broken.")
MEDIA = MediaInfo(
    "mov,mp4,m4a,3gp,3g2,mj2",
    8_000,
    881_704,
    881_704,
    (VideoStream(0, "h264", 960, 540, Fraction(25), 770_000, "avc1", pixel_format="yuv420p", color_matrix="bt709"),),
    (AudioStream("aac", 44_100, 103_000),),
)


def new_task(project: str, number: int, created_ms: int) -> Task:
    """A task as an upload registers it."""
    source = ObjectVersion(
        "cliploop-uploadbucket-5352afdd96332", f"holidays/2026/clip {number}.mp4", "3sL4kqtJlcpXroDTDmJ"
    )
    return Task(
        project_id=project,
        task_id=task_id_of_upload(project, source),
        file_id=number + 1,
        source=source,
        procedure="preview",
        outputs=outputs_of(BUILT_IN_PROCEDURES["preview"].references, BUILT_IN_TEMPLATES),
        created_ms=created_ms,
    ).registered()


def _source(number: int) -> ObjectVersion:
    return ObjectVersion(
        "cliploop-uploadbucket-5352afdd96332", f"holidays/2026/clip {number}.mp4", "3sL4kqtJlcpXroDTDmJ"
    )


def settled(task: Task) -> Task:
    """The claimed task with both of its images."""
    outputs = []
    for output in task.outputs:
        key = f"{task.project_id}/{task.task_id}/1.f21000.gif"
        image = StoredImage("cliploop-outputbucket-368d1118fc596", key, 3_701_603, "0" * 32, 480, 270, 60, 5_000)
        plan = plan_output(MEDIA, output.use.template, output.use.section, Limits())
        outputs.append(output.succeed(plan, image))
    return task.settle(task.attempt, MEDIA, outputs)


def ended(task: Task, number: int) -> Task:
    """The task at its end: one in ten failed."""
    claimed = task.claim(task.created_ms)
    if number % 10 == 0:
        return claimed.fail(1, BROKEN, task.created_ms)
    return settled(claimed).finish(1, task.created_ms)


#: What stands in a form for a row's own values; nothing else in it looks like them.
_FORM_ID, _FORM_MS = 9_199_999_999_999_999_999, 1_234_567_890_123


def fill(endpoint: str, project: str, moments: list[int]) -> None:
    """Store ended tasks and their counts as the adapter would have left them, in bulk."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    forms = {failed: _form(project, 0 if failed else 1) for failed in (True, False)}
    with ThreadPoolExecutor(4) as writers:
        for start in range(0, len(moments), _CHUNK):
            rows = []
            for number, created_ms in enumerate(moments[start : start + _CHUNK], start=start):
                failed = number % 10 == 0
                rows.append(_filled(forms[failed], task_id_of_upload(project, _source(number)), created_ms))
                for bucket in buckets_of(second_of(created_ms)):
                    counts[bucket[:-2]][("F" if failed else "S") + bucket[-2:]] += 1
            list(writers.map(partial(put_all, endpoint), batched(rows, 25)))
            print(f"  {start + len(rows):,} of {len(moments):,} rows", flush=True)
        nodes = [
            json.dumps(node_key(project, bucket) | {child: {"N": str(count)} for child, count in node.items()})
            for bucket, node in counts.items()
        ]
        list(writers.map(partial(put_all, endpoint), batched(nodes, 25)))


def batched(items: list[str], size: int) -> list[list[str]]:
    """The items in lists of at most ``size``."""
    return [items[start : start + size] for start in range(0, len(items), size)]


def _form(project: str, number: int) -> str:
    """An ended row as DynamoDB's JSON, to be filled in: a million calls of the serializer would take an hour."""
    task = replace(new_task(project, number, _FORM_MS), task_id=_FORM_ID)
    return json.dumps(task_to_item(ended(task, number).told(), NOW_MS // 1000 + DAYS * 86_400))


def _filled(form: str, task_id: int, created_ms: int) -> str:
    day = second_of(created_ms)[:DAY]
    row = form.replace(str(_FORM_ID), str(task_id)).replace(str(_FORM_MS), str(created_ms))
    return row.replace(f"#{second_of(_FORM_MS)[:DAY]}", f"#{day}")


def spread(count: int) -> list[int]:
    """Creation times over the days, evenly."""
    return [NOW_MS - (number + 1) * (DAYS * 86_400_000 - 3_600_000) // count for number in range(count)]


@dataclass(frozen=True)
class Reading:
    """One access pattern and what it consumed in each project."""

    name: str
    small: float
    large: float

    @property
    def factor(self) -> str:
        """How much more the second costs."""
        return f"{self.large / self.small:.2f}" if self.small else "1.00" if not self.large else "-"


def stamp(second: str) -> int:
    """A moment as seconds."""
    return int(datetime.strptime(second, "%Y%m%d%H%M%S").replace(tzinfo=UTC).timestamp())


FILTERS = {
    "all tasks": TaskFilter(),
    "status=SUCCEED": TaskFilter(frozenset({TaskState.SUCCEED})),
    "status=FAILED": TaskFilter(frozenset({TaskState.FAILED})),
    "status=WAITING": TaskFilter(frozenset({TaskState.WAITING})),
    "17 days with ragged ends": TaskFilter(frozenset(), stamp("20261028134711"), stamp("20261114032905")),
    "the same, status=FAILED": TaskFilter(
        frozenset({TaskState.FAILED}), stamp("20261028134711"), stamp("20261114032905")
    ),
}


def read_patterns(store: DynamoDBTasks, meter: Meter, deep_page: int) -> list[Reading]:
    """Totals with a page of one row, and pages at both ends."""
    readings = []
    for name, where in FILTERS.items():
        costs = [_cost(store, meter, project, where, PageRequest(0, 1)) for project in (SMALL, LARGE)]
        readings.append(Reading(f"total and first row, {name}", *costs))
    for size in (10, 100):
        first = [_cost(store, meter, project, TaskFilter(), PageRequest(0, size)) for project in (SMALL, LARGE)]
        readings.append(Reading(f"page 0 of {size}", *first))
        deep = _cost(store, meter, LARGE, TaskFilter(), PageRequest(deep_page, size))
        readings.append(Reading(f"page {deep_page:,} of {size} (beside its page 0)", first[1], deep))
        failed = _cost(
            store, meter, LARGE, TaskFilter(frozenset({TaskState.FAILED})), PageRequest(deep_page // 10, size)
        )
        readings.append(
            Reading(f"page {deep_page // 10:,} of {size}, status=FAILED (beside page 0 of all)", first[1], failed)
        )
    return readings


def _cost(store: DynamoDBTasks, meter: Meter, project: str, where: TaskFilter, page: PageRequest) -> float:
    meter.take()
    store.list(project, where, page)
    return meter.take()


def life_of_a_task(store: DynamoDBTasks, meter: Meter) -> list[tuple[str, float, float]]:
    """Each step of one task that goes well: its name, write units, read units."""
    waiting = new_task(BUSY, 0, NOW_MS)
    claimed = waiting.claim(NOW_MS + 1)
    made = settled(claimed)
    finished = made.finish(1, NOW_MS + 2)
    steps: list[tuple[str, Task | None, Task]] = [
        ("register", None, waiting),
        ("claim", waiting, claimed),
        ("fix the winner", claimed, made),
        ("end", made, finished),
        ("told, and counted", finished, finished.told()),
    ]
    table = [("know the file, and link its task", _know_the_file(store, meter, waiting), 0.0)]
    for name, before, after in steps:
        meter.take()
        _store(store, before, after)
        reads = meter.units.pop("GetItem", 0)
        writes = meter.take()
        if not after.due_at_ms:
            writes = _in_a_transaction(writes, counters=len(buckets_of(second_of(after.created_ms))))
        table.append((name, writes, float(reads)))
    return table


def _know_the_file(store: DynamoDBTasks, meter: Meter, task: Task) -> float:
    files = DynamoDBFiles(store.client, store.table, DAYS)
    meter.take()
    files.add(
        SourceFile(
            project_id=task.project_id,
            file_id=task.file_id,
            source=task.source,
            size=MEDIA.size,
            created_ms=task.created_ms,
            procedure_task_id=task.task_id,
        )
    )
    files.link(task.project_id, task.file_id, task.task_id, task.created_ms)
    return meter.take()


def _in_a_transaction(row: float, counters: int) -> float:
    """What AWS bills for a row's write and its counters together: everything twice, each item by itself.

    DynamoDB Local adds up the sizes of a transaction's items before it rounds, and so counts too little:
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
    """
    return 2 * row + 2 * counters


def _store(store: DynamoDBTasks, before: Task | None, after: Task) -> None:
    """One step as the use cases do it: they read the row before they change it, except where the stream brings it."""
    if before is None:
        store.add(after)
        return
    if after.due_at_ms:
        store.get(after.project_id, after.task_id)
    store.replace(before, after)


def hot(store: DynamoDBTasks, meter: Meter, endpoint: str, count: int) -> list[tuple[str, float]]:
    """A project all of whose tasks were created within one minute."""
    project = "c" * 32
    fill(endpoint, project, [NOW_MS - 60_000 + number * 60_000 // count for number in range(count)])
    pages = {"page 0": 0, "the page in the middle": count // 20, "the last page": count // 10 - 1}
    return [
        (name, _cost(store, meter, project, TaskFilter(), PageRequest(number, 10))) for name, number in pages.items()
    ]


def concurrent(store: DynamoDBTasks, writers: int, tellers: int, lives: int) -> tuple[int, int, float]:
    """Whole lives by many writers at once, told by as many readers as a stream has shards.

    Returns:
        The total that the list shows afterwards, how many there should be, and lives a second.
    """
    project = "d" * 32

    def live(number: int) -> Task:
        waiting = store.add(new_task(project, number, NOW_MS - number % 1_000))
        claimed = waiting.claim(NOW_MS)
        store.replace(waiting, claimed)
        made = settled(claimed)
        store.replace(claimed, made)
        finished = made.finish(1, NOW_MS)
        store.replace(made, finished)
        return finished

    began = time.monotonic()
    with ThreadPoolExecutor(writers) as workers, ThreadPoolExecutor(tellers) as readers:
        list(readers.map(lambda task: store.retire(task, task.told()), workers.map(live, range(lives))))
    seconds = time.monotonic() - began
    return (
        store.list(project, TaskFilter(frozenset({TaskState.SUCCEED})), PageRequest(0, 1)).total,
        lives,
        lives / seconds,
    )


def main() -> None:
    """Measure, print and write the report."""
    parser = argparse.ArgumentParser(prog="make bench-store", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="tasks in the large project")
    options = parser.parse_args()
    with running() as endpoint:
        client, meter = connect(endpoint)
        create_tables(client)
        store = DynamoDBTasks(client, "tasks", DAYS, SettableClock(NOW_MS))
        for project, count in ((SMALL, 1_000), (LARGE, options.rows)):
            print(f"filling a project with {count:,} tasks", flush=True)
            fill(endpoint, project, spread(count))
        report = _report(options.rows, store, meter, endpoint)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(report)
    print(report)


def _report(rows: int, store: DynamoDBTasks, meter: Meter, endpoint: str) -> str:
    deep_page = min(5_000, rows // 110)
    parts = [
        _head(rows),
        _life_table(life_of_a_task(store, meter)),
        _reading_table(rows, read_patterns(store, meter, deep_page)),
        _crowd_table(hot(store, meter, endpoint, 10_000)),
        _writers(*concurrent(store, 50, 2, 2_000)),
    ]
    return "\n".join(parts)


def _head(rows: int) -> str:
    return f"""# What the store costs

`make bench-store`, {datetime.now(UTC):%Y-%m-%d}, DynamoDB Local 3.3.0, {machine()}. Units are those that DynamoDB
bills; DynamoDB Local counts them as AWS does, all but transactions. The large project has {rows:,} tasks over {DAYS}
days, the small 1,000.
"""


def _life_table(life: list[tuple[str, float, float]]) -> str:
    writes, reads = sum(step[1] for step in life), sum(step[2] for step in life)
    dollars = writes * WRITE_DOLLARS + reads * READ_DOLLARS
    steps = "\n".join(f"| {name} | {write:g} | {read:g} |" for name, write, read in life)
    return f"""## The life of one task with two outputs

| step | write units | read units |
|---|---|---|
{steps}
| **all** | **{writes:g}** | **{reads:g}** |

The last step is a transaction of the row and four counters; it is billed twice its parts, which is reckoned here from
the measured write of the row, because DynamoDB Local counts transactions too low.

On demand at $0.625 a million writes and $0.125 a million reads: **${dollars:.7f}** a task.
"""


def _reading_table(rows: int, readings: list[Reading]) -> str:
    lines = "\n".join(f"| {each.name} | {each.small:g} | {each.large:g} | {each.factor} |" for each in readings)
    return f"""## Reading

| pattern | 1,000 tasks | {rows:,} tasks | factor |
|---|---|---|---|
{lines}

Rows cost 1 unit each (a consistent read of up to 4 KB): a page of 10 is 10 units before anything is searched. Where a
pattern says "beside", the first figure is the large project's own page 0.
"""


def _crowd_table(crowd: list[tuple[str, float]]) -> str:
    lines = "\n".join(f"| {name} of 10 | {cost:g} |" for name, cost in crowd)
    return f"""## 10,000 tasks created within one minute

| pattern | read units |
|---|---|
{lines}
"""


def _writers(seen: int, expected: int, rate: float) -> str:
    return f"""## 50 writers at once

{expected:,} whole lives by 50 concurrent writers, told by 2 readers of the stream: the list's total afterwards is
{seen:,}. ({rate:.0f} lives a second here, which says more about DynamoDB Local and this machine than about DynamoDB.)
"""


if __name__ == "__main__":
    main()
