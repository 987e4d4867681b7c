"""Every minute this looks for what is overdue; and an operator asks it to bring back what has failed."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from cliploop import bootstrap
from cliploop.application.sweep import Sweeping
from cliploop.domain.deadline import Deadline
from cliploop.domain.errors import InvalidRequestError

logger = Logger(service="cliploop")
metrics = Metrics(namespace="cliploop", service="sweep")

#: Kept back from the invocation's time: one row that was begun is done by then.
RESERVE_S = 10.0
WANTED = (
    'Ask with {"redrive": {"task_ids": ["<task id>", ...]}} or {"replay": {"delivery_ids": ["<delivery id>", ...]}}; '
    "the schedule alone starts a sweep."
)


@metrics.log_metrics
@logger.inject_lambda_context
def handler(event: Any, context: LambdaContext) -> dict[str, Any]:
    """Sweep, where the schedule asks; otherwise what an operator wants."""
    deadline = Deadline.after(context.get_remaining_time_in_millis() / 1000 - RESERVE_S)
    metrics.add_metric("Runs", MetricUnit.Count, 1)
    match event:
        case {"source": "aws.events"}:
            return {"swept": sweep(deadline)}
        case {"redrive": {"task_ids": list(task_ids)}}:
            return {"redriven": [redrive(str(each), deadline) for each in task_ids]}
        case {"replay": {"delivery_ids": list(delivery_ids)}}:
            return replay(delivery_ids)
    return {"error": WANTED}


def sweep(deadline: Deadline) -> dict[str, int]:
    """Look at the overdue rows; how many of them had which fate."""
    counts = bootstrap.sweep().sweep(deadline)
    for fate in Sweeping:
        if fate is not Sweeping.NOTHING_TO_DO:
            metrics.add_metric(f"Rows{fate.name.title().replace('_', '')}", MetricUnit.Count, counts[fate])
    swept = {fate.name.lower(): counts[fate] for fate in Sweeping if counts[fate]}
    logger.info("swept", rows=swept)
    return swept


def redrive(text: str, deadline: Deadline) -> dict[str, str]:
    """Bring one failed task back."""
    parts = bootstrap.sweep()
    outcome = parts.redrive.asked(parts.task_id_in(text), deadline)
    logger.info("redrive", task_id=text, outcome=outcome)
    return {"task_id": text, "outcome": outcome}


def replay(delivery_ids: list[object]) -> dict[str, Any]:
    """Bring back callbacks that were laid aside."""
    try:
        replayed = bootstrap.sweep().replay(delivery_ids)
    except InvalidRequestError as error:
        return {"error": error.caller_text}
    logger.info("replay", deliveries=replayed)
    return {"replayed": [{"delivery_id": each, "outcome": outcome} for each, outcome in replayed.items()]}
