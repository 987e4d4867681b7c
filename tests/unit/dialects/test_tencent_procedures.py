from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tencentcloud.vod.v20180717 import models

from cliploop.application.manage_procedures import MAX_PROCEDURES
from cliploop.dialects.tencent_vod.action import Action
from cliploop.dialects.tencent_vod.actions.procedures import ACTIONS
from cliploop.dialects.tencent_vod.actions.uses import read_references, write_references
from cliploop.domain.errors import ErrorCode
from cliploop.domain.procedure import MAX_USES, Procedure, TemplateReference
from cliploop.domain.section import Section
from tests.unit.dialects.catalog_calls import OF_THE_FRAME, PROJECT, Api, fields_of

CREATE, RESET, DESCRIBE, DELETE = (action.name for action in ACTIONS)
WORK = {"AnimatedGraphicTaskSet": [{"Definition": 20001, "StartTimeOffset": 2, "EndTimeOffset": 5}]}
OTHER_WORK = {"AnimatedGraphicTaskSet": [{"Definition": 20000, "StartTimeOffset": -1.5}]}


@pytest.fixture
def api() -> Api:
    return Api()


def described(api: Api, **where: Any) -> Any:
    """What the vendor's client makes of the reply."""
    response = models.DescribeProcedureTemplatesResponse()
    response._deserialize(api.ask(DESCRIBE, **where) | {"RequestId": "r"})
    return response


def names(api: Api, **where: Any) -> list[str]:
    return [each.Name for each in described(api, **where).ProcedureTemplateSet]


def kept(api: Api, name: str) -> Procedure:
    found = api.catalog.procedure(PROJECT.project_id, name)
    assert found
    return found


offsets = st.integers(-10_000_000_000, 10_000_000_000)
references = st.lists(
    st.builds(TemplateReference, st.sampled_from([20000, 20001]), st.builds(Section, offsets, offsets)),
    min_size=1,
    max_size=MAX_USES,
).map(tuple)


@given(references, st.text(st.characters(exclude_categories=["Cs"]), max_size=256))
def test_what_is_described_is_what_was_created_and_can_be_sent_back(
    drawn: tuple[TemplateReference, ...], comment: str
) -> None:
    api = Api()
    api.ask(CREATE, Name="mine", Comment=comment, MediaProcessTask=write_references(drawn))
    assert (kept(api, "mine").references, kept(api, "mine").comment) == (drawn, comment)
    (shown,) = described(api, Type="Custom").ProcedureTemplateSet
    assert (shown.Name, shown.Type, shown.Comment) == ("mine", "Custom", comment)
    sent_back = json.loads(shown.MediaProcessTask.to_json_string())
    api.ask(RESET, Name="mine", Comment=shown.Comment, MediaProcessTask=sent_back)
    assert kept(api, "mine").references == drawn


@pytest.mark.parametrize(
    ("sent", "milliseconds"),
    [
        (2, 2_000),
        (2.0, 2_000),
        (-1.5, -1_500),
        (1.0015, 1_002),  # as a binary fraction it lies below
        (0.29, 290),
        (4.0004, 4_000),
        (0, 0),
        (-0.0, 0),
        (0.0004, 1),  # 0 would be an end, and another section
        (-1e-9, -1),
        (10_000_000, 10_000_000_000),
    ],
)
def test_offsets_are_kept_in_milliseconds(api: Api, sent: float, milliseconds: int) -> None:
    tasks = [{"Definition": 20000, "StartTimeOffset": sent, "EndTimeOffset": sent}]
    api.ask(CREATE, Name="mine", MediaProcessTask={"AnimatedGraphicTaskSet": tasks})
    assert kept(api, "mine").references == (TemplateReference(20000, Section(milliseconds, milliseconds)),)


def test_offsets_that_are_left_out_mean_the_ends(api: Api) -> None:
    tasks = [{"Definition": 20000}, {"Definition": 20001, "StartTimeOffset": None, "EndTimeOffset": 5}]
    api.ask(CREATE, Name="mine", MediaProcessTask={"AnimatedGraphicTaskSet": tasks})
    assert kept(api, "mine").references == (TemplateReference(20000), TemplateReference(20001, Section(0, 5_000)))


def test_a_query_means_what_json_means(api: Api) -> None:
    tasks = [{"Definition": "20001", "StartTimeOffset": "2", "EndTimeOffset": "5.5"}]
    api.ask_textually(CREATE, {"Name": "12", "MediaProcessTask": {"AnimatedGraphicTaskSet": tasks}})
    assert kept(api, "12").references == (TemplateReference(20001, Section(2_000, 5_500)),)


def test_a_procedure_is_described_in_the_vendors_form(api: Api) -> None:
    api.ask(CREATE, Name="流程 é", MediaProcessTask=WORK)
    (shown,) = described(api, Names=["流程 é"]).ProcedureTemplateSet
    none: dict[str, Any] = {name: [] for name in fields_of(models.MediaProcessTaskInput)}
    assert {name: value for name, value in json.loads(shown.to_json_string()).items() if value is not None} == {
        "Name": "流程 é",
        "Type": "Custom",
        "Comment": "",
        "MediaProcessTask": none | WORK,
        "CreateTime": "2027-01-15T08:00:00Z",
        "UpdateTime": "2027-01-15T08:00:00Z",
    }


def test_resetting_replaces_everything(api: Api) -> None:
    api.ask(CREATE, Name="mine", Comment="first", MediaProcessTask=WORK)
    api.clock.advance(60_000)
    assert api.ask(RESET, Name="mine", MediaProcessTask=OTHER_WORK) == {}
    (shown,) = described(api, Names=["mine"]).ProcedureTemplateSet
    assert (shown.Comment, shown.CreateTime, shown.UpdateTime) == ("", "2027-01-15T08:00:00Z", "2027-01-15T08:01:00Z")
    assert kept(api, "mine").references == (TemplateReference(20000, Section(-1_500, 0)),)


def test_presets_have_no_time_and_come_first(api: Api) -> None:
    api.ask(CREATE, Name="a", MediaProcessTask=WORK)
    shown = described(api).ProcedureTemplateSet
    assert [(each.Name, each.Type) for each in shown] == [
        ("preset-20000", "Preset"),
        ("preset-20001", "Preset"),
        ("preview", "Preset"),
        ("a", "Custom"),
    ]
    assert {each.CreateTime for each in shown[:3]} == {each.UpdateTime for each in shown[:3]} == {None}
    assert {each.Definition for each in shown[2].MediaProcessTask.AnimatedGraphicTaskSet} == {21000, 21001}


def test_names_kinds_orders_and_pages(api: Api) -> None:
    for number in range(12):
        api.ask(CREATE, Name=f"{number:02}", MediaProcessTask=WORK)
        api.clock.advance(1_000)
    assert described(api).TotalCount == 15
    assert names(api, Type="Custom") == [f"{number:02}" for number in range(10)]
    assert names(api, Type="Custom", Offset=10) == ["10", "11"]
    assert names(api, Names=["11", "preview", "x"]) == ["preview", "11"]
    for newest_first in ("desc", "Desc"):
        assert names(api, SortBy=[{"Field": "CreateTime", "Order": newest_first}], Limit=2) == ["11", "10"]
    for order in ({"Field": "CreateTime", "Order": "asc"}, {"Order": "Asc"}, {}):
        assert names(api, SortBy=[order], Type="Custom", Limit=2) == ["00", "01"]


def test_a_deleted_procedure_is_gone_and_may_be_deleted_again(api: Api) -> None:
    api.ask(CREATE, Name="mine", MediaProcessTask=WORK)
    for _ in range(2):
        assert api.ask(DELETE, Name="mine") == {}
        assert names(api, Type="Custom") == []


def test_a_procedure_of_the_table_may_have_a_longer_name(api: Api) -> None:
    name = "a procedure with a long name"
    by_hand = Procedure(name, (TemplateReference(20000),))
    api.catalog.procedures[PROJECT.project_id, name] = by_hand
    (shown,) = described(api, Names=[name]).ProcedureTemplateSet
    assert (shown.Type, shown.CreateTime) == ("Custom", None)
    api.ask(RESET, Name=name, MediaProcessTask=WORK)
    api.ask(DELETE, Name=name)
    assert names(api, Names=[name]) == []


@pytest.mark.parametrize("value", [None, {}, {"AnimatedGraphicTaskSet": []}, {"TranscodeTaskSet": []}])
@pytest.mark.parametrize("action", [CREATE, RESET])
def test_a_procedure_does_something(api: Api, action: str, value: Any) -> None:
    api.ask(CREATE, Name="mine", MediaProcessTask=WORK)
    refused, message = api.refused(action, Name="mine" if action == RESET else "other", MediaProcessTask=value)
    assert refused == "InvalidParameter"
    assert "nothing to do" in message


OTHER_TASKS = sorted(fields_of(models.MediaProcessTaskInput) - {"AnimatedGraphicTaskSet"})
OTHER_FIELDS = [
    "AiContentReviewTask",
    "AiAnalysisTask",
    "AiRecognitionTaskSet",
    "AiRecognitionTask",
    "ReviewAudioVideoTask",
    "ImportMediaKnowledgeTaskSet",
]


@pytest.mark.parametrize("name", OTHER_TASKS)
def test_only_animated_images_are_made_of_a_video(api: Api, name: str) -> None:
    refused, message = api.refused(CREATE, Name="mine", MediaProcessTask=WORK | {name: [{"Definition": 10}]})
    assert refused == "UnsupportedOperation"
    assert f"MediaProcessTask.{name}" in message


@pytest.mark.parametrize("name", OTHER_FIELDS)
@pytest.mark.parametrize("action", [CREATE, RESET])
def test_nothing_else_is_a_procedures_work(api: Api, action: str, name: str) -> None:
    value = [{"Definition": 10}] if name.endswith("Set") else {"Definition": 10}
    assert api.refused(action, Name="mine", MediaProcessTask=WORK, **{name: value})[0] == "UnsupportedOperation"
    assert api.refused(action, Name="mine", MediaProcessTask=WORK, **{name: None})[0] != "UnsupportedOperation"


def of(**task: Any) -> dict[str, Any]:
    return {"AnimatedGraphicTaskSet": [{"Definition": 20000} | task]}


WRONG_WORK = [
    (of(Definition=404), "InvalidParameter"),
    (of(Definition=None), "MissingParameter"),
    (of(Definition=-1), "InvalidParameter"),
    (of(StartTimeOffset=10_000_000.001), "InvalidParameter"),
    (of(EndTimeOffset=-10_000_001), "InvalidParameter"),
    (of(EndTimeOffset=float("nan")), "InvalidParameter"),
    (of(EndTime=5), "UnknownParameter"),
    ({"AnimatedGraphicTaskSet": [{"Definition": 20000}] * (MAX_USES + 1)}, "InvalidParameter"),
    ({"AnimatedGraphicTaskSet": [None]}, "InvalidParameter"),
    ([], "InvalidParameter"),
]
WRONG_NAMES = ["", " ", "n" * 21, "a\nb", "\x7f", "none", "None", 7]
REFUSALS: list[tuple[str, dict[str, Any], str]] = [
    *((CREATE, {"Name": "other", "MediaProcessTask": wrong}, code) for wrong, code in WRONG_WORK),
    *((RESET, {"Name": "mine", "MediaProcessTask": wrong}, code) for wrong, code in WRONG_WORK),
    *((CREATE, {"Name": name, "MediaProcessTask": WORK}, "InvalidParameter") for name in WRONG_NAMES),
    (CREATE, {"Name": "other", "MediaProcessTask": WORK, "Comment": "c" * 257}, "InvalidParameter"),
    (CREATE, {"MediaProcessTask": WORK}, "MissingParameter"),
    (CREATE, {"Name": "mine", "MediaProcessTask": WORK}, "InvalidParameter.ExistedProcedureName"),
    (CREATE, {"Name": "preview", "MediaProcessTask": WORK}, "InvalidParameter.ExistedProcedureName"),
    (CREATE, {"Name": "other", "MediaProcessTask": WORK}, "LimitExceeded"),
    (RESET, {"Name": "other", "MediaProcessTask": WORK}, "InvalidParameter.ProcedureNameNotExist"),
    (RESET, {"Name": "preview", "MediaProcessTask": WORK}, "FailedOperation"),
    (DELETE, {"Name": "preview"}, "FailedOperation"),
    (DELETE, {"Name": "n" * 251}, "InvalidParameter"),
    (DELETE, {}, "MissingParameter"),
    (DESCRIBE, {"Names": ["n"] * 101}, "InvalidParameterValue.Names"),
    (DESCRIBE, {"Names": ["n" * 251]}, "InvalidParameterValue.Names"),
    (DESCRIBE, {"Limit": 0}, "InvalidParameterValue.Limit"),
    (DESCRIBE, {"Limit": 101}, "InvalidParameterValue.Limit"),
    (DESCRIBE, {"Type": "preset"}, "InvalidParameterValue.Type"),
    (DESCRIBE, {"SortBy": [{"Field": "Name"}]}, "InvalidParameter"),
    (DESCRIBE, {"SortBy": [{"Order": "up"}]}, "InvalidParameter"),
]


@pytest.mark.parametrize(("name", "parameters", "code"), REFUSALS)
def test_what_is_refused_with_which_code(api: Api, name: str, parameters: dict[str, Any], code: str) -> None:
    api.ask(CREATE, Name="mine", MediaProcessTask=WORK)
    if code == "LimitExceeded":
        for number in range(1, MAX_PROCEDURES):
            api.ask(CREATE, Name=str(number), MediaProcessTask=WORK)
    before = dict(api.catalog.procedures)
    refused, message = api.refused(name, **parameters)
    assert refused == code
    assert message.endswith(".")
    assert api.catalog.procedures == before


def test_a_template_that_does_not_exist_is_named(api: Api) -> None:
    assert "404" in api.refused(CREATE, Name="mine", MediaProcessTask=of(Definition=404))[1]


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_every_code_of_the_vendors_is_provoked_or_has_a_reason_not_to_be(action: Action) -> None:
    provoked = {code for name, _, code in REFUSALS if name == action.name}
    assert set(action.codes) - provoked - OF_THE_FRAME == set(action.never)
    assert set(action.errors) <= set(ErrorCode)


REQUESTS = {
    CREATE: models.CreateProcedureTemplateRequest,
    RESET: models.ResetProcedureTemplateRequest,
    DESCRIBE: models.DescribeProcedureTemplatesRequest,
    DELETE: models.DeleteProcedureTemplateRequest,
}


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_every_field_of_the_vendors_is_known(action: Action) -> None:
    assert {field.name for field in action.fields} | {"SubAppId"} == fields_of(REQUESTS[action.name])


def test_every_field_of_a_reply_is_documented(api: Api) -> None:
    api.ask(CREATE, Name="mine", MediaProcessTask=WORK)
    documented = {field.name for action in ACTIONS if action.name == DESCRIBE for field in action.reply}
    (shown,) = api.ask(DESCRIBE, Names=["mine"])["ProcedureTemplateSet"]
    assert {"TotalCount", *(f"ProcedureTemplateSet.N.{name}" for name in shown)} == documented


def test_what_is_written_is_read_back() -> None:
    written = write_references((TemplateReference(7, Section(1, -1)),))
    assert read_references(written) == (TemplateReference(7, Section(1, -1)),)
