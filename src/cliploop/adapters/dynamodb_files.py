from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from cliploop.adapters.aws_errors import code_of, unavailable_when_failing
from cliploop.adapters.dynamodb_reads import read_items
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.source_file import SourceFile

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

Item = dict[str, Any]

#: The shape that rows are written in; a reader of a later release knows by it what it has before it.
ROW_SHAPE = 1
SORT_KEY = "file"
#: Sort keys of a file's tasks begin so. They share its partition, and none of them is the key of a task's own row.
_LINK = "task#"
_DAY_S = 24 * 60 * 60

_serializer = TypeSerializer()
_deserializer = TypeDeserializer()


@dataclass(frozen=True)
class DynamoDBFiles:
    """``Files`` in the table of the tasks. Links live as long as the rows that they lead to, files for ever."""

    client: DynamoDBClient
    table: str
    retention_days: int

    def add(self, file: SourceFile) -> SourceFile:
        """See ``Files``."""
        with unavailable_when_failing("remembering a file"):
            try:
                self.client.put_item(
                    TableName=self.table,
                    Item=file_to_item(file),
                    ConditionExpression="attribute_not_exists(pk)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException":
                    raise
                return item_to_file(error.response["Item"])  # type: ignore[typeddict-item]  # set by ALL_OLD
        return file

    def get_many(self, project_id: str, file_ids: Sequence[int]) -> list[SourceFile]:
        """See ``Files``."""
        wanted = list(dict.fromkeys(file_ids))
        keys = [_key(project_id, file_id, SORT_KEY) for file_id in wanted]
        with unavailable_when_failing("reading files"):
            items = read_items(self.client, self.table, keys, consistent=True)
            found = {file.file_id: file for file in map(item_to_file, items)}
        return [found[file_id] for file_id in wanted if file_id in found]

    def link(self, project_id: str, file_id: int, task_id: int, created_ms: int) -> None:
        """See ``Files``."""
        expires_at_s = created_ms // 1000 + self.retention_days * _DAY_S
        key = _link_key(project_id, file_id, task_id, created_ms)
        with unavailable_when_failing("linking a task to its file"):
            self.client.put_item(TableName=self.table, Item=key | {"expires_at": {"N": str(expires_at_s)}})

    def unlink(self, project_id: str, file_id: int, task_id: int, created_ms: int) -> None:
        """See ``Files``."""
        with unavailable_when_failing("taking a link to a task away"):
            self.client.delete_item(TableName=self.table, Key=_link_key(project_id, file_id, task_id, created_ms))

    def tasks_of(self, project_id: str, file_id: int, most: int) -> list[int]:
        """See ``Files``. One answer holds them, unless a task was linked more than once."""
        with unavailable_when_failing("listing a file's tasks"):
            pages = self.client.get_paginator("query").paginate(
                TableName=self.table,
                KeyConditionExpression="pk = :file AND begins_with(sk, :link)",
                ExpressionAttributeValues={
                    ":file": _key(project_id, file_id, SORT_KEY)["pk"],
                    ":link": {"S": _LINK},
                },
                ConsistentRead=True,
                ScanIndexForward=False,
                PaginationConfig={"PageSize": most},
            )
            linked = (_linked_task(item) for page in pages for item in page["Items"])
            return list(islice(_each_once(linked), most))


def is_file_row(keys: Mapping[str, Any]) -> bool:
    """Whether an item with these keys is a file, and not a link to one of its tasks."""
    return bool(keys["sk"]["S"] == SORT_KEY)


def file_to_item(file: SourceFile) -> Item:
    """The item of a file; it has no end."""
    row = {
        "shape": ROW_SHAPE,
        **vars(file),
        "source": vars(file.source),
        "name": file.name or None,
        "source_context": file.source_context or None,
    }
    return _key(file.project_id, file.file_id, SORT_KEY) | {
        name: _serializer.serialize(value) for name, value in row.items() if value is not None
    }


def item_to_file(item: Mapping[str, Any]) -> SourceFile:
    """The file of an item, as it comes from the table or its stream."""
    row = {name: _deserializer.deserialize(value) for name, value in item.items()}
    return SourceFile(
        project_id=row["project_id"],
        source=ObjectVersion(**row["source"]),
        name=row.get("name", ""),
        source_context=row.get("source_context", ""),
        **{name: int(row[name]) for name in ("file_id", "size", "created_ms", "procedure_task_id")},
    )


def _key(project_id: str, file_id: int, sort_key: str) -> Item:
    return {"pk": {"S": f"{project_id}#file#{file_id}"}, "sk": {"S": sort_key}}


def _link_key(project_id: str, file_id: int, task_id: int, created_ms: int) -> Item:
    return _key(project_id, file_id, f"{_LINK}{created_ms:013d}#{task_id}")


def _linked_task(item: Mapping[str, Any]) -> int:
    return int(item["sk"]["S"].rpartition("#")[2])


def _each_once(numbers: Iterable[int]) -> Iterator[int]:
    seen: set[int] = set()
    for number in numbers:
        if number not in seen:
            seen.add(number)
            yield number
