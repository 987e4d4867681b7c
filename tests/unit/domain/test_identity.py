from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cliploop.domain.identity import (
    ObjectVersion,
    VodTaskType,
    delivery_id_of,
    file_id_of,
    parse_decimal_task_id,
    parse_task_id,
    parse_vod_task_id,
    render_vod_task_id,
    task_id_of_request,
    task_id_of_session,
    task_id_of_upload,
)

ids = st.integers(1, 2**63 - 1)
texts = st.text(max_size=40)
kinds = st.sampled_from(VodTaskType)
sources = st.builds(ObjectVersion, texts, texts, texts)


@given(texts, sources)
def test_ids_are_positive_63_bit_numbers(project: str, source: ObjectVersion) -> None:
    assert 0 < task_id_of_upload(project, source) < 2**63
    assert 0 < file_id_of(project, source) < 2**63


def test_an_upload_has_the_same_id_in_every_release() -> None:
    source = ObjectVersion("uploads", "a b+c%2B ü.mp4", "v1")
    assert task_id_of_upload("p" * 32, source) == 549475304702552251
    assert file_id_of("p" * 32, source) == 3957855391649730064


def test_identities_that_run_together_are_told_apart() -> None:
    assert task_id_of_upload("p", ObjectVersion("ab", "c", "")) != task_id_of_upload(
        "p", ObjectVersion("a", "bc", "")
    )


def test_the_task_and_the_file_of_a_source_are_different_numbers() -> None:
    source = ObjectVersion("b", "k", "v")
    assert task_id_of_upload("p", source) != file_id_of("p", source)


@given(texts, texts, st.integers(0, 1_000))
def test_ids_of_calls_are_positive_63_bit_numbers(project: str, text: str, turn: int) -> None:
    assert 0 < task_id_of_session(project, text, turn) < 2**63
    assert 0 < task_id_of_request(project, text) < 2**63


@given(texts, texts)
def test_an_exact_id_is_one_that_a_floating_point_number_holds(project: str, text: str) -> None:
    task_id = task_id_of_request(project, text, exact=True)
    assert 0 < task_id < 2**53
    assert int(float(task_id)) == task_id


def test_a_call_has_the_same_id_in_every_release() -> None:
    assert task_id_of_session("p" * 32, "sid-1", 0) == 2459610165703061510
    assert task_id_of_request("p" * 32, "sid-1") == 7823064459198254229
    assert task_id_of_request("p" * 32, "sid-1", exact=True) == 4815506083073173


def test_each_turn_of_each_session_of_each_project_has_an_id_of_its_own() -> None:
    numbers = {
        task_id_of_session(project, session, turn)
        for project in ("p", "q")
        for session in ("s", "t")
        for turn in range(10)
    }
    assert len(numbers) == 40


@given(st.integers(0, 10**12), ids, kinds)
def test_a_vod_task_id_reads_back(app_id: int, task_id: int, kind: VodTaskType) -> None:
    text = render_vod_task_id(app_id, task_id, kind)
    assert parse_vod_task_id(app_id, text) == (kind, task_id)
    assert len(text) == len(f"{app_id}-{kind}-") + 32 + len("t0")


def test_a_vod_task_id_is_a_procedures_unless_it_says_otherwise() -> None:
    assert render_vod_task_id(7, 1).startswith("7-Procedure-")
    assert render_vod_task_id(7, 1, VodTaskType.PULL_UPLOAD).startswith("7-PullUpload-")


@given(ids, kinds)
def test_a_vod_task_id_of_another_app_is_nobodys(task_id: int, kind: VodTaskType) -> None:
    assert parse_vod_task_id(2, render_vod_task_id(1, task_id, kind)) is None


@given(ids, kinds, st.integers(0, 31), st.sampled_from("0123456789abcdef"))
def test_a_mistyped_vod_task_id_is_nobodys(task_id: int, kind: VodTaskType, position: int, digit: str) -> None:
    text = render_vod_task_id(7, task_id, kind)
    at = len(f"7-{kind}-") + position
    mistyped = text[:at] + digit + text[at + 1 :]
    assert parse_vod_task_id(7, mistyped) == ((kind, task_id) if mistyped == text else None)


@given(st.text(max_size=60))
def test_any_other_text_is_no_vod_task_id(text: str) -> None:
    assert parse_vod_task_id(1, text) is None


@given(ids)
def test_a_decimal_id_reads_back(task_id: int) -> None:
    assert parse_decimal_task_id(str(task_id)) == task_id


def test_what_no_task_can_have_is_no_decimal_id() -> None:
    for text in ("", "0", "-1", "1.5", "٣", str(2**63), "9" * 40, "1 "):
        assert parse_decimal_task_id(text) is None


@given(ids, st.sampled_from(VodTaskType))
def test_a_task_is_found_by_whichever_of_its_ids_is_named(task_id: int, kind: VodTaskType) -> None:
    assert parse_task_id(7, str(task_id)) == task_id
    assert parse_task_id(7, render_vod_task_id(7, task_id, kind)) == task_id
    assert parse_task_id(8, render_vod_task_id(7, task_id, kind)) is None
    assert parse_task_id(7, f"x{task_id}") is None


def test_a_delivery_id_is_a_function_of_task_and_row_version() -> None:
    assert delivery_id_of("p", 1, 2) == delivery_id_of("p", 1, 2)
    assert len({delivery_id_of("p", 1, 2), delivery_id_of("p", 1, 3), delivery_id_of("q", 1, 2)}) == 3
