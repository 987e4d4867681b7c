"""Calls to AWS that fail, by botocore's own hooks: which call, in which way, how often."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

from tests.faults.baton import KilledError


class Fault(StrEnum):
    """What a call may do instead of what it should. What botocore tries again by itself was tried before."""

    THROTTLED = "is throttled"
    UNREACHED = "is not answered, and was not done"
    ANSWER_LOST = "is not answered, and was done"
    CONDITION_FAILED = "was done, and answers that its condition failed"
    CONDITION_NOT_MET = "is not done, for its condition failed"
    TRANSACTION_CONFLICT = "meets another transaction"
    PARTIAL = "is done in part"
    DIES_BEFORE = "is where the function is killed, before it"
    DIES_AFTER = "is where the function is killed, after it"


BEFORE = {
    Fault.THROTTLED,
    Fault.UNREACHED,
    Fault.TRANSACTION_CONFLICT,
    Fault.CONDITION_NOT_MET,
    Fault.DIES_BEFORE,
    Fault.PARTIAL,
}
#: Until the faults are over.
ALWAYS = 1_000
#: What no service does for ever; whoever tries again at once would never stop.
PASSING = {Fault.CONDITION_FAILED, Fault.CONDITION_NOT_MET, Fault.PARTIAL}
_THROTTLED = {"S3": "SlowDown", "DynamoDB": "ProvisionedThroughputExceededException", "SQS": "RequestThrottled"}


@dataclass(frozen=True)
class Call:
    """One call of a good run: the how-manieth, which operation, and whether it has a condition.

    ``asks_back`` says that it wants to see what was there where its condition failed.
    """

    number: int
    service: str
    operation: str
    conditional: bool = False
    asks_back: bool = False

    @property
    def name(self) -> str:
        return f"{self.service}.{self.operation}"

    def faults(self) -> list[Fault]:
        """What can happen to it."""
        found = [Fault.THROTTLED, Fault.UNREACHED, Fault.ANSWER_LOST, Fault.DIES_BEFORE, Fault.DIES_AFTER]
        if self.conditional:
            found.append(Fault.CONDITION_FAILED)
        if self.conditional and not self.asks_back:
            found.append(Fault.CONDITION_NOT_MET)
        if self.operation == "TransactWriteItems":
            found.append(Fault.TRANSACTION_CONFLICT)
        if self.operation in {"BatchGetItem", "PutEvents"}:
            found.append(Fault.PARTIAL)
        return found


@dataclass
class Wire:
    """What hangs between the adapters and the account.

    Attributes:
        account: a client of DynamoDB that nothing hangs on.
        at: the number of the call from which on those of its operation fail; 0 = none.
        times: how many of them.
    """

    account: Any
    calls: list[Call] = field(default_factory=list)
    at: int = 0
    operation: str = ""
    fault: Fault | None = None
    times: int = 0
    met: int = 0
    _clients: dict[str, Any] = field(default_factory=dict)
    _item: Any = None
    _cut: bool = False

    def attach(self, client: Any) -> Any:
        """The client, watched."""
        self._clients[client.meta.service_model.service_id] = client
        client.meta.events.register("before-call", self._before)
        client.meta.events.register("after-call", self._after)
        return client

    def arm(self, call: Call, fault: Fault, times: int) -> None:
        """From that call on, what is called so goes wrong so often."""
        self.at, self.operation, self.fault, self.times = call.number, call.name, fault, times

    def calm(self) -> None:
        """Nothing goes wrong any more."""
        self.fault = None

    def _before(self, model: Any, params: Any, **_: Any) -> None:
        call = _call(len(self.calls) + 1, model, params)
        self.calls.append(call)
        self._item = _item_of(params) if call.asks_back else None
        if self._is_met(call, before=True):
            if self.fault is Fault.PARTIAL:
                self._cut = True
                _spoil_the_last(model.name, params)
                return
            self._raise(model)

    def _after(self, http_response: Any, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        if self._cut:
            self._cut = False
            _in_part(model.name, parsed)
        elif http_response.status_code < HTTPStatus.MULTIPLE_CHOICES and self._is_met(self.calls[-1], before=False):
            self._raise(model)

    def _is_met(self, call: Call, *, before: bool) -> bool:
        if self.fault is None or (self.fault in BEFORE) is not before:
            return False
        if call.number < self.at or call.name != self.operation or self.met >= self.times:
            return False
        if self.fault in {Fault.CONDITION_FAILED, Fault.CONDITION_NOT_MET} and not call.conditional:
            return False
        self.met += 1
        return True

    def _raise(self, model: Any) -> None:
        match self.fault:
            case Fault.DIES_BEFORE | Fault.DIES_AFTER:
                raise KilledError
            case Fault.UNREACHED | Fault.ANSWER_LOST:
                raise ReadTimeoutError(endpoint_url="https://aws.example")
            case Fault.THROTTLED:
                raise self._error(model, _THROTTLED.get(model.service_model.service_id, "ThrottlingException"))
            case Fault.TRANSACTION_CONFLICT:
                raise self._canceled(model, "TransactionConflict")
            case Fault.CONDITION_FAILED | Fault.CONDITION_NOT_MET:
                raise self._condition_failed(model)

    def _condition_failed(self, model: Any) -> ClientError:
        if model.service_model.service_id == "S3":
            return self._error(model, "PreconditionFailed")
        if model.name == "TransactWriteItems":
            return self._canceled(model, "ConditionalCheckFailed")
        there = {}
        if self._item:
            table, item = self._item
            key = {name: item[name] for name in ("pk", "sk")}
            there = {"Item": self.account.get_item(TableName=table, Key=key)["Item"]}
        return self._error(model, "ConditionalCheckFailedException", **there)

    def _canceled(self, model: Any, reason: str) -> ClientError:
        return self._error(model, "TransactionCanceledException", CancellationReasons=[{"Code": reason}])

    def _error(self, model: Any, code: str, **more: Any) -> ClientError:
        kind = self._clients[model.service_model.service_id].exceptions.from_code(code)
        error: ClientError = kind({"Error": {"Code": code, "Message": code}, **more}, model.name)
        return error


def _call(number: int, model: Any, params: Any) -> Call:
    body, headers = params.get("body") or b"", params.get("headers", {})
    text = body if isinstance(body, str) else body.decode(errors="replace") if isinstance(body, bytes) else ""
    conditional = "ConditionExpression" in text or "If-Match" in headers or "If-None-Match" in headers
    return Call(number, model.service_model.service_id, model.name, conditional, "ALL_OLD" in text)


def _item_of(params: Any) -> Any:
    """The table and the item of a PutItem; None for anything else."""
    body = json.loads(params["body"])
    return (body["TableName"], body["Item"]) if "Item" in body else None


def _spoil_the_last(operation: str, params: Any) -> None:
    """Have the last entry go where nobody listens: as if the service had not taken it."""
    if operation == "PutEvents":
        body = json.loads(params["body"])
        body["Entries"][-1]["Source"] = "nobody"
        params["body"] = json.dumps(body)


def _in_part(operation: str, parsed: dict[str, Any]) -> None:
    """Take the last thing out of an answer, as a service does that was too busy for it."""
    if operation == "PutEvents":
        parsed["FailedEntryCount"] = 1
        parsed["Entries"][-1] = {"ErrorCode": "ThrottlingException", "ErrorMessage": "too many"}
        return
    for table, items in parsed["Responses"].items():
        if items:
            keys = [{name: item[name] for name in ("pk", "sk")} for item in items[-1:]]
            parsed["UnprocessedKeys"] = {table: {"Keys": keys}}
            del items[-1:]
