"""The same upload event fifty times, at once and after the end: one row, one set of outputs, one delivery id."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.customer import Customer

pytestmark = pytest.mark.e2e

DELIVERIES = 50


def test_fifty_deliveries_are_one_task(customer: Customer, video: Path) -> None:
    source = customer.upload(video, "fifty.mp4", {"section": "0%2C1"})
    customer.deliver_again(source, DELIVERIES // 2)
    first = customer.task(source)
    delivery = customer.notification(source)["DeliveryId"]
    customer.deliver_again(source, DELIVERIES // 2)
    customer.wait_until_quiet()
    assert customer.task(source) == first
    assert customer.rows_of(source) == 1
    assert customer.delivery_ids(source) == {delivery}
    # The bucket keeps versions: a second put of the same image would show.
    assert customer.stored_versions(source) == [1, 1]


def test_fifty_work_messages_are_one_attempt(customer: Customer, video: Path) -> None:
    source = customer.upload(video, "worked.mp4", {"section": "0%2C1"})
    customer.ask_for_work_again(source, DELIVERIES)
    customer.task(source)
    customer.wait_until_quiet()
    assert customer.row(source)["attempt"] == {"N": "1"}
    assert customer.stored_versions(source) == [1, 1]
