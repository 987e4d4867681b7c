"""The tasks table's stream arrives here and leaves as notifications."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from cliploop import bootstrap
from cliploop.domain.notification import Change

logger = Logger(service="cliploop")


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Tell what a batch of stored changes has to tell; what could not be told is tried again.

    A record that cannot be read is reported alone. The stream retries from the first one reported, a bounded number
    of times, and then sends its position to the dead-letter queue, so that the shard goes on.
    """
    parts = bootstrap.on_task_change()
    changes: dict[str, Change] = {}
    failed: list[str] = []
    for record in event["Records"]:
        number = record["dynamodb"]["SequenceNumber"]
        try:
            if change := parts.read(record):
                changes[number] = change
        except Exception:
            logger.exception("a stream record cannot be read", sequence_number=number)
            failed.append(number)
    untold = parts.publish(list(changes.values()))
    failed += [number for number, change in changes.items() if change in untold]
    logger.info("changes told", records=len(event["Records"]), failed=len(failed))
    return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}
