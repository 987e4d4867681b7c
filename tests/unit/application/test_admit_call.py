from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from cliploop.application.admit_call import AdmitCall, SignatureReusedError, SignedCall
from cliploop.application.ports_callers import LONGEST_KEPT_ANSWER
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.testing.in_memory_callers import InMemorySignedCalls

CREATE = SignedCall("p" * 32, "d" * 64, "Create", mutates=True, expires_ms=1_700_000_300_000)
DESCRIBE = replace(CREATE, action="Describe", mutates=False)


@dataclass
class Work:
    """An action that answers how often it was done."""

    done: int = 0
    failure: Exception | None = None
    padding: str = ""

    def __call__(self) -> Mapping[str, Any]:
        self.done += 1
        if self.failure:
            raise self.failure
        return {"Done": self.done, "Padding": self.padding}


@pytest.fixture
def signed() -> InMemorySignedCalls:
    return InMemorySignedCalls()


@pytest.fixture
def admit(signed: InMemorySignedCalls) -> AdmitCall:
    return AdmitCall(signed)


def test_a_call_is_done_and_its_repeat_is_answered_alike(admit: AdmitCall) -> None:
    work = Work()
    assert admit(CREATE, work) == admit(CREATE, work) == {"Done": 1, "Padding": ""}
    assert work.done == 1


def test_a_signature_serves_for_one_action(admit: AdmitCall) -> None:
    admit(CREATE, Work())
    other = Work()
    with pytest.raises(SignatureReusedError):
        admit(replace(CREATE, action="Delete"), other)
    assert other.done == 0


@pytest.mark.parametrize("other", [replace(CREATE, digest="e" * 64), replace(CREATE, project_id="q" * 32)])
def test_another_signature_is_another_call(admit: AdmitCall, other: SignedCall) -> None:
    work = Work()
    admit(CREATE, work)
    admit(other, work)
    assert work.done == 2


def test_reading_leaves_no_trace(admit: AdmitCall, signed: InMemorySignedCalls) -> None:
    work = Work()
    assert [admit(DESCRIBE, work)["Done"] for _ in range(2)] == [1, 2]
    assert signed.actions == {}


@pytest.mark.parametrize(
    "failure", [CliploopError(ErrorCode.TEMPLATE_NOT_FOUND, "no"), ValueError("no")], ids=["known", "unexpected"]
)
def test_a_call_that_failed_is_done_again_and_stays_bound(admit: AdmitCall, failure: Exception) -> None:
    work = Work(failure=failure)
    with pytest.raises(type(failure)):
        admit(CREATE, work)
    with pytest.raises(SignatureReusedError):
        admit(replace(CREATE, action="Delete"), Work())
    work.failure = None
    assert [admit(CREATE, work)["Done"] for _ in range(2)] == [2, 2]


def test_while_a_call_is_at_work_its_repeat_does_the_same(admit: AdmitCall) -> None:
    work = Work()

    def slow_work() -> Mapping[str, Any]:
        return admit(CREATE, work)

    assert admit(CREATE, slow_work)["Done"] == 1
    assert work.done == 1


def test_an_answer_that_cannot_be_kept_is_given_all_the_same(
    admit: AdmitCall, signed: InMemorySignedCalls, caplog: pytest.LogCaptureFixture
) -> None:
    signed.failure = CliploopError(ErrorCode.UNAVAILABLE, "later", log_text="the table is away", retryable=True)
    assert admit(CREATE, Work())["Done"] == 1
    assert "the table is away" in caplog.text


def test_an_answer_that_is_too_long_is_made_again(admit: AdmitCall) -> None:
    work = Work(padding="x" * LONGEST_KEPT_ANSWER)
    assert [admit(CREATE, work)["Done"] for _ in range(2)] == [1, 2]
