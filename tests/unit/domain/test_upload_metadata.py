from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cliploop.domain.errors import InvalidRequestError
from cliploop.domain.procedure import NotifyMode
from cliploop.domain.upload import NO_PROCEDURE, UploadOrder, read_order
from cliploop.domain.upload_metadata import MAX_METADATA, write_order

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@given(
    st.builds(
        UploadOrder,
        procedure=TEXTS,
        session_context=TEXTS,
        priority=st.integers(-10, 10),
        notify_mode=st.sampled_from(NotifyMode),
        source_context=TEXTS,
        name=TEXTS,
    )
)
def test_an_order_is_read_as_it_was_written(order: UploadOrder) -> None:
    assume(order.procedure and order.procedure == order.procedure.strip())
    try:
        metadata = write_order(order)
    except InvalidRequestError:
        assume(False)  # noqa: FBT003
    assert read_order(metadata) == order
    assert all(value.isascii() and value.isprintable() for value in metadata.values())


def test_no_procedure_is_said_so_that_no_rule_finds_one() -> None:
    assert write_order(UploadOrder()) == {"procedure": NO_PROCEDURE, "tasks-notify-mode": "Finish"}


def test_what_s3_does_not_keep_is_refused_with_both_numbers() -> None:
    most = MAX_METADATA - sum(map(len, ("procedure", "none", "tasks-notify-mode", "Finish", "session-context")))
    assert write_order(UploadOrder(session_context="x" * most))
    with pytest.raises(InvalidRequestError, match=f"{MAX_METADATA + 1} bytes.* {MAX_METADATA} "):
        write_order(UploadOrder(session_context="x" * (most + 1)))
