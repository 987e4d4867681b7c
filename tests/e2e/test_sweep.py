"""A task without a message, and one whose worker is gone, are found by the schedule and made."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from cliploop.adapters.dynamodb_tasks import DynamoDBTasks
from cliploop.adapters.system_clock import SystemClock
from cliploop.domain.identity import ObjectVersion, file_id_of, task_id_of_upload
from cliploop.domain.output import outputs_of
from cliploop.domain.procedure import BUILT_IN_PROCEDURES
from cliploop.domain.task import Task
from cliploop.domain.template import BUILT_IN_TEMPLATES
from cliploop.domain.timetable import LEASE_MS, WAITING_OVERDUE_MS
from tests.e2e.customer import Customer

pytestmark = pytest.mark.e2e


def forget(customer: Customer, video: Path, *, claimed: bool) -> ObjectVersion:
    """An upload whose task's row is all that there is: it was put into the table by hand, and no message was sent."""
    source = customer.upload(video, f"forgotten-{claimed}.mp4", {"procedure": "none"})
    customer.wait_until_quiet()
    tasks = DynamoDBTasks(customer.stack.client("dynamodb"), customer.stack.table, 30, SystemClock())
    before_ms = round(time.time() * 1000) - WAITING_OVERDUE_MS
    row = Task(
        project_id=customer.stack.project_id,
        task_id=task_id_of_upload(customer.stack.project_id, source),
        file_id=file_id_of(customer.stack.project_id, source),
        source=source,
        procedure="preview",
        outputs=outputs_of(BUILT_IN_PROCEDURES["preview"].references, BUILT_IN_TEMPLATES),
        created_ms=before_ms,
    ).registered()
    tasks.add(replace(row.claim(before_ms), lease_until_ms=before_ms + LEASE_MS) if claimed else row)
    return source


@pytest.fixture(scope="module")
def forgotten(customer: Customer, video: Path) -> dict[bool, ObjectVersion]:
    """Both at once, so that they wait for the schedule together; by whether a worker had claimed the task."""
    return {claimed: forget(customer, video, claimed=claimed) for claimed in (False, True)}


@pytest.mark.parametrize("claimed", [False, True], ids=["its message is lost", "its worker is gone"])
def test_a_task_that_nobody_looks_after_is_made_all_the_same(
    customer: Customer, forgotten: dict[bool, ObjectVersion], *, claimed: bool
) -> None:
    source = forgotten[claimed]
    made = customer.task(source)
    assert made["status"] == "SUCCEED"
    assert customer.row(source)["attempt"] == {"N": "2" if claimed else "1"}
    assert customer.notification(source)["DeliveryId"]
