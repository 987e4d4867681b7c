from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cliploop.adapters.aws_errors import unavailable_when_failing
from cliploop.adapters.dynamodb_task_lists import id_in

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


@dataclass(frozen=True)
class DynamoDBDueTasks:
    """``DueTasks`` by the index ``due`` (docs/adr/0002)."""

    client: DynamoDBClient
    table: str

    def overdue(self, project_id: str, now_ms: int, most: int) -> list[int]:
        """See ``DueTasks``. An entry is some 100 bytes, so an answer (1 MB) holds 10,000."""
        with unavailable_when_failing("looking for overdue tasks"):
            answer = self.client.query(
                TableName=self.table,
                IndexName="due",
                KeyConditionExpression="due_project = :project AND due_at <= :now",
                ExpressionAttributeValues={":project": {"S": project_id}, ":now": {"N": str(now_ms)}},
                Limit=most,
            )
        return [id_in(item["created_key"]["S"]) for item in answer["Items"]]
