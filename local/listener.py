from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.stack import Stack


@dataclass(frozen=True, slots=True)
class Listener:
    """Somebody who wants to hear of finished tasks: a rule on the stack's bus, with a queue behind it."""

    stack: Stack
    queue_url: str

    def events(self) -> Iterator[dict[str, Any]]:
        """What has arrived since the last look, in EventBridge's envelope."""
        sqs = self.stack.client("sqs")
        while messages := sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
                yield json.loads(message["Body"])


def listen(stack: Stack, name: str = "listener") -> Listener:
    """Subscribe to everything on the bus, as a user's own stack would."""
    sqs, events = stack.client("sqs"), stack.client("events")
    queue_url = sqs.create_queue(QueueName=name)["QueueUrl"]
    queue_arn = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    rule_arn = events.put_rule(
        Name=name,
        EventBusName=stack.bus,
        EventPattern=json.dumps({"account": [{"exists": True}]}),
    )["RuleArn"]
    sqs.set_queue_attributes(QueueUrl=queue_url, Attributes={"Policy": _only_from(rule_arn, queue_arn)})
    events.put_targets(Rule=name, EventBusName=stack.bus, Targets=[{"Id": "queue", "Arn": queue_arn}])
    return Listener(stack, queue_url)


def _only_from(rule_arn: str, queue_arn: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule_arn}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
