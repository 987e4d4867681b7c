from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cliploop.adapters.aws_errors import code_of, unavailable_when_failing
from cliploop.application.ports_callers import BoundCall, answer_text

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

#: DynamoDB's clock and ours may differ; an item that went too early would let its signature serve again.
_MARGIN_S = 60


@dataclass(frozen=True)
class DynamoDBSignedCalls:
    """``SignedCalls`` in the catalog table: one item for each signature, which expires soon after it."""

    client: DynamoDBClient
    table: str

    def bind(self, project_id: str, signature: str, action: str, until_ms: int) -> BoundCall:
        """See ``SignedCalls``."""
        expires = {"expires_at": {"N": str(-(-until_ms // 1000) + _MARGIN_S)}}
        with unavailable_when_failing("binding a signature"):
            try:
                self.client.put_item(
                    TableName=self.table,
                    Item=_key(project_id, signature) | {"action": {"S": action}} | expires,
                    ConditionExpression="attribute_not_exists(pk)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException":
                    raise
                return _bound(error.response["Item"])  # type: ignore[typeddict-item]  # set by ALL_OLD
        return BoundCall(action, answer=None, is_new=True)

    def keep_answer(self, project_id: str, signature: str, answer: Mapping[str, Any]) -> None:
        """See ``SignedCalls``."""
        text = answer_text(answer)
        if text is None:
            return
        with unavailable_when_failing("keeping an answer"):
            try:
                self.client.update_item(
                    TableName=self.table,
                    Key=_key(project_id, signature),
                    UpdateExpression="SET answer = :answer",
                    ConditionExpression="attribute_exists(pk)",
                    ExpressionAttributeValues={":answer": {"S": text}},
                )
            except ClientError as error:
                # The item has expired meanwhile, and nobody can ask for the answer any more.
                if code_of(error) != "ConditionalCheckFailedException":
                    raise


def _key(project_id: str, signature: str) -> dict[str, Any]:
    return {"pk": {"S": f"{project_id}#signed"}, "sk": {"S": signature}}


def _bound(item: Mapping[str, Any]) -> BoundCall:
    answer = json.loads(item["answer"]["S"]) if "answer" in item else None
    return BoundCall(item["action"]["S"], answer, is_new=False)
