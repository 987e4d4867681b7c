"""Takes each defence out, one at a time, and looks whether anybody notices: ``python -m tests.faults.without_defences``.

Works on a copy; a quarter of an hour. docs/benchmarks/faults.md has the table.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_TIMEOUT_S = 400
#: Schedules that are played without each defence, until one fails.
_SEEDS = 600
#: Schedules that must keep every promise while all defences are in.
_HEALTHY_SEEDS = 150


@dataclass(frozen=True)
class Defence:
    """What keeps a promise, what the code is without it, and who has to notice: a test, or the schedules (empty)."""

    name: str
    file: str
    present: str
    absent: str
    test: str = ""

    def words(self, seeds: int) -> list[str]:
        """What is run."""
        if self.test:
            return ["-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", self.test]
        return ["-m", "tests.faults", "--only", "memory", "--seeds", str(seeds), "--until-broken"]


#: What was found not to complain without a reason.
_HEALTHY: list[list[str]] = []

APPLICATION, ADAPTERS, DOMAIN = "src/cliploop/application", "src/cliploop/adapters", "src/cliploop/domain"
MODEL = "tests/unit/domain/test_task_model.py"
CALLS = "tests/faults/test_calls.py"

DEFENCES = (
    Defence("revision compared in the store", "src/cliploop/testing/in_memory.py", "if stored is None or stored.revision != before.revision:", "if stored is None:"),
    Defence("revision compared in DynamoDB", f"{ADAPTERS}/dynamodb_tasks.py", '"ConditionExpression": "revision = :before"', '"ConditionExpression": "revision = :before OR attribute_exists(pk)"', "tests/contract/test_tasks.py"),
    Defence("lease: who holds it is left alone", f"{DOMAIN}/task.py", "return not self.state.is_final and self.lease_until_ms <= now_ms", "return not self.state.is_final", MODEL),
    Defence("lease: a final row is not claimed", f"{DOMAIN}/task.py", "return not self.state.is_final and self.lease_until_ms <= now_ms", "return self.lease_until_ms <= now_ms"),
    Defence("attempt: only its holder changes the row", f"{DOMAIN}/task.py", "return self.state in {TaskState.INIT, TaskState.PROCESSING} and self.attempt == attempt", "return self.state in {TaskState.INIT, TaskState.PROCESSING}"),
    Defence("attempts are bounded", f"{DOMAIN}/task.py", "return self._is_free(now_ms) and self.attempt - self.attempts_before >= self._tries", "return False", MODEL),
    Defence("winner before publish", f"{APPLICATION}/process_task.py", "            self._settle(task, media, results)\n            self._publish(task, results, deadline, beat)\n", "            self._publish(task, results, deadline, beat)\n            self._settle(task, media, results)\n"),
    Defence("no cancel once there is a winner", f"{DOMAIN}/task.py", "if self.state.is_final or self.winner:", "if self.state.is_final:"),
    Defence("If-None-Match", f"{ADAPTERS}/s3_outputs.py", '{"IfNoneMatch": "*"}', "{}"),
    Defence("If-Match", f"{ADAPTERS}/s3_outputs.py", '{"IfMatch": there.etag}', "{}", "tests/contract/test_outputs.py"),
    Defence("attempt in the metadata", f"{DOMAIN}/publication.py", "if self.attempt < there.attempt:", "if False:", "tests/contract/test_outputs.py"),
    Defence("images of a failed task are withdrawn", f"{APPLICATION}/end_without_images.py", "if not task.winner:", "if True:"),
    Defence("heartbeat: the lease is renewed", f"{APPLICATION}/heartbeat.py", "if row.lease_needs_renewal(now_ms):", "if False:", "tests/unit/application/test_heartbeat.py"),
    Defence("heartbeat: who was overtaken stops", f"{APPLICATION}/heartbeat.py", "if row is None or not row.is_held_by(self._attempt):", "if row is None:", "tests/unit/application/test_heartbeat.py"),
    Defence("images are withdrawn by who holds the task", f"{DOMAIN}/task.py", "if self.is_exhausted(now_ms) and not self.winner:", "if self.is_exhausted(now_ms):"),
    Defence("told: only the record of the end retires", f"{APPLICATION}/publish_changes.py", "if not isinstance(change, TaskChange) or not change.is_news:", "if not isinstance(change, TaskChange):"),
    Defence("told: a pull whose record was lost", f"{DOMAIN}/notification.py", "return bool(change.after.origin) and not change.after.pull_told", "return False"),
    Defence("sweep: messages are sent again", f"{APPLICATION}/sweep.py", "        self.work.send(self.project_id, task_id)\n", ""),
    Defence("sweep: ends are told again", f"{APPLICATION}/sweep.py", "if self.publish([TaskChange(None, row)]):", "if False:"),
    Defence("sweep: what is used up is ended", f"{APPLICATION}/sweep.py", "if row.is_exhausted(now_ms):", "if False:", "tests/unit/application/test_sweep.py"),
    Defence("sweep: one row's failure is its own", f"{APPLICATION}/sweep.py", "except Exception as error:  # noqa: BLE001  # one row must not keep the others waiting", "except ZeroDivisionError as error:", "tests/unit/application/test_sweep.py"),
    Defence("due: a registered row is looked at", f"{DOMAIN}/task.py", "return replace(self, due_at_ms=self.created_ms + WAITING_OVERDUE_MS)", "return self"),
    Defence("due: a final row stays due until it was told", f"{DOMAIN}/task.py", "            due_at_ms=now_ms + TELLING_OVERDUE_MS,\n", "            due_at_ms=0,\n"),
    Defence("told: a failed entry is tried again", f"{APPLICATION}/publish_changes.py", "failed = [change for change, notices in telling if any(each.delivery_id in untold for each in notices)]", "failed: list[Change] = []"),
    Defence("told: the bus's failed entries are noticed", f"{ADAPTERS}/eventbridge_notifications.py", 'if answer["FailedEntryCount"]:', "if False:", CALLS),
    Defence("told: one way's failure is not the other's", f"{APPLICATION}/tell_subscribers.py", "return of_project and of_task", "return of_project"),
    Defence("delivery id: of task and version", f"{DOMAIN}/notification.py", "row_version = -task.attempts_before if kind is EventKind.PULL_COMPLETE else task.row_version", "row_version = -task.attempts_before if kind is EventKind.PULL_COMPLETE else task.revision"),
    Defence("put if absent", "src/cliploop/testing/in_memory.py", "stored = self.rows.setdefault((task.project_id, task.task_id), task)", "stored = self.rows[task.project_id, task.task_id] = task"),
    Defence("put if absent, in DynamoDB", f"{ADAPTERS}/dynamodb_tasks.py", 'ConditionExpression="attribute_not_exists(pk)"', 'ConditionExpression="attribute_not_exists(pk) OR attribute_exists(pk)"', "tests/contract/test_tasks.py"),
    Defence("row before message", f"{APPLICATION}/register_file.py", "        if stored.state is TaskState.WAITING:\n", "        if stored is task and stored.state is TaskState.WAITING:\n", "tests/unit/application/test_register_file.py"),
    Defence("session: a repeat is refused", f"{APPLICATION}/start_task.py", "if row.created_ms > since_ms:", "if False:", "tests/unit/application/test_start_task.py"),
    Defence("unprocessed keys are asked for again", f"{ADAPTERS}/dynamodb_reads.py", 'pending = answer.get("UnprocessedKeys")', "pending = None", "tests/contract/test_tasks.py"),
    Defence("counted in the write that retires", f"{ADAPTERS}/dynamodb_tasks.py", '[{"Put": row}, *counts, *given_back]', '[{"Put": row}, *given_back]', CALLS),
    Defence("message put back after a backoff", f"{ADAPTERS}/sqs_retry.py", "return min(_MAX_DELAY_S, _FIRST_DELAY_S << min(doublings, 16))", "return _FIRST_DELAY_S", "tests/contract/test_messages.py"),
    Defence("released for a retry", f"{APPLICATION}/process_task.py", "row.release(task.attempt, failure, now_ms)", "row.fail(task.attempt, failure, now_ms)", "tests/unit/application/test_process_task.py"),
    Defence("redrive: the end is told before", f"{APPLICATION}/redrive_task.py", "if row.due_at_ms:", "if False:", "tests/unit/application/test_redrive_task.py"),
    Defence("redrive: no worker of before counts", f"{DOMAIN}/task.py", "attempts_before=self.attempt,", "attempt=0,", MODEL),
)  # fmt: skip


def notices(defence: Defence) -> str:
    """What notices that the defence is out; empty where nothing does."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("src", "tests", "functions", "infra", "local"):
            shutil.copytree(ROOT / name, Path(folder, name), ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", folder)
        path = Path(folder, defence.file)
        text = path.read_text()
        if defence.present not in text:
            return "NOT IN THE SOURCE any more: correct the table"
        if problem := _ill(defence, folder):
            return problem
        path.write_text(text.replace(defence.present, defence.absent))
        status, said = _run(defence.words(_SEEDS), folder)
        if status != 1:
            return ""
        return defence.test or f"schedule {said.rpartition('seed ')[2].strip()[:110]}"


def _ill(defence: Defence, folder: str) -> str:
    """Whatever notices that a defence is out must not complain while it is in."""
    if defence.words(_HEALTHY_SEEDS) not in _HEALTHY:
        status, said = _run(defence.words(_HEALTHY_SEEDS), folder)
        if status:
            return f"NOT TO BE TOLD, for it fails anyway: {said[-200:]!r}"
        _HEALTHY.append(defence.words(_HEALTHY_SEEDS))
    return ""


def _run(words: Sequence[str], folder: str) -> tuple[int, str]:
    try:
        done = subprocess.run(
            [sys.executable, *words],
            cwd=folder,
            env={"PYTHONPATH": f"{folder}/src", "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return 1, "seed -: it does not end"
    return done.returncode, done.stdout


def main() -> int:
    """Take every defence out, or those whose names hold a word of the command line; how many nobody missed."""
    missed = 0
    for defence in DEFENCES:
        if sys.argv[1:] and not any(word in defence.name for word in sys.argv[1:]):
            continue
        began = time.monotonic()
        noticed = notices(defence)
        missed += not noticed or noticed.startswith("NOT")
        sys.stdout.write(f"| {defence.name} | {noticed or 'NOT NOTICED'} | {time.monotonic() - began:.0f} s |\n")
        sys.stdout.flush()
    return missed


if __name__ == "__main__":
    sys.exit(main())
