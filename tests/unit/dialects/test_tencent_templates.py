from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tencentcloud.vod.v20180717 import models

from cliploop.application.manage_templates import MAX_TEMPLATES
from cliploop.dialects.tencent_vod.action import Action
from cliploop.dialects.tencent_vod.actions.templates import ACTIONS
from cliploop.domain.errors import ErrorCode
from cliploop.domain.template import CatalogTemplate, ImageFormat, Template
from tests.unit.dialects.catalog_calls import OF_THE_FRAME, PROJECT, Api, fields_of

CREATE, MODIFY, DESCRIBE, DELETE = (action.name for action in ACTIONS)


@pytest.fixture
def api() -> Api:
    return Api()


def described(api: Api, **where: Any) -> Any:
    """What the vendor's client makes of the reply."""
    response = models.DescribeAnimatedGraphicsTemplatesResponse()
    response._deserialize(api.ask(DESCRIBE, **where) | {"RequestId": "r"})
    return response


def only(api: Api, number: int) -> Any:
    response = described(api, Definitions=[number])
    assert response.TotalCount == 1
    return response.AnimatedGraphicsTemplateSet[0]


def test_a_template_of_nothing_but_a_rate_has_the_vendors_defaults(api: Api) -> None:
    shown = only(api, api.ask(CREATE, Fps=10)["Definition"])
    assert json.loads(shown.to_json_string()) == {
        "Definition": shown.Definition,
        "Type": "Custom",
        "Name": "",
        "Comment": "",
        "Width": 0,
        "Height": 0,
        "ResolutionAdaptive": "open",
        "Format": "gif",
        "Fps": 10,
        "Quality": 75,
        "CreateTime": "2027-01-15T08:00:00Z",
        "UpdateTime": "2027-01-15T08:00:00Z",
    }


sides = st.just(0) | st.integers(128, 4096)
settings = st.fixed_dictionaries(
    {
        "Fps": st.integers(1, 60),
        "Width": sides,
        "Height": sides,
        "ResolutionAdaptive": st.sampled_from(["open", "close"]),
        "Format": st.sampled_from(["gif", "webp"]),
        "Quality": st.integers(1, 100),
        "Name": st.text(st.characters(exclude_categories=["Cs"]), max_size=64),
        "Comment": st.text(st.characters(exclude_categories=["Cs"]), max_size=256),
    }
).filter(lambda drawn: drawn["Format"] == "gif" or drawn["Width"] or drawn["Height"])


@given(settings, settings)
def test_what_is_created_and_changed_is_described_unchanged(drawn: dict[str, Any], after: dict[str, Any]) -> None:
    api = Api()
    number = api.ask(CREATE, **drawn)["Definition"]
    shown = json.loads(only(api, number).to_json_string())
    assert {name: shown[name] for name in drawn} == drawn
    assert all(type(shown[name]) is int for name in ("Fps", "Width", "Height", "Definition"))
    api.ask(MODIFY, Definition=number, **after)
    shown = json.loads(only(api, number).to_json_string())
    assert {name: shown[name] for name in after} == after


@given(settings)
def test_a_query_means_what_json_means(drawn: dict[str, Any]) -> None:
    api = Api()
    textual = api.ask_textually(CREATE, {name: str(value) for name, value in drawn.items()})["Definition"]
    kept = {number: kept for (_, number), kept in api.catalog.kept_templates.items()}
    created = api.ask(CREATE, **drawn)["Definition"]
    again = api.catalog.kept_templates[PROJECT.project_id, created]
    one, other = kept[textual].template, again.template
    assert (vars(one) | {"definition": 0}, kept[textual].comment) == (vars(other) | {"definition": 0}, again.comment)


@pytest.mark.parametrize(
    "name", ["Fps", "Width", "Height", "ResolutionAdaptive", "Format", "Quality", "Name", "Comment"]
)
def test_one_field_changes_and_the_others_stay(api: Api, name: str) -> None:
    first = {"Fps": 10, "Width": 320, "Height": 240, "ResolutionAdaptive": "close", "Format": "webp", "Quality": 60}
    first |= {"Name": "a", "Comment": "b"}
    other = {"Fps": 9, "Width": 0, "Height": 0, "ResolutionAdaptive": "open", "Format": "gif", "Quality": 1}
    other |= {"Name": "", "Comment": ""}
    number = api.ask(CREATE, **first)["Definition"]
    api.clock.advance(3_600_000)
    api.ask(MODIFY, Definition=number, **{name: other[name]})
    shown = json.loads(only(api, number).to_json_string())
    assert {each: shown[each] for each in first} == first | {name: other[name]}
    assert (shown["CreateTime"], shown["UpdateTime"]) == ("2027-01-15T08:00:00Z", "2027-01-15T09:00:00Z")


@pytest.mark.parametrize(("word", "by_sides"), [("open", True), ("close", False)])
def test_resolution_adaptive_says_what_a_width_is(api: Api, word: str, *, by_sides: bool) -> None:
    number = api.ask(CREATE, Fps=10, ResolutionAdaptive=word)["Definition"]
    kept = api.catalog.kept_templates[PROJECT.project_id, number]
    assert kept.template.by_sides is by_sides


@pytest.mark.parametrize(("asked", "kept"), [(75.4, 75), (99.9, 100), (1.0, 1)])
def test_a_quality_is_rounded(api: Api, asked: float, kept: int) -> None:
    assert only(api, api.ask(CREATE, Fps=10, Quality=asked)["Definition"]).Quality == kept


def test_presets_have_no_time_and_come_first(api: Api) -> None:
    number = api.ask(CREATE, Fps=10)["Definition"]
    response = described(api)
    shown = response.AnimatedGraphicsTemplateSet
    assert response.TotalCount == 5
    assert [each.Definition for each in shown] == [20000, 20001, 21000, 21001, number]
    assert [each.Type for each in shown] == ["Preset"] * 4 + ["Custom"]
    assert [(each.Format, each.Fps, each.Width, each.Height, each.Quality) for each in shown[:2]] == [
        ("gif", 2, 0, 0, 75),
        ("webp", 2, 0, 0, 75),
    ]
    assert {each.CreateTime for each in shown[:4]} == {each.UpdateTime for each in shown[:4]} == {None}


def test_kinds_numbers_and_pages(api: Api) -> None:
    for fps in range(1, 13):
        api.ask(CREATE, Fps=fps)
    assert described(api).TotalCount == 16
    assert len(described(api).AnimatedGraphicsTemplateSet) == 10
    assert len(described(api, Offset=10).AnimatedGraphicsTemplateSet) == 6
    assert described(api, Type="Custom", Limit=1).TotalCount == 12
    presets = described(api, Definitions=[20001, 20000, 404], Type="Preset", Offset=0, Limit=10)
    assert [each.Definition for each in presets.AnimatedGraphicsTemplateSet] == [20000, 20001]


def test_a_template_of_the_table_is_shown_in_the_vendors_types(api: Api) -> None:
    half = Template(7, ImageFormat.GIF, width=-1, height=100, fps=Template(0, ImageFormat.GIF).fps / 100)
    api.catalog.kept_templates[PROJECT.project_id, 7] = CatalogTemplate(half)
    shown = only(api, 7)
    assert (shown.Type, shown.Fps, shown.Width, shown.Height, shown.CreateTime) == ("Custom", 1, 0, 100, None)


def test_a_deleted_template_is_not_described(api: Api) -> None:
    number = api.ask(CREATE, Fps=10)["Definition"]
    assert api.ask(DELETE, Definition=number) == {}
    assert described(api, Definitions=[number]).TotalCount == 0


LACKS = "InvalidParameterValue.FormatWebpLackWidthAndHeight"
ZEROS = "InvalidParameterValue.FormatWebpWidthAndHeightBothZero"


@pytest.mark.parametrize(
    ("sizes", "code"),
    [
        ({}, LACKS),
        ({"Width": 0}, ZEROS),
        ({"Height": 0}, ZEROS),
        ({"Width": 0, "Height": 0}, ZEROS),
        ({"Width": 128, "Height": 0}, ""),
        ({"Height": 4096}, ""),
    ],
)
@pytest.mark.parametrize("is_changed", [False, True])
def test_a_webp_has_a_size(api: Api, sizes: dict[str, int], code: str, *, is_changed: bool) -> None:
    if is_changed:
        number = api.ask(CREATE, Fps=10)["Definition"]
        assert api.refused(MODIFY, Definition=number, Format="webp", **sizes)[0] == code
        assert only(api, number).Format == ("gif" if code else "webp")
    else:
        assert api.refused(CREATE, Fps=10, Format="webp", **sizes)[0] == code


def test_a_change_counts_with_what_was_there(api: Api) -> None:
    number = api.ask(CREATE, Fps=10, Format="webp", Width=320)["Definition"]
    assert api.refused(MODIFY, Definition=number, Width=0)[0] == ZEROS
    assert api.refused(MODIFY, Definition=number, Width=0, Height=128)[0] == ""
    assert api.refused(MODIFY, Definition=number, Format="gif", Height=0)[0] == ""
    assert api.refused(MODIFY, Definition=number, Format="webp")[0] == LACKS


def test_a_webp_as_large_as_its_source_that_is_in_the_table_can_be_renamed(api: Api) -> None:
    api.catalog.kept_templates[PROJECT.project_id, 7] = CatalogTemplate(Template(7, ImageFormat.WEBP))
    api.ask(MODIFY, Definition=7, Name="whole", Fps=3)
    assert (only(api, 7).Name, only(api, 7).Fps) == ("whole", 3)


WRONG_SETTINGS: list[tuple[dict[str, Any], str]] = [
    ({"Comment": "c" * 257}, "InvalidParameterValue.Comment"),
    ({"Format": "GIF"}, "InvalidParameterValue.Format"),
    ({"Format": "webp", "Width": None}, LACKS),
    ({"Format": "webp", "Width": 0}, ZEROS),
    ({"Fps": 0}, "InvalidParameterValue.Fps"),
    ({"Fps": 61}, "InvalidParameterValue.Fps"),
    ({"Name": "n" * 65}, "InvalidParameterValue.Name"),
    ({"Quality": 0.5}, "InvalidParameterValue.Quality"),
    ({"Quality": 100.5}, "InvalidParameterValue.Quality"),
    *(
        ({side: size}, "InvalidParameterValue.Resolution")
        for side in ("Width", "Height")
        for size in (-1, 1, 127, 4097, 2**70)
    ),
    ({"ResolutionAdaptive": "half"}, "InvalidParameterValue.ResolutionAdaptive"),
]
REFUSALS: list[tuple[str, dict[str, Any], str]] = [
    *((CREATE, {"Fps": 10} | wrong, code) for wrong, code in WRONG_SETTINGS),
    *((MODIFY, {"Definition": 7} | wrong, code) for wrong, code in WRONG_SETTINGS),
    (CREATE, {}, "MissingParameter"),
    (CREATE, {"Fps": "ten"}, "InvalidParameter"),
    (CREATE, {"Fps": 10, "fps": 10}, "UnknownParameter"),
    (CREATE, {"Fps": 10}, "LimitExceeded.TooMuchTemplate"),
    (MODIFY, {"Definition": 404}, "ResourceNotFound.TemplateNotExist"),
    (MODIFY, {"Definition": 20000, "Fps": 3}, "InvalidParameterValue.ModifyDefaultTemplate"),
    (MODIFY, {}, "MissingParameter"),
    (DELETE, {"Definition": 404}, "ResourceNotFound.TemplateNotExist"),
    (DELETE, {"Definition": 20000}, "InvalidParameterValue.DeleteDefaultTemplate"),
    (DELETE, {}, "MissingParameter"),
    (DESCRIBE, {"Definitions": list(range(101))}, "InvalidParameterValue.Definitions"),
    (DESCRIBE, {"Definitions": [-1]}, "InvalidParameterValue.Definitions"),
    (DESCRIBE, {"Limit": 0}, "InvalidParameterValue.Limit"),
    (DESCRIBE, {"Limit": 101}, "InvalidParameterValue.Limit"),
    (DESCRIBE, {"Type": "custom"}, "InvalidParameterValue.Type"),
    (DESCRIBE, {"Offset": -1}, "InvalidParameter"),
]


@pytest.mark.parametrize(("name", "parameters", "code"), REFUSALS)
def test_what_is_refused_with_which_code(api: Api, name: str, parameters: dict[str, Any], code: str) -> None:
    api.catalog.kept_templates[PROJECT.project_id, 7] = CatalogTemplate(Template(7, ImageFormat.GIF))
    if code.startswith("LimitExceeded"):
        for fps in range(1, MAX_TEMPLATES + 1):
            api.ask(CREATE, Fps=fps)
    before = dict(api.catalog.kept_templates)
    refused, message = api.refused(name, **parameters)
    assert refused == code
    assert message.endswith(".")
    assert api.catalog.kept_templates == before


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_every_code_of_the_vendors_is_provoked_or_has_a_reason_not_to_be(action: Action) -> None:
    provoked = {code for name, _, code in REFUSALS if name == action.name}
    assert set(action.codes) - provoked - OF_THE_FRAME == set(action.never)
    assert set(action.errors) <= set(ErrorCode)


REQUESTS = {
    CREATE: models.CreateAnimatedGraphicsTemplateRequest,
    MODIFY: models.ModifyAnimatedGraphicsTemplateRequest,
    DESCRIBE: models.DescribeAnimatedGraphicsTemplatesRequest,
    DELETE: models.DeleteAnimatedGraphicsTemplateRequest,
}


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_every_field_of_the_vendors_is_known(action: Action) -> None:
    assert {field.name for field in action.fields} | {"SubAppId"} == fields_of(REQUESTS[action.name])


def test_every_field_of_a_reply_is_documented(api: Api) -> None:
    number = api.ask(CREATE, Fps=10)["Definition"]
    reply = api.ask(DESCRIBE, Definitions=[number])
    documented = {field.name for action in ACTIONS if action.name == DESCRIBE for field in action.reply}
    (shown,) = reply["AnimatedGraphicsTemplateSet"]
    assert {"TotalCount", *(f"AnimatedGraphicsTemplateSet.N.{name}" for name in shown)} == documented
    assert set(shown) == fields_of(models.AnimatedGraphicsTemplate)
