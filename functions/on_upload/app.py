"""Two queues arrive here: uploads, which are registered, and work, which is done."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from cliploop import bootstrap
from cliploop.domain.deadline import Deadline
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.timetable import RESERVE_S
from cliploop.domain.upload import UploadedObject

logger = Logger(service="cliploop")
metrics = Metrics(namespace="cliploop", service="on_upload")
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@metrics.log_metrics
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Take a batch of one of the two queues; what fails comes back after a backoff."""
    deadline = Deadline.after(context.get_remaining_time_in_millis() / 1000 - RESERVE_S)

    def take(record: SQSRecord) -> None:
        working = record.event_source_arn == bootstrap.on_upload().settings.work_queue_arn
        try:
            work(record, deadline) if working else register(record)
        except Exception:
            logger.exception("a message failed and comes back", message_id=record.message_id)
            raise

    reply = process_partial_response(event=event, record_handler=take, processor=processor, context=context)
    failed = {str(failure["itemIdentifier"]) for failure in reply["batchItemFailures"]}
    metrics.add_metric("MessagesFailed", MetricUnit.Count, len(failed))
    if late := bootstrap.on_upload().retry.put_back(event["Records"], failed):
        logger.warning("messages come back only after their queue's visibility timeout", message_ids=late)
    return dict(reply)


def register(record: SQSRecord) -> None:
    """One "Object Created" event of EventBridge. Its key is as it is: EventBridge does not URL-encode keys."""
    detail = record.json_body["detail"]
    created = detail["object"]
    source = ObjectVersion(detail["bucket"]["name"], created["key"], created.get("version-id", ""))
    registered = bootstrap.on_upload().register(UploadedObject(source, int(created.get("size", 0))))
    metrics.add_metric(f"Upload{registered.outcome.name.title()}", MetricUnit.Count, 1)
    logger.info("upload", source=asdict(source), **asdict(registered))


def work(record: SQSRecord, deadline: Deadline) -> None:
    """One task to process."""
    pointer = record.json_body
    outcome = bootstrap.on_upload().process(pointer["project_id"], int(pointer["task_id"]), deadline)
    metrics.add_metric(f"Work{outcome.name.title().replace('_', '')}", MetricUnit.Count, 1)
    logger.info("work", task_id=pointer["task_id"], outcome=outcome)
