"""What every store of files must do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cliploop.adapters.dynamodb_files import DynamoDBFiles, is_file_row, item_to_file
from cliploop.adapters.task_rows import is_task_row
from cliploop.application.ports_files import Files
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.source_file import SourceFile
from cliploop.testing import InMemoryFiles

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

NOW_MS = 1_700_000_000_000
PROJECT = "p" * 32
FILE = SourceFile(
    project_id=PROJECT,
    file_id=2**62,
    source=ObjectVersion("uploads", "a b+c%2B ü.mp4", "v"),
    size=2**40,
    created_ms=NOW_MS,
    name="Mein Film 日本語",
    source_context="the caller's",
    procedure_task_id=2**63 - 1,
)
PLAIN = SourceFile(
    project_id=PROJECT, file_id=3, source=ObjectVersion("uploads", "b.mp4", ""), size=1, created_ms=NOW_MS
)


@pytest.fixture(params=["in memory", "moto"])
def files(request: pytest.FixtureRequest) -> Files:
    if request.param == "in memory":
        return InMemoryFiles()
    return DynamoDBFiles(request.getfixturevalue("dynamodb"), "tasks", retention_days=30)


@pytest.mark.parametrize("file", [FILE, PLAIN])
def test_a_file_reads_back(files: Files, file: SourceFile) -> None:
    assert files.add(file) == file
    assert files.get_many(PROJECT, [file.file_id]) == [file]


def test_a_file_stays_as_it_became_known(files: Files) -> None:
    files.add(FILE)
    assert files.add(replace(FILE, created_ms=NOW_MS + 1, name="another", procedure_task_id=0)) == FILE
    assert files.get_many(PROJECT, [FILE.file_id]) == [FILE]


def test_a_link_whose_row_is_not_going_to_be_is_forgotten(files: Files) -> None:
    files.link(PROJECT, 3, 1, NOW_MS)
    files.link(PROJECT, 3, 2, NOW_MS)
    for _ in range(2):  # once more does nothing
        files.unlink(PROJECT, 3, 2, NOW_MS)
    files.unlink(PROJECT, 3, 1, NOW_MS + 1)  # another link of the same task
    assert files.tasks_of(PROJECT, 3, 9) == [1]


def test_files_come_in_the_order_asked_each_once(files: Files) -> None:
    files.add(FILE)
    files.add(PLAIN)
    assert files.get_many(PROJECT, [3, 9, FILE.file_id, 3]) == [PLAIN, FILE]


def test_there_is_no_file_of_another_project(files: Files) -> None:
    files.add(FILE)
    assert files.get_many("q" * 32, [FILE.file_id]) == []


def test_the_tasks_of_a_file_are_its_newest_newest_first(files: Files) -> None:
    for age_ms, task_id in ((0, 5), (86_400_000, 70), (1, 6), (2, 2**63 - 1)):
        files.link(PROJECT, 3, task_id, NOW_MS - age_ms)
    files.link(PROJECT, 4, 8, NOW_MS)
    files.link("q" * 32, 3, 9, NOW_MS)
    assert files.tasks_of(PROJECT, 3, 10) == [5, 6, 2**63 - 1, 70]
    assert files.tasks_of(PROJECT, 3, 2) == [5, 6]


def test_a_link_that_is_made_again_counts_once(files: Files) -> None:
    for created_ms, task_id in ((1, 5), (1, 5), (2, 6), (3, 5), (4, 5), (5, 7)):
        files.link(PROJECT, 3, task_id, created_ms)
    assert files.tasks_of(PROJECT, 3, 2) == [7, 5]
    assert files.tasks_of(PROJECT, 3, 3) == [7, 5, 6]


def test_a_file_may_have_tasks_before_it_is_known_and_none_when_it_is(files: Files) -> None:
    files.link(PROJECT, FILE.file_id, 1, NOW_MS)
    assert files.get_many(PROJECT, [FILE.file_id]) == []
    files.add(PLAIN)
    assert files.tasks_of(PROJECT, PLAIN.file_id, 10) == []


def test_every_item_is_told_from_a_tasks_row_and_only_links_expire(dynamodb: DynamoDBClient) -> None:
    files = DynamoDBFiles(dynamodb, "tasks", retention_days=30)
    files.add(FILE)
    files.link(PROJECT, FILE.file_id, 5, NOW_MS)
    link, file = sorted(dynamodb.scan(TableName="tasks")["Items"], key=is_file_row)
    assert (is_file_row(link), is_file_row(file)) == (False, True)
    assert not is_task_row(link)
    assert not is_task_row(file)
    assert item_to_file(file) == FILE
    assert "expires_at" not in file
    assert link["expires_at"] == {"N": str(NOW_MS // 1000 + 30 * 86_400)}
