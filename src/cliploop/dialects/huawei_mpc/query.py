"""The list of tasks: the query in, the page of tasks out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cliploop.dialects.fields import Choice, Field, Integer, Support
from cliploop.dialects.huawei_mpc.operation import read_fields
from cliploop.dialects.huawei_mpc.request import parameters, query_pairs
from cliploop.dialects.huawei_mpc.task_view import TIME, task_fields
from cliploop.dialects.ranged import Ranged
from cliploop.domain.errors import InvalidRequestError
from cliploop.domain.identity import parse_decimal_task_id
from cliploop.domain.query import PageRequest, TaskFilter, TaskPage
from cliploop.domain.ranges import Numbers
from cliploop.domain.task import TaskState

MAX_TASK_IDS = 10
_TIME_DIGITS = 14
#: Pages are numbered within what a Java or Go client's int holds.
_MAX_PAGE = 2**31 - 1
#: What the vendor's client calls a state that the vendor's document, and its replies, call PROCESSING.
_OTHER_NAMES = {"PREPROCESSING": TaskState.PROCESSING}


@dataclass(frozen=True)
class ByIds:
    """Look these up."""

    task_ids: tuple[int, ...]


@dataclass(frozen=True)
class Matching:
    """List what matches."""

    where: TaskFilter
    page: PageRequest


@dataclass(frozen=True)
class _TaskIds:
    """Some task ids."""

    def read(self, value: Sequence[str], path: str, *, textual: bool) -> tuple[int, ...]:  # noqa: ARG002  # all is text
        """See ``Kind``."""
        if len(value) > MAX_TASK_IDS:
            raise InvalidRequestError(path, f"{path} names {len(value)} tasks; at most {MAX_TASK_IDS} fit.")
        ids = []
        for text in value:
            task_id = parse_decimal_task_id(text)
            if task_id is None:
                message = f"{path} {text[:64]!a} is not a task id: it is a positive whole number."
                raise InvalidRequestError(path, message)
            ids.append(task_id)
        return tuple(ids)

    def describe(self) -> str:
        """See ``Kind``."""
        return f"at most {MAX_TASK_IDS} whole numbers, repeated or with commas"


@dataclass(frozen=True)
class _Moment:
    """A moment, in whole UTC seconds."""

    def read(self, value: str, path: str, *, textual: bool) -> int:  # noqa: ARG002  # all is text
        """See ``Kind``."""
        message = f"{path} {value[:64]!a} is not a moment: yyyymmddhhmmss in UTC."
        if not (len(value) == _TIME_DIGITS and value.isascii() and value.isdecimal()):
            raise InvalidRequestError(path, message)
        try:
            moment = datetime.strptime(value, TIME).replace(tzinfo=UTC)
        except ValueError:
            raise InvalidRequestError(path, message) from None
        return int(moment.timestamp())

    def describe(self) -> str:
        """See ``Kind``."""
        return "`yyyymmddhhmmss`, UTC"


FIELDS = (
    Field("task_id", _TaskIds(), "Only these tasks; then nothing else of the query counts.", default=()),
    Field(
        "status",
        Choice((*TaskState, *_OTHER_NAMES)),
        "Only tasks in this state. `PREPROCESSING`, as the vendor's client has it, is `PROCESSING`.",
    ),
    Field(
        "start_time",
        _Moment(),
        "Only tasks that were created then or later.",
        support=Support.DIFFERS,
        note="the document does not say which of a task's times is meant",
    ),
    Field(
        "end_time",
        _Moment(),
        "Only tasks that were created then or earlier.",
        support=Support.DIFFERS,
        note="likewise",
    ),
    Field("page", Ranged(Numbers(0, _MAX_PAGE)), "The page, from 0 on.", default=0),
    Field("size", Integer(1, 100), "Tasks on a page.", default=10),
)


def decode_query(query: str) -> ByIds | Matching:
    """Read a raw query string.

    Raises:
        InvalidRequestError: naming the parameter that is wrong.
    """
    given = query_pairs(query)
    if ids := [part for name, value in given if name == "task_id" for part in value.split(",")]:
        return ByIds(read_fields(FIELDS, {"task_id": ids}, textual=True)["task_id"])
    values = read_fields(FIELDS, parameters(query), textual=True)
    status, since, until = values["status"], values["start_time"], values["end_time"]
    if since is not None and until is not None and since > until:
        raise InvalidRequestError("end_time", "end_time lies before start_time.")
    states = frozenset() if status is None else frozenset({_OTHER_NAMES.get(status) or TaskState(status)})
    return Matching(TaskFilter(states, since, until), PageRequest(values["page"], values["size"]))


def encode_page(page: TaskPage, region: str) -> dict[str, Any]:
    """The answer's body; ``region`` is what Huawei calls a location."""
    return {"total": page.total, "tasks": [task_fields(task, region) for task in page.tasks]}
