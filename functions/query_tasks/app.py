"""Task queries over HTTP: reads only."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from cliploop import bootstrap
from cliploop.dialects.api_gateway import read_event, write_reply
from cliploop.dialects.vendor import answer

logger = Logger(service="cliploop")


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request."""
    reply = answer(bootstrap.query_tasks(), read_event(event, context.aws_request_id))
    logger.info("answered", action=reply.action, status=reply.status.value, error=reply.error_code)
    return write_reply(reply)
