from __future__ import annotations

import random
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

#: Upper bounds of the waits between tries at a transaction that met another one.
_CONFLICT_WAITS_S = (0.05, 0.1, 0.2, 0.4, 0.8)


def write_together(client: DynamoDBClient, writes: Sequence[Any]) -> bool:
    """Do all of ``writes`` (TransactWriteItems) or none; whether their conditions held.

    DynamoDB cancels one of two transactions that touch an item at once; that one is tried again here.
    """
    for wait_s in (*_CONFLICT_WAITS_S, None):
        try:
            client.transact_write_items(TransactItems=writes)
        except client.exceptions.TransactionCanceledException as error:
            reasons = {reason.get("Code") for reason in error.response.get("CancellationReasons", [])}
            if "ConditionalCheckFailed" in reasons:
                return False
            if wait_s is None or "TransactionConflict" not in reasons:
                raise
            time.sleep(wait_s * random.random())  # noqa: S311  # spreading tries, not guarding secrets
        else:
            break
    return True
