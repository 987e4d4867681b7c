"""Task queries over HTTP: reads only."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response, content_types
from aws_lambda_powertools.utilities.typing import LambdaContext

from cliploop import bootstrap
from cliploop.dialects.huawei_mpc.errors import encode_error
from cliploop.dialects.huawei_mpc.query import ByIds, decode_query, encode_page
from cliploop.domain.errors import CliploopError

logger = Logger(service="cliploop")
app = APIGatewayHttpResolver()


@app.get("/v1/<project_id>/animated-graphics")
def list_tasks(project_id: str) -> Response[Any]:
    """Huawei MPC's query of animated GIF tasks."""
    asked = decode_query(app.current_event.raw_query_string)
    query = bootstrap.query_tasks()
    if isinstance(asked, ByIds):
        page = query.by_ids(project_id, asked.task_ids)
    else:
        page = query.matching(project_id, asked.where, asked.page)
    return _reply(HTTPStatus.OK, encode_page(page, bootstrap.region()))


@app.exception_handler(CliploopError)  # type: ignore[untyped-decorator]  # Powertools leaves it untyped
def refuse(error: CliploopError) -> Response[Any]:
    """Every error of the house in the vendor's words."""
    logger.warning("query refused", code=error.code, reason=error.log_text)
    reply = encode_error(error)
    return _reply(reply.status, reply.body)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request."""
    return app.resolve(event, context)


def _reply(status: HTTPStatus, body: dict[str, Any]) -> Response[Any]:
    # The vendor's client reads the request's id from this header.
    request_id = app.lambda_context.aws_request_id
    return Response(status, content_types.APPLICATION_JSON, body, headers={"X-Request-Id": request_id})
