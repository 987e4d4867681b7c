"""Templates that are looked at: those that come with cliploop, and the project's own."""

from __future__ import annotations

from fractions import Fraction

import pytest

from cliploop.domain.template import ImageFormat, Template
from tests.unit.dialects.alibaba_world import PROJECT, World

OWN = Template(0, ImageFormat.WEBP, width=320, fps=Fraction(25, 2), quality=60, loop=3, name="动图 own")


@pytest.fixture
def world() -> World:
    return World()


def create(world: World) -> int:
    return world.api.parts.use.templates.create(PROJECT.project_id, OWN, "a remark", "a call")


def numbers(world: World, **parameters: object) -> list[str]:
    return [each["TemplateId"] for each in world.ask("ListTemplates", **parameters)["Templates"]]


def test_templates_are_listed_a_page_at_a_time(world: World) -> None:
    own = str(create(world))
    everything = ["20000", "20001", "21000", "21001", own]
    assert numbers(world) == everything
    assert [numbers(world, PageNumber=page, PageSize=2) for page in (1, 2, 3, 4)] == [
        everything[:2],
        everything[2:4],
        everything[4:],
        [],
    ]
    reply = world.ask("ListTemplates", PageNumber=2, PageSize=2)
    assert (reply["TotalCount"], reply["TotalAmount"], reply["PageNumber"], reply["PageSize"]) == (5, 5, 2, 2)


def test_a_listed_template_says_whose_it_is(world: World) -> None:
    created = world.moment()
    own = create(world)
    listed = world.ask("ListTemplates", TemplateId=own)
    assert listed["TotalCount"] == 1
    assert listed["Templates"] == [
        {
            "TemplateId": str(own),
            "TemplateName": "动图 own",
            "IsDefault": False,
            "CreateTime": created,
            "UpdateTime": created,
            "Type": 3,
        }
    ]
    (preset,) = world.ask("ListTemplates", TemplateId=20000)["Templates"]
    assert (preset["IsDefault"], preset["CreateTime"]) == (True, "")


def test_templates_are_found_by_a_part_of_their_name(world: World) -> None:
    own = str(create(world))
    assert numbers(world, TemplateName="动") == [own]
    assert numbers(world, TemplateName="preview") == ["21000", "21001"]
    assert numbers(world, TemplateName="preview", PageNumber=2, PageSize=1) == ["21001"]
    assert world.ask("ListTemplates", TemplateName="preview", PageSize=1)["TotalCount"] == 2
    assert numbers(world, TemplateName="preview", TemplateId=21001) == ["21001"]
    assert numbers(world, TemplateName="nothing") == []


@pytest.mark.parametrize(("kind", "count"), [(1, 0), (2, 0), (3, 4)])
def test_all_templates_are_of_one_kind(kind: int, count: int, world: World) -> None:
    reply = world.ask("ListTemplates", Type=kind)
    assert (reply["TotalCount"], len(reply["Templates"])) == (count, count)


def test_a_template_says_what_it_makes(world: World) -> None:
    reply = world.ask("GetTemplate", TemplateId=create(world))
    assert (reply["TemplateName"], reply["Category"], reply["IsDefault"]) == ("动图 own", 3, False)
    assert reply["Content"] == {
        "Format": "webp",
        "Width": 320,
        "Height": 0,
        "Fps": 12.5,
        "Quality": 60,
        "Loop": 3,
        "BySides": False,
        "MayUpscale": False,
        "Comment": "a remark",
    }
    assert world.ask("GetTemplate", TemplateId=20000)["Content"]["Fps"] == 2


def test_a_template_that_is_not_there(world: World) -> None:
    assert numbers(world, TemplateId=7) == []
    assert world.code("GetTemplate", TemplateId=7) == "ResourceNotFound"
    assert world.code("GetTemplate") == "MissingParameter"


def test_a_task_is_made_by_a_template_of_the_projects_own(world: World) -> None:
    own = create(world)
    (output,) = world.row(world.start(TemplateId=own)).outputs
    assert (output.use.template.width, output.use.template.format) == (320, ImageFormat.WEBP)
