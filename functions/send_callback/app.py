"""Callbacks arrive here from their queue, and leave for their receivers."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from cliploop import bootstrap
from cliploop.application.ports_events import Callback
from cliploop.domain.errors import CliploopError

logger = Logger(service="cliploop")
metrics = Metrics(namespace="cliploop", service="send_callback")
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@metrics.log_metrics
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Make the callbacks of a batch; those that fail come back after a backoff, and end in the dead-letter queue."""
    parts = bootstrap.send_callback()
    laid_aside = 0

    def take(record: SQSRecord) -> None:
        nonlocal laid_aside
        try:
            attempt = int(record.attributes.approximate_receive_count)
            laid_aside += not parts.send(Callback(**record.json_body), attempt)
        except CliploopError as error:
            logger.warning("a callback failed and comes back", message_id=record.message_id, reason=error.log_text)
            raise
        except Exception:
            logger.exception("a message failed and comes back", message_id=record.message_id)
            raise

    reply = process_partial_response(event=event, record_handler=take, processor=processor, context=context)
    failed = {str(failure["itemIdentifier"]) for failure in reply["batchItemFailures"]}
    metrics.add_metric("CallbacksMade", MetricUnit.Count, len(event["Records"]) - len(failed) - laid_aside)
    metrics.add_metric("CallbacksFailed", MetricUnit.Count, len(failed))
    metrics.add_metric("CallbacksLaidAside", MetricUnit.Count, laid_aside)
    if late := parts.retry.put_back(event["Records"], failed):
        logger.warning("messages come back only after their queue's visibility timeout", message_ids=late)
    return dict(reply)
