"""The commands ``cliploop redrive`` and ``cliploop replay``, from their words to their exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec

from cliploop.cli.ending import Interrupted, interruptible
from cliploop.domain.errors import CliploopError, ErrorCode, InvalidRequestError
from cliploop.operating.arguments import Order, read_words

#: Exit codes: the command has to be changed; it was not done for every id. 128 and a signal's number after that.
_USAGE, _FAILED = 2, 1
#: Ids that the function is given at once: what it can surely do in the time that it has.
_AT_ONCE = 50

Outcome = tuple[str, str]


def main(words: Sequence[str]) -> int:
    """Do what the words after ``cliploop`` say, and return the exit code."""
    order: Order | None = None
    outcomes: list[Outcome] = []
    try:
        order = read_words(words)
        with interruptible():
            for outcome in _asked(order):
                outcomes.append(outcome)
                if not order.json:
                    print(f"{outcome[0]}: {outcome[1]}", flush=True)  # noqa: T201
        code = 0 if all(said == order.errand.good for _, said in outcomes) else _FAILED
    except Interrupted as interruption:
        _tell("cliploop: stopped; ids without an outcome may have been done all the same.")
        code = 128 + interruption.number
    except CliploopError as error:
        _tell(f"cliploop: {error.caller_text}")
        if order and order.verbose:
            _tell(error.log_text)
        code = _USAGE if isinstance(error, InvalidRequestError) else _FAILED
    if order and order.json:
        print(_report(order, outcomes))  # noqa: T201
    return code


def _asked(order: Order) -> Iterator[Outcome]:
    """What became of each id, as soon as it is known."""
    if find_spec("boto3") is None:
        raise CliploopError(
            ErrorCode.UNAVAILABLE, "This command speaks to AWS and needs boto3 beside cliploop: pip install boto3"
        )
    from cliploop.operating.stack import find  # noqa: PLC0415

    errand = order.errand
    sweeper = find(order.stack, region=order.region, profile=order.profile, endpoint_url=order.endpoint_url)
    for start in range(0, len(order.ids), _AT_ONCE):
        some = order.ids[start : start + _AT_ONCE]
        answer = sweeper.ask({errand.name: {errand.of_ids: list(some)}})
        said = {each[errand.each]: each["outcome"] for each in answer.get(errand.answered, [])}
        yield from ((each, said.get(each, "no answer")) for each in some)


def _report(order: Order, outcomes: Sequence[Outcome]) -> str:
    errand = order.errand
    listed = [{errand.each: each, "outcome": outcome} for each, outcome in outcomes]
    return json.dumps({errand.answered: listed}, indent=2)


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201
