"""The vendors' APIs arrive here, all at the root: only the request itself tells whose words it uses."""

from __future__ import annotations

import base64
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response, content_types
from aws_lambda_powertools.utilities.typing import LambdaContext

from cliploop import bootstrap
from cliploop.dialects.http import HttpRequest

logger = Logger(service="cliploop")
app = APIGatewayHttpResolver()


@app.post("/")
@app.get("/")
def act() -> Response[Any]:
    """One action of one vendor's."""
    request = _request()
    apis = bootstrap.manage_tasks()
    api = next((api for api in apis if api.claims(request)), apis[0])
    reply = api.answer(request)
    logger.info("answered", action=request.headers.get("x-tc-action"), error=reply.error_code)
    # Exactly this type: with a charset after it the vendors' clients overlook errors.
    return Response(reply.status, content_types.APPLICATION_JSON, dict(reply.body))


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request."""
    return app.resolve(event, context)


def _request() -> HttpRequest:
    """The request as it was sent: a signature covers its bytes, so nothing may be parsed and written anew."""
    event = app.current_event
    body = event.get("body") or ""
    return HttpRequest(
        method=event.http_method,
        path=event.raw_path,
        query=event.raw_query_string,
        headers={name.lower(): value for name, value in event.headers.items()},
        body=base64.b64decode(body) if event.is_base64_encoded else body.encode(),
        request_id=app.lambda_context.aws_request_id,
    )
