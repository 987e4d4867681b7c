from __future__ import annotations

from typing import Any

import pytest
from tencentcloud.vod.v20180717 import models

from cliploop.dialects.tencent_vod.actions import files, tasks
from tests.unit.dialects.following import OF_THE_FRAME, fetch, finish, start, through
from tests.unit.dialects.tencent_world import World

(ACTION,) = files.ACTIONS


@pytest.fixture
def world() -> World:
    return World()


def describe(world: World, *file_ids: str, **parameters: Any) -> dict[str, Any]:
    reply = world.ask("DescribeMediaInfos", FileIds=list(file_ids), **parameters)
    del reply["RequestId"]
    return reply


def test_a_file_that_nothing_was_made_of_has_no_metadata_and_no_images(world: World) -> None:
    (info,) = describe(world, world.file_id)["MediaInfoSet"]
    assert info["BasicInfo"]["Name"] == "film.mp4"
    assert info["BasicInfo"]["CreateTime"] == "2027-01-15T08:00:00Z"
    assert "MetaData" not in info
    assert info["AnimatedGraphicsInfo"] == {"AnimatedGraphicsSet": []}


def test_the_images_of_a_file_and_what_is_in_it_as_the_vendors_client_reads_them(world: World) -> None:
    finish(world, start(world))
    world.clock.advance(1_000)
    finish(world, start(world, MediaProcessTask={"AnimatedGraphicTaskSet": [{"Definition": 20001}]}))
    reply = describe(world, world.file_id)
    assert through(models.DescribeMediaInfosResponse(), reply) == reply
    (info,) = reply["MediaInfoSet"]
    assert info["FileId"] == world.file_id
    assert (info["MetaData"]["Duration"], info["MetaData"]["VideoStreamSet"][0]["CodecTag"]) == (60.5, "hvc1")
    images = info["AnimatedGraphicsInfo"]["AnimatedGraphicsSet"]
    assert [image["Definition"] for image in images] == [20001, 20000]
    assert images[1] == {
        "Url": "https://outputs.s3.eu-north-1.amazonaws.com/p/0.gif",
        "Definition": 20000,
        "Container": "gif",
        "Height": 480,
        "Width": 640,
        "Bitrate": 324_269,
        "Size": 121_601,
        "Md5": "0" * 32,
        "StartTimeOffset": 2,
        "EndTimeOffset": 5.5,
    }


def test_a_file_that_was_fetched_is_one_like_any_other(world: World) -> None:
    task_id = world.ask("PullUpload", MediaUrl="https://films.example/a.mp4")["TaskId"]
    file = fetch(world, task_id)
    (info,) = describe(world, str(file.file_id))["MediaInfoSet"]
    assert info["BasicInfo"]["Type"] == "mp4"


def test_unknown_files_are_told_once_each_in_their_own_words(world: World) -> None:
    asked = ("528", world.file_id, "0528", "0", "9" * 20, world.file_id, "528")
    reply = describe(world, *asked)
    assert [info["FileId"] for info in reply["MediaInfoSet"]] == [world.file_id]
    assert reply["NotExistFileIdSet"] == ["528", "0528", "0", "9" * 20]


def test_a_file_that_is_gone_from_the_bucket_does_not_exist(world: World) -> None:
    world.sources.objects.clear()
    assert describe(world, world.file_id) == {"MediaInfoSet": [], "NotExistFileIdSet": [world.file_id]}


@pytest.mark.parametrize(
    ("filters", "told"),
    [
        ([], {"BasicInfo", "MetaData", "AnimatedGraphicsInfo"}),
        (["basicInfo"], {"BasicInfo"}),
        (["metaData", "transcodeInfo"], {"MetaData"}),
        (["animatedGraphicsInfo", "basicInfo"], {"BasicInfo", "AnimatedGraphicsInfo"}),
        (["subtitleInfo", "knowledgeBasesInfo"], set()),
    ],
)
def test_only_what_is_asked_for_is_told(world: World, filters: list[str], told: set[str]) -> None:
    finish(world, start(world))
    (info,) = describe(world, world.file_id, Filters=filters)["MediaInfoSet"]
    assert set(info) == told | {"FileId"}


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("InvalidParameterValue.FileIdsEmpty", {"FileIds": []}),
    ("InvalidParameterValue.FileIdsOverLimit", {"FileIds": [str(number) for number in range(21)]}),
    ("InvalidParameterValue.FileIds", {"FileIds": ["5", "a file"]}),
    ("InvalidParameterValue.FileIds", {"FileIds": [""]}),
    ("InvalidParameterValue.FileIds", {"FileIds": ["٥"]}),
    ("InvalidParameterValue.FileIds", {"FileIds": ["9" * 21]}),
    ("InvalidParameterValue.FileIds", {"FileIds": ["9" * 5_000]}),
    ("InvalidParameter", {"FileIds": "5"}),
    ("InvalidParameter", {"FileIds": ["5"], "Filters": ["everything"]}),
]


@pytest.mark.parametrize(("code", "parameters"), WRONG)
def test_wrong_requests(world: World, code: str, parameters: dict[str, Any]) -> None:
    assert world.code("DescribeMediaInfos", **parameters) == code


def test_every_code_of_the_vendors_is_provoked_or_explained() -> None:
    provoked = {code for code, _ in WRONG}
    assert provoked | set(ACTION.never) | (OF_THE_FRAME & set(ACTION.codes)) == set(ACTION.codes)
    assert not set(ACTION.never) & (provoked | OF_THE_FRAME)


def test_as_many_files_as_the_vendor_allows(world: World) -> None:
    reply = describe(world, *(str(number) for number in range(1, 21)))
    assert len(reply["NotExistFileIdSet"]) == 20


@pytest.mark.parametrize("action", [*files.ACTIONS, *tasks.ACTIONS], ids=lambda action: action.name)
def test_every_field_of_the_vendors_request_is_known(action: Any) -> None:
    theirs = {field.removeprefix("_") for field in vars(getattr(models, f"{action.name}Request")())}
    assert {field.name for field in action.fields} | {"SubAppId"} == theirs
