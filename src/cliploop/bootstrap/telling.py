"""What is told: ``functions/on_task_change`` and ``functions/send_callback``."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from cliploop.bootstrap.parts import client_config, region, task_store
from cliploop.domain.notification import Change
from cliploop.domain.project import Project
from cliploop.domain.web_address import AllowedTargets
from cliploop.settings import OnTaskChangeSettings, SendCallbackSettings, SweepSettings

if TYPE_CHECKING:
    from cliploop.adapters.dynamodb_tasks import DynamoDBTasks
    from cliploop.adapters.sqs_retry import SqsRetry
    from cliploop.application.publish_changes import PublishChanges
    from cliploop.application.send_callback import SendCallback


@dataclass(frozen=True)
class OnTaskChange:
    """What the stream's door calls; ``read`` reads one record of it."""

    publish: PublishChanges
    read: Callable[[Mapping[str, Any]], Change | None]


@cache
def on_task_change() -> OnTaskChange:
    """The parts of ``functions/on_task_change``."""
    from cliploop.adapters.task_stream import change_in

    settings = OnTaskChangeSettings.from_env(os.environ)
    tasks = task_store(settings.tasks_table, settings.retention_days)
    return OnTaskChange(publish=publish_changes(settings, tasks), read=change_in)


def publish_changes(settings: OnTaskChangeSettings | SweepSettings, tasks: DynamoDBTasks) -> PublishChanges:
    """Tells subscribers of changes."""
    import boto3

    from cliploop.adapters.dynamodb_event_settings import DynamoDBEventSettings
    from cliploop.adapters.dynamodb_events import DynamoDBEvents
    from cliploop.adapters.eventbridge_notifications import EventBridgeNotifications
    from cliploop.adapters.sqs_callbacks import SqsCallbackQueue
    from cliploop.adapters.system_clock import SystemClock
    from cliploop.application.publish_changes import PublishChanges
    from cliploop.application.tell_subscribers import TellSubscribers
    from cliploop.dialects.alibaba_gif.callback import EncodeCallback
    from cliploop.dialects.tencent_vod.notification import EncodeNotification
    from cliploop.domain.addresses import Addresses

    config = client_config()
    addresses = Addresses(region(), settings.public_base_url)
    encode = EncodeNotification(Project(settings.project_id, settings.app_id), addresses)
    subscribers = TellSubscribers(
        bus=EventBridgeNotifications(boto3.client("events", config=config), settings.event_bus, encode),
        settings=DynamoDBEventSettings(tasks.client, settings.catalog_table),
        events=DynamoDBEvents(tasks.client, settings.tasks_table),
        callbacks=SqsCallbackQueue(boto3.client("sqs", config=config), settings.callbacks_queue_url),
        encode=encode,
        encode_own=EncodeCallback(addresses),
        clock=SystemClock(),
    )
    return PublishChanges(tasks, subscribers)


@dataclass(frozen=True)
class SendCallbacks:
    """What the callbacks' door calls."""

    send: SendCallback
    retry: SqsRetry


@cache
def send_callback() -> SendCallbacks:
    """The parts of ``functions/send_callback``."""
    import boto3

    from cliploop.adapters.dynamodb_event_settings import DynamoDBEventSettings
    from cliploop.adapters.outside_web import OutsideWeb
    from cliploop.adapters.outside_web_connection import Routes
    from cliploop.adapters.secrets_manager_callback_keys import SecretsManagerCallbackKeys
    from cliploop.adapters.sqs_dead_letters import SqsLaidAsideCallbacks
    from cliploop.adapters.sqs_retry import SqsRetry, callback_delay_s
    from cliploop.adapters.system_clock import SystemClock
    from cliploop.application.send_callback import SendCallback
    from cliploop.dialects.tencent_vod.callback import sign

    settings = SendCallbackSettings.from_env(os.environ)
    sqs, clock = boto3.client("sqs", config=client_config()), SystemClock()
    return SendCallbacks(
        send=SendCallback(
            web=OutsideWeb(Routes(AllowedTargets.read(settings.allowed_private_targets))),
            settings=DynamoDBEventSettings(boto3.client("dynamodb", config=client_config()), settings.catalog_table),
            keys=SecretsManagerCallbackKeys(
                boto3.client("secretsmanager", config=client_config()), settings.callback_keys_secret_arn, clock
            ),
            laid_aside=SqsLaidAsideCallbacks(sqs, settings.callbacks_dead_letters_url),
            sign=sign,
            clock=clock,
        ),
        retry=SqsRetry(sqs, {settings.callbacks_queue_arn: settings.callbacks_queue_url}, callback_delay_s),
    )
